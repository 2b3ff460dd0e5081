/* test_health_identity.c - what makes a target another one, and sentences that a stranger may feed.
 */
#include "cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "health/identity.h"
#include "health/result.h"

static const struct conf_check plain = { .kind = CONF_CHECK_HTTP,
                                         .url = "http://{address}/",
                                         .every_s = 10,
                                         .timeout_ms = 3000,
                                         .fall = 3,
                                         .rise = 2 };

/* With two addresses and that check. */
static char *identity_of(const struct conf_check *check, size_t address)
{
    struct addr addresses[2];
    struct conf conf = { .checks = check, .n_checks = 1 };
    struct conf_target target = { .name = "tokyo", .addresses = addresses, .n_addresses = 2 };

    assert_true(addr_parse("192.0.2.1", &addresses[0]));
    assert_true(addr_parse("192.0.2.2", &addresses[1]));
    char *text = identity_new(&conf, &target, address);
    assert_non_null(text);
    return text;
}

static void assert_same(char *a, char *b, bool is_same)
{
    assert_int_equal(strcmp(a, b) == 0, is_same);
    free(a);
    free(b);
}

static void the_same_check_under_another_name_is_the_same(void **state)
{
    struct conf_check renamed = plain;

    renamed.name = "other";
    renamed.where.line = 77;
    assert_same(identity_of(&plain, 0), identity_of(&renamed, 0), true);
}

static void another_address_is_another(void **state)
{
    assert_same(identity_of(&plain, 0), identity_of(&plain, 1), false);
}

static void every_parameter_counts(void **state)
{
    static const int accepted[] = { 200, 204 };
    struct conf_check checks[10];

    for (size_t i = 0; i < COUNT_OF(checks); i++)
        checks[i] = plain;
    checks[0].kind = CONF_CHECK_HTTPS;
    checks[1].url = "http://{address}/x";
    checks[2].host = "www.test";
    checks[3].status = accepted;
    checks[3].n_status = 2;
    checks[4].body = "ok";
    checks[5].ca_file = "ca.pem";
    checks[6].every_s = 11;
    checks[7].timeout_ms = 3001;
    checks[8].fall = 4;
    checks[9].rise = 3;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        assert_same(identity_of(&plain, 0), identity_of(&checks[i], 0), false);
        for (size_t k = 0; k < i; k++)
            assert_same(identity_of(&checks[k], 0), identity_of(&checks[i], 0), false);
    }
}

static void no_text_can_pass_for_two(void **state)
{
    struct conf_check a = plain, b = plain;

    a.host = "x\n3:ok";
    b.host = "x";
    b.body = "ok";
    assert_same(identity_of(&a, 0), identity_of(&b, 0), false);
    a.host = "";
    b = plain; /* no host is not an empty one */
    assert_same(identity_of(&a, 0), identity_of(&b, 0), false);
}

static void an_unchecked_target_has_an_identity_too(void **state)
{
    struct conf conf = { 0 };
    struct conf_target target = { .name = "cdn", .cname = "x.example", .check = CONF_NONE };
    char *text = identity_new(&conf, &target, 0);

    assert_non_null(strstr(text, "x.example"));
    free(text);
}

static void a_reason_is_printable_and_bounded(void **state)
{
    struct probe_result result;
    char long_text[400];

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    result_miss(&result, "certificate: \x1b[31m\n%s", "\xff");
    assert_string_equal(result.reason, "certificate: ?[31m??");
    result_miss(&result, "%s", long_text);
    assert_int_equal(strlen(result.reason), HEALTH_ERROR_LEN - 1);
    assert_int_equal(result.outcome, PROBE_MISS);
}

static void our_own_trouble_is_no_miss(void **state)
{
    struct probe_result result;

    result_errno(&result, ECONNREFUSED);
    assert_int_equal(result.outcome, PROBE_MISS);
    assert_string_equal(result.reason, "connection refused");
    result_errno(&result, EMFILE);
    assert_int_equal(result.outcome, PROBE_VOID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_check_under_another_name_is_the_same),
        cmocka_unit_test(another_address_is_another),
        cmocka_unit_test(every_parameter_counts),
        cmocka_unit_test(no_text_can_pass_for_two),
        cmocka_unit_test(an_unchecked_target_has_an_identity_too),
        cmocka_unit_test(a_reason_is_printable_and_bounded),
        cmocka_unit_test(our_own_trouble_is_no_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
