/* test_util_escape.c - what is quoted from a file can be shown, whatever the file was. */
#include "cm.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include <waymark/escape.h>
#include <waymark/report.h>
#include <waymark/rng.h>
#include <waymark/why.h>

static void what_is_no_character_is_written_in_hex(void **state)
{
    static const struct {
        const char *text, *escaped;
    } cases[] = {
        { "", "" },
        { "plain ~\\x", "plain ~\\x" },
        { "caf\xc3\xa9 \xe6\x9d\xb1 \xf0\x9f\x8c\x8d",
          "caf\xc3\xa9 \xe6\x9d\xb1 \xf0\x9f\x8c\x8d" },
        { "caf\xe9!", "caf\\xe9!" },
        { "a\tb\nc\033[2J\x7f", "a\\x09b\\x0ac\\x1b[2J\\x7f" },
        { "\xc2\x85\xc2\xa0", "\\xc2\\x85\xc2\xa0" },            /* a C1 control; a blank */
        { "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf" }, /* overlong */
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },                   /* a surrogate */
        { "\xf4\x90\x80\x80\xff", "\\xf4\\x90\\x80\\x80\\xff" },
        { "\xe6\x9d", "\\xe6\\x9d" }, /* cut short */
    };
    char out[64], again[64];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(escape_text(out, sizeof out, cases[i].text), strlen(cases[i].text));
        assert_string_equal(out, cases[i].escaped);
        escape_text(again, sizeof again, out);
        assert_string_equal(again, out);
    }
}

static void nothing_is_cut_in_the_middle(void **state)
{
    static const char text[] = "a\xe6\x9d\xb1\xff";
    static const struct {
        size_t size, taken;
        const char *out;
    } cases[] = { { 1, 0, "" },
                  { 4, 1, "a" },
                  { 5, 4, "a\xe6\x9d\xb1" },
                  { 8, 4, "a\xe6\x9d\xb1" },
                  { 9, 5, "a\xe6\x9d\xb1\\xff" } };
    char out[16];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        memset(out, 'X', sizeof out);
        assert_int_equal(escape_text(out, cases[i].size, text), cases[i].taken);
        assert_string_equal(out, cases[i].out);
        assert_int_equal(out[cases[i].size], 'X');
    }
}

/* The C library's opinion, which goes on beyond Unicode. */
static bool can_be_shown(const char *text)
{
    mbstate_t at = { 0 };
    size_t left = strlen(text), n;
    wchar_t c = 0;

    for (; left > 0; left -= n, text += n) {
        n = mbrtowc(&c, text, left, &at);
        bool is_separator = c == 0x2028 || c == 0x2029; /* controls to glibc, not to Unicode */
        if (n > left || c > 0x10ffff || (iswcntrl((wint_t)c) && !is_separator))
            return false;
    }
    return true;
}

static void any_octets_can_be_shown(void **state)
{
    char text[64], out[256];
    struct rng rng;

    rng_seed(&rng, 7);
    for (int i = 0; i < 200000; i++) {
        size_t n = rng_next(&rng) % sizeof text;
        for (size_t at = 0; at < n; at++)
            text[at] = (char)(rng_next(&rng) % 255 + 1);
        text[n] = '\0';
        escape_text(out, 1 + rng_next(&rng) % sizeof out, text);
        assert_true(can_be_shown(out));
        if (can_be_shown(text)) {
            escape_text(out, sizeof out, text);
            assert_string_equal(out, text);
        }
    }
}

static void sentences_and_findings_are_escaped(void **state)
{
    struct report *report = report_new();
    char why[WHY_LEN], text[3000];

    assert_int_equal(why_set(why, -5, "\"%s\" is none", "\xff\n"), -5);
    assert_string_equal(why, "\"\\xff\\x0a\" is none");
    report_error(report, "caf\xe9.zone", 3, "no \"%s\"", "\x1b[1m");
    assert_string_equal(report_at(report, 0)->file, "caf\\xe9.zone");
    assert_string_equal(report_at(report, 0)->text, "no \"\\x1b[1m\"");

    for (int shift = 0; shift < 3; shift++) { /* cut at whole characters */
        memset(text, 'a', (size_t)shift);
        for (size_t at = (size_t)shift; at + 4 < sizeof text; at += 3)
            memcpy(text + at, "\xe6\x9d\xb1", 4);
        why_set(why, 0, "%s", text);
        report_error(report, text, 0, "%s", text);
        const struct report_line *line = report_at(report, report_count(report) - 1);
        assert_true(can_be_shown(why) && strlen(why) >= WHY_LEN - 3);
        assert_true(can_be_shown(line->file) && can_be_shown(line->text));
        assert_null(strchr(why, '\\'));
        assert_null(strchr(line->text, '\\'));
    }
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_character_is_written_in_hex),
        cmocka_unit_test(nothing_is_cut_in_the_middle),
        cmocka_unit_test(any_octets_can_be_shown),
        cmocka_unit_test(sentences_and_findings_are_escaped),
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
