/* test_world_cookies.c - the file of cookie secrets, sound and otherwise. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/report.h>

#include "world/world_cookies.h"

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define OTHER "445536BCD2513298075A5D379663C962"

static size_t parse(const char *text, struct world_cookies *out, struct report *report)
{
    world_cookies_parse("f", text, strlen(text), out, report);
    return report_errors(report);
}

static void secrets_stand_one_on_a_line(void **state)
{
    struct report *report = report_new();
    struct world_cookies c;

    assert_int_equal(parse("# current\n" SECRET "\n\n  " OTHER " \r\n# end", &c, report), 0);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.keys[0].k[0], 0x3fa4b2a6e573e9e5);
    assert_int_equal(c.keys[1].k[1], 0x62c96396375d5a07);
    assert_int_equal(parse(SECRET, &c, report), 0); /* without a newline */
    assert_int_equal(c.n, 1);
    report_free(report);
}

static void anything_else_is_an_error_that_does_not_show_it(void **state)
{
    static const char *const wrong[] = {
        "",           "\n#\n",         SECRET "0\n",          SECRET " " OTHER "\n", "hello\n",
        "e5e973e5\n", "\"" SECRET "\"", "g5e973e5a6b2a43f48e7dc849e37bfcf",
        SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n",
    };

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct report *report = report_new();
        struct world_cookies c;
        char *text = NULL;
        size_t len;
        assert_true(parse(wrong[i], &c, report) > 0);
        FILE *out = open_memstream(&text, &len);
        report_print(report, out);
        fclose(out);
        assert_null(strstr(text, "73e5a6b2"));
        free(text);
        report_free(report);
    }
}

static void a_nul_in_the_file_is_an_error(void **state)
{
    static const char text[] = SECRET "\n\0\0\n";
    struct report *report = report_new();
    struct world_cookies c;

    world_cookies_parse("f", text, sizeof text - 1, &c, report);
    assert_int_equal(report_errors(report), 1);
    report_free(report);
}

static void without_a_file_there_is_a_random_secret(void **state)
{
    struct report *report = report_new();
    struct world_cookies a = { 0 }, b = { 0 };

    world_cookies_read("/nonexistent/cookie.secrets", &a, report);
    world_cookies_read(NULL, &b, report);
    assert_int_equal(a.n, 1);
    assert_memory_not_equal(&a.keys[0], &b.keys[0], sizeof a.keys[0]);
    assert_int_equal(report_errors(report), 0);
    world_cookies_read("/", &a, report);
    assert_int_equal(report_errors(report), 1);
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_stand_one_on_a_line),
        cmocka_unit_test(anything_else_is_an_error_that_does_not_show_it),
        cmocka_unit_test(a_nul_in_the_file_is_an_error),
        cmocka_unit_test(without_a_file_there_is_a_random_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
