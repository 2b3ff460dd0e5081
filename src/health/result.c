/* result.c - how one probe ended, and the sentence for it. Pure. */
#include "result.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct probe_result *result, enum probe_outcome outcome, const char *format,
                 va_list args)
{
    *result = (struct probe_result){ .outcome = outcome };
    vsnprintf(result->reason, sizeof result->reason, format, args);
    for (char *c = result->reason; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    }
}

void result_miss(struct probe_result *result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(result, PROBE_MISS, format, args);
    va_end(args);
}

void result_void(struct probe_result *result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(result, PROBE_VOID, format, args);
    va_end(args);
}

static bool is_our_own(int err)
{
    return err == EMFILE || err == ENFILE || err == ENOMEM || err == ENOBUFS;
}

void result_errno(struct probe_result *result, int err)
{
    char text[96];
    const char *sentence = strerror_r(err, text, sizeof text);

    if (is_our_own(err))
        result_void(result, "%s", sentence);
    else
        result_miss(result, "%s", sentence);
    result->reason[0] = (char)tolower((unsigned char)result->reason[0]);
}
