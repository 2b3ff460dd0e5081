/* edge_log.c - lines in a buffer, written whole. Edge thread. */
#include "edge_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <waymark/clock.h>

#include "session.h"

enum { BUFFER = 64 * 1024, LINE_MAX_LEN = 4096, TEXT_MAX_LEN = 1024 };

struct edge_log {
    int fd;
    bool is_cut; /* the file ends within a line */
    size_t len;
    char buffer[BUFFER];
};

int edge_log_open(const char *path, struct edge_log **out, char why[static WHY_LEN])
{
    struct edge_log *log = malloc(sizeof *log);

    if (log == NULL)
        return why_set(why, -ENOMEM, "%s: out of memory", path);
    log->len = 0;
    log->is_cut = false;
    log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (log->fd < 0) {
        int err = why_set(why, -errno, "%s: cannot open the access log: %s", path, strerror(errno));
        free(log);
        return err;
    }
    *out = log;
    return 0;
}

void edge_log_flush(struct edge_log *log)
{
    size_t at = 0;

    if (log->is_cut && log->len > 0 && write(log->fd, "\n", 1) == 1)
        log->is_cut = false;
    while (at < log->len && !log->is_cut) {
        ssize_t n = write(log->fd, log->buffer + at, log->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* a full disk: these lines are lost, serving goes on */
        at += (size_t)n;
    }
    log->is_cut |= at > 0 && log->buffer[at - 1] != '\n';
    log->len = 0;
}

void edge_log_close(struct edge_log *log)
{
    if (log == NULL)
        return;
    edge_log_flush(log);
    close(log->fd);
    free(log);
}

static void put(struct edge_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct edge_log *log, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(log->buffer + log->len, BUFFER - log->len, format, args);
    va_end(args);
    log->len += n < 0 ? 0 : (size_t)n;
}

/* A client's octets as a JSON string: what is not plain ASCII becomes \u00XX. */
static void put_text(struct edge_log *log, const char *name, struct http_text text)
{
    size_t len = text.len < TEXT_MAX_LEN ? text.len : TEXT_MAX_LEN;

    put(log, ",\"%s\":\"", name);
    for (size_t i = 0; i < len && BUFFER - log->len > 16; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\')
            put(log, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            put(log, "\\u%04x", c);
        else
            log->buffer[log->len++] = (char)c;
    }
    put(log, "\"");
}

static void put_request(struct edge_log *log, const struct request *r)
{
    put_text(log, "method", r->head.method_text);
    put_text(log, "host", r->head.host);
    put_text(log, "target", r->head.target);
    struct http_text agent = http_field_value(&r->head.fields, HTTP_USER_AGENT);
    if (agent.len > 0)
        put_text(log, "agent", agent);
}

void edge_log_request(struct edge_log *log, const struct session *s, unsigned long took_us)
{
    int64_t now_ms = clock_wall_ms();
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm tm;
    char stamp[32];

    /* Four texts, each at most six times as long as what they say. */
    if (BUFFER - log->len < LINE_MAX_LEN + 4 * 6 * TEXT_MAX_LEN)
        edge_log_flush(log);
    gmtime_r(&now_s, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    put(log, "{\"time\":\"%s.%03dZ\",\"pop\":\"%s\",\"client\":\"%s\",\"tls\":%s", stamp,
        (int)(now_ms % 1000), s->edge->pop, s->client, s->is_tls ? "true" : "false");
    if (s->request != NULL)
        put_request(log, s->request);
    put(log,
        ",\"status\":%u,\"result\":\"%s\",\"collapsed\":%s,\"bytes\":%" PRIu64
        ",\"edge_us\":%lu,\"origin_us\":%" PRId64,
        s->status, edge_result_name(s->told.result), s->told.is_collapsed ? "true" : "false",
        s->body_sent, took_us, s->told.origin_us);
    if (s->told.origin_error != NULL)
        put(log, ",\"origin_error\":\"%s\"", s->told.origin_error);
    put(log, "}\n");
}
