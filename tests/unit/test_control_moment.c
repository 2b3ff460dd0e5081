/* test_control_moment.c - points in time and stretches of it, as people write and read them. */
#include "cm.h"

#include "control/moment.h"

static void both_ways_of_writing_a_moment_are_understood(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "0", 0 },
        { "1772366400", 1772366400000 },
        { "1772366400.25", 1772366400250 },
        { "2026-03-01T12:00:00Z", 1772366400000 },
        { "2026-03-01t12:00:00z", 1772366400000 },
        { "2026-03-01 12:00:00Z", 1772366400000 },
        { "2026-03-01T12:00:00.1239Z", 1772366400123 },
        { "2026-03-01T21:00:00+09:00", 1772366400000 },
        { "2026-03-01T06:30:00-05:30", 1772366400000 },
        { "2024-02-29T00:00:00Z", 1709164800000 },
        { "9999-12-31T23:59:59Z", 253402300799000 },
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = -1;
        assert_true(moment_parse(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
}

static void what_is_no_moment_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "-1",
        " 0",
        "0 ",
        "1e9",
        "12.",
        ".5",
        "0x10",
        "253402300800",
        "99999999999999999999999",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-13-01T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:61Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "2026-03-01T12:00:00Zx",
        "2026-03-01T12:00:00+0900",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00.Z",
        "2026-3-1T12:00:00Z",
    };
    int64_t ms = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(moment_parse(bad[i], &ms));
    assert_int_equal(ms, 42);
}

static void moments_and_spans_are_written_for_people(void **state)
{
    char moment[MOMENT_TEXT_LEN], span[SPAN_TEXT_LEN];

    assert_string_equal(moment_format(1772366400999, moment), "2026-03-01 12:00:00Z");
    assert_string_equal(moment_format(-1, moment), "?");
    assert_string_equal(span_format(-5, span), "0 ms");
    assert_string_equal(span_format(850, span), "850 ms");
    assert_string_equal(span_format(42000, span), "42 s");
    assert_string_equal(span_format(200000, span), "3 min 20 s");
    assert_string_equal(span_format(5 * 3600000 + 180000, span), "5 h 03 min");
    assert_string_equal(span_format((int64_t)100 * 3600000, span), "4 d 4 h");
    assert_string_equal(span_format(INT64_MAX, span), "106751991167 d 7 h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_of_writing_a_moment_are_understood),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(moments_and_spans_are_written_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
