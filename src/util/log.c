/* log.c - one write(2) per line, so that lines of several threads never mix. */
#include <waymark/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 2048 };

static int write_prefix(enum log_level level, char *line, size_t size)
{
    static const struct {
        char priority; /* syslog(3)'s, as sd-daemon(3) wants it */
        const char *word;
    } levels[] = { { '3', "error" }, { '4', "warning" }, { '5', "notice" }, { '6', "info" } };

    if (getenv("JOURNAL_STREAM") != NULL)
        return snprintf(line, size, "<%c>", levels[level].priority);

    struct timespec now;
    struct tm tm;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    return snprintf(line, size, "%s.%03ldZ %s: ", stamp, now.tv_nsec / 1000000,
                    levels[level].word);
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    int len = write_prefix(level, line, sizeof line - 1);
    va_list args;

    va_start(args, format);
    int text = vsnprintf(line + len, sizeof line - 1 - (size_t)len, format, args);
    va_end(args);
    len += text < 0 ? 0 : text;
    if (len > (int)sizeof line - 2)
        len = sizeof line - 2;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return; /* nowhere to complain to */
}
