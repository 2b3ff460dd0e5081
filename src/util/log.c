/* log.c - one write(2) per line, so that lines of several threads never mix.
 *
 * A log that nobody reads any more must not stop a failover: what it does not take is lost and
 * counted, and the next line that it takes comes with the count. */
#include <waymark/log.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <waymark/escape.h>

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
    return snprintf(line, size, "%s.%03ldZ %s: ", stamp, now.tv_nsec / 1000000, levels[level].word);
}

/* Standard error is one for all threads, and so is what it lost. Nobody waits for long: what is
 * done under the lock does not block. */
static struct {
    pthread_mutex_t lock;
    unsigned n_lost;
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A pipe that poll calls writable has room for a line (PIPE_BUF), unless another process writes to
 * it, too; a journal's socket can tell by itself. Under the lock. */
static bool write_now(const char *line, size_t len)
{
    struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };
    ssize_t n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno == ENOTSOCK) {
        if (poll(&log, 1, 0) != 1)
            return false;
        n = write(STDERR_FILENO, line, len);
    }
    return n >= 0 || errno != EAGAIN; /* gone for good: nowhere to complain to */
}

static bool put(enum log_level level, const char *format, va_list args)
{
    char line[LINE_MAX_LEN], text[LINE_MAX_LEN] = "";
    int len = write_prefix(level, line, sizeof line - 1);

    vsnprintf(text, sizeof text, format, args);
    escape_text(line + len, sizeof line - 1 - (size_t)len, text);
    strcat(line, "\n");
    return write_now(line, strlen(line));
}

__attribute__((format(printf, 2, 3))) static bool put_text(enum log_level level,
                                                          const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool is_put = put(level, format, args);
    va_end(args);
    return is_put;
}

/* Under the lock. */
static void put_lost(void)
{
    if (shared.n_lost > 0 &&
        put_text(LOG_LEVEL_WARNING, "%u lines are lost: nobody took them", shared.n_lost))
        shared.n_lost = 0;
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pthread_mutex_lock(&shared.lock);
    put_lost();
    if (shared.n_lost > 0 || !put(level, format, args))
        shared.n_lost++;
    pthread_mutex_unlock(&shared.lock);
    va_end(args);
}
