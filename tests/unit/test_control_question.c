/* test_control_question.c - the arguments of explain: what is meant, and what is refused. */
#include "cm.h"

#include <string.h>

#include "control/question.h"

enum { NOW_MS = 1000 };

static struct dns_question parsed(const struct question_text *text)
{
    struct dns_question q;
    char why[WHY_LEN] = "";

    int err = question_parse(text, NOW_MS, &q, why);
    assert_string_equal(why, "");
    assert_int_equal(err, 0);
    return q;
}

static void a_bare_name_asks_for_a_from_localhost_now(void **state)
{
    struct dns_question q = parsed(&(struct question_text){ .name = "WWW.cdn.example" });
    char name[WIRE_NAME_TEXT_LEN], address[ADDR_TEXT_LEN];

    assert_string_equal(wire_name_to_text(q.name.octets, name), "www.cdn.example");
    assert_int_equal(q.type, WIRE_A);
    assert_string_equal(addr_format(&q.resolver, address), "127.0.0.1");
    assert_false(q.ecs.is_present);
    assert_int_equal(q.now_ms, NOW_MS);
}

static void a_client_is_cut_to_what_resolvers_pass_on(void **state)
{
    static const struct {
        const char *client, *address;
        int family, bits;
    } cases[] = {
        { "133.1.2.3", "133.1.2.0", 1, 24 },
        { "133.1.2.3/32", "133.1.2.3", 1, 32 },
        { "133.1.2.3/9", "133.0.0.0", 1, 9 },
        { "2001:db8:1:2ff:ffff::1", "2001:db8:1:200::", 2, 56 },
        { "2001:db8::1/128", "2001:db8::1", 2, 128 },
        { "::ffff:133.1.2.3", "133.1.2.0", 1, 24 },
        { "::ffff:133.1.2.3/112", "133.1.0.0", 1, 16 },
        { "133.1.2.3/0", "none", 1, 0 },
        { "::/0", "none", 2, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct question_text text = { .name = "a", .client = cases[i].client };
        struct dns_question q = parsed(&text);
        char address[ADDR_TEXT_LEN];
        assert_true(q.ecs.is_present);
        assert_int_equal(q.ecs.family, cases[i].family);
        assert_int_equal(q.ecs.source_bits, cases[i].bits);
        assert_string_equal(addr_format(&q.ecs.addr, address), cases[i].address);
    }
}

static void types_and_times_are_taken_as_people_write_them(void **state)
{
    struct question_text text = { .name = ".", .type = "aaaa", .at = "2026-03-01T12:00:00Z" };

    struct dns_question q = parsed(&text);
    assert_int_equal(q.type, WIRE_AAAA);
    assert_int_equal(q.now_ms, 1772366400000);
    text.type = "TYPE65280";
    assert_int_equal(parsed(&text).type, 65280);
}

static void every_wrong_argument_gets_a_sentence_of_its_own(void **state)
{
    static char long_label[80];
    memset(long_label, 'x', sizeof long_label - 1);
    const struct {
        struct question_text text;
        const char *part;
    } bad[] = {
        { { .name = NULL }, "no name to explain" },
        { { .name = "" }, "no name to explain" },
        { { .name = "a..b" }, "is no domain name" },
        { { .name = long_label }, "is no domain name" },
        { { .name = "a", .type = "B" }, "is no record type" },
        { { .name = "a", .type = "" }, "is no record type" },
        { { .name = "a", .type = "AXFR" }, "is no type of record" },
        { { .name = "a", .type = "OPT" }, "is no type of record" },
        { { .name = "a", .type = "TYPE65536" }, "is no record type" },
        { { .name = "a", .resolver = "resolver" }, "resolver \"resolver\"" },
        { { .name = "a", .resolver = "127.0.0.1/32" }, "resolver" },
        { { .name = "a", .client = "" }, "client \"\": expected an address" },
        { { .name = "a", .client = "tokyo" }, "expected an address" },
        { { .name = "a", .client = "1.2.3.4/" }, "a length of 0 to 32" },
        { { .name = "a", .client = "1.2.3.4/33" }, "a length of 0 to 32" },
        { { .name = "a", .client = "1.2.3.4/-1" }, "a length of 0 to 32" },
        { { .name = "a", .client = "1.2.3.4/24/8" }, "a length of 0 to 32" },
        { { .name = "a", .client = "::1/129" }, "a length of 0 to 128" },
        { { .name = "a", .client = long_label }, "expected an address" },
        { { .name = "a", .at = "tomorrow" }, "time \"tomorrow\"" },
        { { .name = "a", .at = "" }, "time \"\"" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dns_question q;
        char why[WHY_LEN] = "";
        assert_int_not_equal(question_parse(&bad[i].text, NOW_MS, &q, why), 0);
        if (strstr(why, bad[i].part) == NULL)
            fail_msg("case %zu: \"%s\"", i, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_name_asks_for_a_from_localhost_now),
        cmocka_unit_test(a_client_is_cut_to_what_resolvers_pass_on),
        cmocka_unit_test(types_and_times_are_taken_as_people_write_them),
        cmocka_unit_test(every_wrong_argument_gets_a_sentence_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
