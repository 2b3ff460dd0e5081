/* test_control_request.c - one line of the control socket, understood or refused with a sentence.
 */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include "control/json_put.h"
#include "control/request.h"

static void the_commands_are_known(void **state)
{
    static const struct {
        const char *line;
        enum request_verb verb;
    } good[] = {
        { "{\"do\":\"status\"}", REQUEST_STATUS },
        { " { \"do\" : \"reload\" } ", REQUEST_RELOAD },
        { "{\"name\":\"www.cdn.example\",\"do\":\"explain\"}", REQUEST_EXPLAIN },
        { "{\"do\":\"status\"}\r", REQUEST_STATUS },
        { "{\"do\":\"purge\",\"all\":true}", REQUEST_PURGE },
    };
    char why[WHY_LEN];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct request request;
        assert_int_equal(request_parse(good[i].line, strlen(good[i].line), &request, why), 0);
        assert_int_equal(request.verb, good[i].verb);
        request_fini(&request);
    }
}

static void all_else_gets_a_sentence(void **state)
{
    static const struct {
        const char *line, *part;
    } bad[] = {
        { "", "not JSON" },
        { "status", "not JSON" },
        { "{", "not JSON" },
        { "{\"do\":\"status\"} x", "not JSON" },
        { "{\"do\":\"status\",\"do\":\"reload\"}", "not JSON" },
        { "{\"do\":\"\\u0000\"}", "not JSON" },
        { "[]", "one JSON object" },
        { "[\"do\",\"status\"]", "one JSON object" },
        { "{}", "names no command" },
        { "{\"do\":7}", "names no command" },
        { "{\"do\":\"explode\"}", "unknown command \"explode\"" },
        { "{\"do\":\"\"}", "unknown command \"\"" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct request request;
        char why[WHY_LEN] = "";
        assert_int_not_equal(request_parse(bad[i].line, strlen(bad[i].line), &request, why), 0);
        assert_non_null(strstr(why, bad[i].part));
    }
}

static void a_nul_octet_or_deep_nesting_ends_with_a_sentence(void **state)
{
    struct request request;
    char why[WHY_LEN] = "";
    char *deep = malloc(REQUEST_LINE_MAX);

    assert_int_not_equal(request_parse("{\"do\":\"sta\0us\"}", 15, &request, why), 0);
    assert_non_null(strstr(why, "not JSON"));
    memset(deep, '[', REQUEST_LINE_MAX);
    assert_int_not_equal(request_parse(deep, REQUEST_LINE_MAX, &request, why), 0);
    assert_non_null(strstr(why, "depth"));
    free(deep);
}

static void octets_that_are_no_text_are_still_put_into_json(void **state)
{
    json_t *o = json_object();

    put_text(o, "caf", "caf\xe9 \"bar\"");
    put_text(o, "none", NULL);
    put_real(o, "odd", 0.0 / 0.0);
    assert_string_equal(get_text(o, "caf", ""), "caf\\xe9 \"bar\"");
    assert_true(json_is_null(json_object_get(o, "none")));
    assert_true(json_is_null(json_object_get(o, "odd")));
    assert_string_equal(get_text(o, "absent", "-"), "-");
    assert_int_equal(get_int(NULL, "absent", 7), 7);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commands_are_known),
        cmocka_unit_test(all_else_gets_a_sentence),
        cmocka_unit_test(a_nul_octet_or_deep_nesting_ends_with_a_sentence),
        cmocka_unit_test(octets_that_are_no_text_are_still_put_into_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
