/* http_date.c - reading and writing HTTP dates. Pure.
 */
#include "http_date.h"

#include <stdio.h>
#include <string.h>

static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const long_days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

enum { DAY_S = 86400, YEAR_S = 31556952 };
static const int64_t last_s = INT64_C(253402300799); /* 9999-12-31 23:59:59 */

struct moment {
    int year, month, day; /* month 1..12 */
    int hour, minute, second;
};

/* Reads on as long as all was well; after that every read is a no-op. */
struct reader {
    struct http_text rest;
    bool ok;
};

static void skip(struct reader *r, const char *text)
{
    size_t len = strlen(text);

    r->ok = r->ok && r->rest.len >= len &&
            http_text_is_like((struct http_text){ r->rest.at, len }, http_text_of(text));
    if (r->ok) {
        r->rest.at += len;
        r->rest.len -= len;
    }
}

static int digits(struct reader *r, size_t n)
{
    uint64_t value = 0;

    r->ok = r->ok && r->rest.len >= n &&
            http_text_number((struct http_text){ r->rest.at, n }, 9999, &value);
    if (r->ok) {
        r->rest.at += n;
        r->rest.len -= n;
    }
    return (int)value;
}

/* One of `n` words; its index. */
static int word(struct reader *r, const char *const *words, int n)
{
    for (int i = 0; i < n && r->ok; i++) {
        struct reader try = *r;

        skip(&try, words[i]);
        if (try.ok) {
            *r = try;
            return i;
        }
    }
    r->ok = false;
    return 0;
}

static void clock_of(struct reader *r, struct moment *m)
{
    m->hour = digits(r, 2);
    skip(r, ":");
    m->minute = digits(r, 2);
    skip(r, ":");
    m->second = digits(r, 2);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_fixdate(struct reader r, struct moment *m)
{
    word(&r, days, 7);
    skip(&r, ", ");
    m->day = digits(&r, 2);
    skip(&r, " ");
    m->month = word(&r, months, 12) + 1;
    skip(&r, " ");
    m->year = digits(&r, 4);
    skip(&r, " ");
    clock_of(&r, m);
    skip(&r, " GMT");
    return r.ok && r.rest.len == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool read_rfc850(struct reader r, struct moment *m)
{
    word(&r, long_days, 7);
    skip(&r, ", ");
    m->day = digits(&r, 2);
    skip(&r, "-");
    m->month = word(&r, months, 12) + 1;
    skip(&r, "-");
    m->year = digits(&r, 2);
    skip(&r, " ");
    clock_of(&r, m);
    skip(&r, " GMT");
    return r.ok && r.rest.len == 0;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct reader r, struct moment *m)
{
    word(&r, days, 7);
    skip(&r, " ");
    m->month = word(&r, months, 12) + 1;
    skip(&r, " ");
    if (r.ok && r.rest.len > 0 && r.rest.at[0] == ' ') {
        skip(&r, " ");
        m->day = digits(&r, 1);
    } else {
        m->day = digits(&r, 2);
    }
    skip(&r, " ");
    clock_of(&r, m);
    skip(&r, " ");
    m->year = digits(&r, 4);
    return r.ok && r.rest.len == 0;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_possible(const struct moment *m)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int length = lengths[m->month - 1] + (m->month == 2 && is_leap(m->year));

    return m->day >= 1 && m->day <= length && m->hour < 24 && m->minute < 60 && m->second <= 60;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days end them. */
static int64_t day_number(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t seconds_of(const struct moment *m)
{
    return day_number(m->year, m->month, m->day) * DAY_S + m->hour * 3600 + m->minute * 60 +
           m->second;
}

/* The calendar of a second since 1970, 0..last_s; m->second and so on left alone. */
static void calendar_of(int64_t at_s, struct moment *m)
{
    int64_t z = at_s / DAY_S + 719468;
    int64_t era = z / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    m->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    m->month = (int)(month < 10 ? month + 3 : month - 9);
    m->year = (int)(year + era * 400 + (m->month <= 2));
}

static int64_t cut(int64_t at_s)
{
    return at_s < 0 ? 0 : at_s > last_s ? last_s : at_s;
}

/* RFC 9110 5.6.7: what seems over 50 years ahead had the same last digits in the past. */
static void complete_year(struct moment *m, int64_t now_s)
{
    struct moment now = { 0 };

    calendar_of(cut(now_s), &now);
    m->year += now.year / 100 * 100;
    if (seconds_of(m) > now_s + 50 * (int64_t)YEAR_S)
        m->year -= 100;
}

bool http_date_parse(struct http_text text, int64_t now_s, int64_t *out_s)
{
    struct reader r = { text, true };
    struct moment m = { 0 };

    if (text.len < 24 || text.len > 33)
        return false;
    if (read_rfc850(r, &m))
        complete_year(&m, now_s);
    else if (!read_fixdate(r, &m) && !read_asctime(r, &m))
        return false;
    if (!is_possible(&m))
        return false;
    *out_s = seconds_of(&m);
    return true;
}

void http_date_write(int64_t at_s, char out[static HTTP_DATE_LEN + 1])
{
    struct moment m = { 0 };
    char text[64];

    at_s = cut(at_s);
    calendar_of(at_s, &m);
    int of_day = (int)(at_s % DAY_S);
    int weekday = (int)((at_s / DAY_S + 4) % 7); /* 1970-01-01 was a Thursday */
    snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[weekday], m.day,
             months[m.month - 1], m.year, of_day / 3600, of_day / 60 % 60, of_day % 60);
    memcpy(out, text, HTTP_DATE_LEN);
    out[HTTP_DATE_LEN] = '\0';
}
