/* moment.c - points in time and stretches of it, as people write and read them. Pure. */
#include "moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t last_ms = 253402300799999; /* the end of 9999 */

/* `n` digits at *at, which moves on; false when there are fewer. */
static bool digits(const char **at, int n, int *out)
{
    *out = 0;
    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool skip(const char **at, const char *any_of)
{
    if (**at == '\0' || strchr(any_of, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

/* ".25" at *at: 250. Nothing there: 0. Digits beyond milliseconds are cut. */
static bool fraction(const char **at, int *ms)
{
    int weight = 100;

    *ms = 0;
    if (**at != '.')
        return true;
    (*at)++;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, weight /= 10)
        *ms += (**at - '0') * weight;
    return true;
}

/* "Z" or "+hh:mm" at *at, and then the end. */
static bool offset(const char **at, int *minutes)
{
    int hours, rest;

    *minutes = 0;
    if (skip(at, "Zz"))
        return **at == '\0';
    bool is_west = **at == '-';
    if (!skip(at, "+-") || !digits(at, 2, &hours) || !skip(at, ":") || !digits(at, 2, &rest))
        return false;
    *minutes = (is_west ? -1 : 1) * (hours * 60 + rest);
    return hours < 24 && rest < 60 && **at == '\0';
}

static bool is_day(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && is_leap);
}

static bool rfc3339_parse(const char *at, int64_t *wall_ms)
{
    struct tm tm = { 0 };
    int ms, minutes;

    if (!digits(&at, 4, &tm.tm_year) || !skip(&at, "-") || !digits(&at, 2, &tm.tm_mon) ||
        !skip(&at, "-") || !digits(&at, 2, &tm.tm_mday) || !skip(&at, "Tt ") ||
        !digits(&at, 2, &tm.tm_hour) || !skip(&at, ":") || !digits(&at, 2, &tm.tm_min) ||
        !skip(&at, ":") || !digits(&at, 2, &tm.tm_sec) || !fraction(&at, &ms) ||
        !offset(&at, &minutes))
        return false;
    if (!is_day(tm.tm_year, tm.tm_mon, tm.tm_mday) || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *wall_ms = ((int64_t)timegm(&tm) - minutes * 60) * 1000 + ms;
    return *wall_ms >= 0 && *wall_ms <= last_ms;
}

static bool epoch_parse(const char *at, int64_t *wall_ms)
{
    int64_t seconds = 0;
    int ms;

    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        seconds = seconds * 10 + (*at - '0');
        if (seconds > last_ms / 1000)
            return false;
    }
    if (!fraction(&at, &ms) || *at != '\0')
        return false;
    *wall_ms = seconds * 1000 + ms;
    return true;
}

bool moment_parse(const char *text, int64_t *wall_ms)
{
    int64_t ms;

    if (!rfc3339_parse(text, &ms) && !epoch_parse(text, &ms))
        return false;
    *wall_ms = ms;
    return true;
}

const char *moment_format(int64_t wall_ms, char out[static MOMENT_TEXT_LEN])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (wall_ms < 0 || wall_ms > last_ms || gmtime_r(&seconds, &tm) == NULL)
        return strcpy(out, "?");
    strftime(out, MOMENT_TEXT_LEN, "%Y-%m-%d %H:%M:%SZ", &tm);
    return out;
}

const char *span_format(int64_t ms, char out[static SPAN_TEXT_LEN])
{
    long long n = ms < 0 ? 0 : ms;
    long long s = n / 1000;

    if (s < 1)
        snprintf(out, SPAN_TEXT_LEN, "%lld ms", n);
    else if (s < 60)
        snprintf(out, SPAN_TEXT_LEN, "%lld s", s);
    else if (s < 3600)
        snprintf(out, SPAN_TEXT_LEN, "%lld min %02lld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, SPAN_TEXT_LEN, "%lld h %02lld min", s / 3600, s / 60 % 60);
    else
        snprintf(out, SPAN_TEXT_LEN, "%lld d %lld h", s / 86400, s / 3600 % 24);
    return out;
}
