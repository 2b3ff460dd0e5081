/* test_conf_scan.c - what must not reach libconfig, and where values stand. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <waymark/conf.h>
#include <waymark/report.h>

#include "conf/conf_scan.h"

/* The first error's text, in a buffer that the next call overwrites. */
static const char *refusal(const char *text, size_t len)
{
    static char why[1024];
    struct report *report = report_new();

    assert_null(conf_parse(text, len, "t", report));
    assert_true(report_count(report) > 0);
    snprintf(why, sizeof why, "%s", report_at(report, 0)->text);
    report_free(report);
    return why;
}

static void assert_refused(const char *text, size_t len, const char *because)
{
    const char *why = refusal(text, len);

    if (strstr(why, because) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", because, why);
}

static void octets_of_other_encodings_are_refused_outside_texts(void **state)
{
    static const char bom[] = "\xef\xbb\xbfserver: { };";
    static const char nul[] = "server: { };\0zones: ( );";
    static const char wide[] = "s\0e\0r\0v\0";

    assert_refused(bom, sizeof bom - 1, "an octet 0xef");
    assert_refused(nul, sizeof nul - 1, "an octet 0x00");
    assert_refused(wide, sizeof wide - 1, "an octet 0x00");
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
    static const char in_text[] = "server: { nsid = \"a\0b\"; };";
    static const char in_comment[] = "server: { }; # a\0b\n nonsense";

    assert_refused(in_text, sizeof in_text - 1, "octet 0x00");
    assert_refused(in_comment, sizeof in_comment - 1, "octet 0x00");
}

/* `unit` again and again between `before` and `after`. */
static char *repeat(const char *before, const char *unit, size_t n, const char *after, size_t *len)
{
    size_t unit_len = strlen(unit);
    char *text = malloc(strlen(before) + n * unit_len + strlen(after) + 1);

    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < n; i++)
        at = mempcpy(at, unit, unit_len);
    strcpy(at, after);
    *len = strlen(text);
    return text;
}

static void assert_repeated_refused(const char *before, const char *unit, size_t n,
                                    const char *after, const char *because)
{
    size_t len;
    char *text = repeat(before, unit, n, after, &len);

    assert_refused(text, len, because);
    free(text);
}

static void what_is_too_large_is_refused_by_its_limit(void **state)
{
    assert_repeated_refused("", " ", CONF_TEXT_MAX + 1, "", "longer than");
    assert_repeated_refused("zones: (1", ",1", CONF_LIST_MAX, ");", "elements in one list");
    assert_repeated_refused("a = ", "(", 100, "", "brackets within brackets");
    assert_repeated_refused("a = \"", "x", CONF_STRING_MAX + 1, "\";", "characters in one text");
    assert_repeated_refused("a = ", "\"xxxxxxxxxx\" ", 1000, ";", "characters in one text");
}

static char *many_names(size_t n, const char *before, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);

    assert_non_null(f);
    fputs(before, f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "n%zu=1;", i);
    fclose(f);
    return text;
}

static void groups_hold_a_bounded_number_of_names(void **state)
{
    size_t len;
    char *text = many_names(CONF_NAMES_MAX + 1, "", &len);

    assert_refused(text, len, "more than 64 names");
    free(text);
    text = many_names(CONF_NAMED_MAX + 1, "pops: {", &len);
    assert_refused(text, len, "more than 4096 names");
    free(text);
}

static double seconds_to_refuse(const char *text, size_t len)
{
    struct timespec before, after;
    struct report *report = report_new();

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_null(conf_parse(text, len, "t", report));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    report_free(report);
    return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

static void thousands_of_mistakes_do_not_take_minutes(void **state)
{
    size_t len;
    char *text = many_names(CONF_NAMED_MAX, "pops: {", &len);
    char *all = repeat(text, "", 0, "}; services: (", &len);

    free(text);
    text = repeat(all, "{ name = \"a\"; targets = [\"nowhere\", \"n0\", \"n4095x\", \"n17\"]; },",
                  CONF_LIST_MAX - 1, "{ name = \"a\"; });", &len);
    free(all);
    assert_true(seconds_to_refuse(text, len) < 30); /* a second or two, without sanitizers */
    free(text);
}

static void assert_line_of_mistake(const char *text, int line)
{
    struct report *report = report_new();

    assert_null(conf_parse(text, strlen(text), "t", report));
    assert_int_equal(report_count(report), 1);
    assert_int_equal(report_at(report, 0)->line, line);
    report_free(report);
}

/* libconfig gives the line of the token after a text. */
static void a_value_stands_on_the_line_it_begins_on(void **state)
{
    assert_line_of_mistake("regions: { r: { continents = [\n\"EU\",\n\"XX\"\n\n]; }; };", 3);
    assert_line_of_mistake("server: {\n threads =\n\n -1 /*\n*/\n; };", 4);
    assert_line_of_mistake("# c\n/* \n */ // \"\nserver: { threads = -1; };", 4);
    assert_line_of_mistake("server: { user = \"a\nb\"; nsid = \"x\";\nthreads = 9; };", 1);
    assert_line_of_mistake("zones: ( {\nname = \"a\"\n\"b\"\n\"..c\"; file = \"f\"; } );", 2);
}

static void what_libconfig_takes_passes_the_scan(void **state)
{
    static const char *const good[] = {
        "",
        "# no newline at the end",
        "// likewise",
        "/**/",
        "/***/ /* * / */",
        "a=1 b=2 c = 0x7fffffff d=-2147483647 e=+5 f=1. g=.5 h=1e5 i=-.5e-3 j=1L k=2LL l=TRUE",
        "a=1,b=2;c:3;*x=4;a-b_*=5;",
        "a = \"x\" \"y\" # and\n \"z\";",
        "a = \"\\\"\\\\\\n\\x41 /* # // @include 99999999999 \";",
        "a = ( 1, 2.5, \"x\", [ 1, 2 ], { b = ( ); }, [ ] );",
        "a = { b = 1; }; c = { b = 2; };",
        "a=1;\r\nb=2;\r\n\f\t",
        "true1 = 1; falsey = 2;",
        "a = 1b=2;",
    };
    struct conf_lines lines;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct report *report = report_new();
        char text[256];
        int len = snprintf(text, sizeof text, "%s\n", good[i]);
        if (!conf_scan(text, (size_t)len, "t", report, &lines))
            fail_msg("%s: %s", good[i], report_at(report, 0)->text);
        conf_lines_fini(&lines);
        report_free(report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_of_other_encodings_are_refused_outside_texts),
        cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
        cmocka_unit_test(what_is_too_large_is_refused_by_its_limit),
        cmocka_unit_test(groups_hold_a_bounded_number_of_names),
        cmocka_unit_test(thousands_of_mistakes_do_not_take_minutes),
        cmocka_unit_test(a_value_stands_on_the_line_it_begins_on),
        cmocka_unit_test(what_libconfig_takes_passes_the_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
