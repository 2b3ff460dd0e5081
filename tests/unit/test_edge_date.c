/* test_edge_date.c - the three forms of HTTP dates. */
#include "cm.h"

#include <time.h>

#include "edge/http_date.h"
#include "http_heads.h"

static const int64_t now_2026 = 1782000000;

struct date {
    const char *text;
    int64_t at_s;
};

static const struct date dates[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Sun Nov 06 08:49:37 1994", 784111777 },
    { "SUN, 06 nov 1994 08:49:37 gmt", 784111777 },
    { "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 }, /* the wrong day of the week */
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
    { "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
    { "Thursday, 18-Aug-50 02:01:18 GMT", 2544400878 },
    { "Thursday, 18-Aug-99 02:01:18 GMT", 934941678 }, /* 2099 would be over 50 years ahead */
};

static const char *const no_dates[] = {
    "",
    "0",
    "-1",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 AEST",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Sun, 06  Nov  1994 08:49:37 GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08.49.37 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Foo, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Wed, 29 Feb 1900 00:00:00 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, +6 Nov 1994 08:49:37 GMT",
    "Sun Nov   6 08:49:37 1994",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "1994-11-06T08:49:37Z",
};

static void every_form_is_read(void **state)
{
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        int64_t at_s;

        if (!http_date_parse(heads_t(dates[i].text), now_2026, &at_s))
            fail_msg("%s was not read", dates[i].text);
        if (at_s != dates[i].at_s)
            fail_msg("%s: %lld", dates[i].text, (long long)at_s);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT_OF(no_dates); i++) {
        int64_t at_s;

        if (http_date_parse(heads_t(no_dates[i]), now_2026, &at_s))
            fail_msg("%s was read", no_dates[i]);
    }
}

static void dates_are_written_as_the_c_library_has_them(void **state)
{
    for (int64_t at_s = 0; at_s <= INT64_C(253402300799); at_s += INT64_C(864000007)) {
        char ours[HTTP_DATE_LEN + 1], theirs[64];
        time_t t = (time_t)at_s;
        struct tm tm;
        int64_t again;

        http_date_write(at_s, ours);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
        assert_string_equal(ours, theirs);
        assert_true(http_date_parse(heads_t(ours), now_2026, &again));
        assert_true(again == at_s);
    }
}

static void times_beyond_the_form_are_cut(void **state)
{
    char text[HTTP_DATE_LEN + 1];

    http_date_write(-5, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date_write(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(dates_are_written_as_the_c_library_has_them),
        cmocka_unit_test(times_beyond_the_form_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
