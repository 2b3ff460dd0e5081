/* metrics_http.c - the metrics page over HTTP: a request in, a page out, the end. Main thread.
 *
 * Not by libevent's evhttp: that has no limit on connections and does not tell when one ends. */
#include "metrics_http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "http_request.h"
#include "metrics.h"

enum { BACKLOG = 64, LINGER_MAX = 64 * 1024 };

struct http_client {
    struct metrics_server *owner;
    struct bufferevent *stream; /* NULL: this place is free */
    bool is_answered;
    size_t n_discarded; /* after the answer */
    uint64_t number;    /* in the order of arrival */
};

struct metrics_server {
    struct evconnlistener *listener;
    struct event *retry; /* after a failed accept */
    const struct control *control;
    uint64_t n_arrived;
    struct http_client clients[METRICS_CONNECTIONS_MAX];
};

/* ---- answers ---- */

static const struct page {
    const char *path, *type;
    void (*write)(const struct control *control, FILE *out);
} pages[] = {
    { "/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write },
    { "/", "text/plain; charset=utf-8", metrics_write_root },
};

static void free_text(const void *data, size_t len, void *extra)
{
    free(extra);
}

/* Takes `text` over. */
static void answer(struct http_client *c, const char *status, const char *type, char *text,
                   size_t len)
{
    struct evbuffer *output = bufferevent_get_output(c->stream);

    c->is_answered = true;
    evbuffer_add_printf(output,
                        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                        "Cache-Control: no-store\r\nAllow: GET\r\nConnection: close\r\n\r\n",
                        status, type, len);
    if (len == 0 || evbuffer_add_reference(output, text, len, free_text, text) != 0)
        free(text);
}

static void answer_sentence(struct http_client *c, const char *status, const char *sentence)
{
    char *text = strdup(sentence);

    answer(c, status, "text/plain; charset=utf-8", text, text == NULL ? 0 : strlen(text));
}

static void answer_page(struct http_client *c, const struct page *page)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out != NULL)
        page->write(c->owner->control, out);
    if (out != NULL && fclose(out) == 0) {
        answer(c, "200 OK", page->type, text, len);
        return;
    }
    free(text);
    answer_sentence(c, "500 Internal Server Error", "out of memory\n");
}

/* "/map.svg" is the first service's, "/map/NAME.svg" that one's. */
static bool map_name(const char *path, char name[static HTTP_PATH_LEN])
{
    size_t len = strlen(path);

    name[0] = '\0';
    if (strcmp(path, "/map.svg") == 0)
        return true;
    if (strncmp(path, "/map/", 5) != 0 || len < 10 || strcmp(path + len - 4, ".svg") != 0)
        return false;
    snprintf(name, HTTP_PATH_LEN, "%.*s", (int)(len - 9), path + 5);
    return true;
}

static void answer_map(struct http_client *c, const char *name)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool is_known = out != NULL && metrics_write_map(c->owner->control, name, out);

    if (out != NULL && fclose(out) == 0 && is_known) {
        answer(c, "200 OK", "image/svg+xml", text, len);
        return;
    }
    free(text);
    answer_sentence(c, "404 Not Found", "no service has that name\n");
}

static void answer_line(struct http_client *c, const char *line, size_t len)
{
    struct http_request request;
    char name[HTTP_PATH_LEN];

    if (!http_request_parse(line, len, &request)) {
        answer_sentence(c, "400 Bad Request", "this is no HTTP request\n");
        return;
    }
    if (!request.is_get) {
        answer_sentence(c, "405 Method Not Allowed", "only GET is answered here\n");
        return;
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(request.path, pages[i].path) == 0) {
            answer_page(c, &pages[i]);
            return;
        }
    }
    if (map_name(request.path, name))
        answer_map(c, name);
    else
        answer_sentence(c, "404 Not Found", "there are /metrics and /map.svg, and nothing else\n");
}

/* ---- connections ---- */

static void client_end(struct http_client *c)
{
    bufferevent_free(c->stream);
    c->stream = NULL;
}

/* A client that sends on after its answer would lose the answer if we just hung up (RFC 9112 9.6).
 */
static void discard(struct http_client *c)
{
    struct evbuffer *input = bufferevent_get_input(c->stream);
    size_t len = evbuffer_get_length(input);

    c->n_discarded += len;
    evbuffer_drain(input, len);
    if (c->n_discarded > LINGER_MAX)
        client_end(c);
}

static bool has_whole_head(struct evbuffer *input)
{
    return evbuffer_search(input, "\r\n\r\n", 4, NULL).pos >= 0 ||
           evbuffer_search(input, "\n\n", 2, NULL).pos >= 0;
}

static void on_readable(struct bufferevent *stream, void *ctx)
{
    struct http_client *c = ctx;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t len;

    if (c->is_answered) {
        discard(c);
        return;
    }
    bool is_whole = has_whole_head(input);
    if (!is_whole && evbuffer_get_length(input) < METRICS_REQUEST_MAX)
        return;
    char *line = is_whole ? evbuffer_readln(input, &len, EVBUFFER_EOL_CRLF) : NULL;
    if (line != NULL)
        answer_line(c, line, len);
    else
        answer_sentence(c, "431 Request Header Fields Too Large", "the request is too long\n");
    free(line);
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_written(struct bufferevent *stream, void *ctx)
{
    static const struct timeval linger = { .tv_sec = METRICS_LINGER_S };
    struct http_client *c = ctx;

    if (!c->is_answered)
        return;
    shutdown(bufferevent_getfd(stream), SHUT_WR);
    bufferevent_set_timeouts(stream, &linger, NULL);
    bufferevent_enable(stream, EV_READ);
}

/* The end of its half may come before it has read our answer: then we end when that is written. */
static void on_event(struct bufferevent *stream, short what, void *ctx)
{
    struct http_client *c = ctx;
    bool is_writing = evbuffer_get_length(bufferevent_get_output(stream)) > 0;

    if (is_writing && (what & BEV_EVENT_READING) && (what & (BEV_EVENT_EOF | BEV_EVENT_TIMEOUT)))
        return;
    client_end(c);
}

/* When all places are taken, the client that came first has had time enough: whoever sends an octet
 * now and then would keep everybody else out. */
static struct http_client *find_place(struct metrics_server *s)
{
    struct http_client *first = &s->clients[0];

    for (size_t i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
        if (s->clients[i].stream == NULL)
            return &s->clients[i];
        if (s->clients[i].number < first->number)
            first = &s->clients[i];
    }
    client_end(first);
    return first;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *ctx)
{
    static const struct timeval idle = { .tv_sec = METRICS_IDLE_S };
    struct metrics_server *s = ctx;
    struct http_client *c = find_place(s);

    *c = (struct http_client){ .owner = s, .number = s->n_arrived++ };
    c->stream =
        bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->stream == NULL) {
        close(fd);
        return;
    }
    bufferevent_setcb(c->stream, on_readable, on_written, on_event, c);
    bufferevent_setwatermark(c->stream, EV_READ, 0, METRICS_REQUEST_MAX);
    bufferevent_set_timeouts(c->stream, &idle, &idle);
    bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

/* Out of descriptors, most likely: listening on would spin, so rest for a second. */
static void on_accept_failed(struct evconnlistener *listener, void *ctx)
{
    static const struct timeval rest = { .tv_sec = 1 };
    struct metrics_server *s = ctx;

    evconnlistener_disable(listener);
    event_add(s->retry, &rest);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
    struct metrics_server *s = ctx;

    evconnlistener_enable(s->listener);
}

int metrics_open(struct event_base *base, const struct endpoint *at, const struct control *control,
                 struct metrics_server **out, char why[static WHY_LEN])
{
    struct metrics_server *s = calloc(1, sizeof *s);
    struct sockaddr_storage sa;
    char text[ENDPOINT_TEXT_LEN];

    if (s == NULL)
        return why_set(why, -ENOMEM, "server.metrics: out of memory");
    s->control = control;
    s->retry = evtimer_new(base, on_retry, s);
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    errno = ENOMEM;
    if (s->retry != NULL)
        s->listener = evconnlistener_new_bind(
            base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
            BACKLOG, (struct sockaddr *)&sa, (int)len);
    if (s->listener == NULL) {
        int err = why_set(why, -errno, "server.metrics %s: %s%s", endpoint_format(at, text),
                          strerror(errno),
                          errno == EADDRINUSE
                              ? "; another program has it: stop that, or name another port"
                          : errno == EADDRNOTAVAIL ? "; this machine has no such address"
                                                   : "");
        metrics_close(s);
        return err;
    }
    evconnlistener_set_error_cb(s->listener, on_accept_failed);
    *out = s;
    return 0;
}

void metrics_close(struct metrics_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        if (server->clients[i].stream != NULL)
            bufferevent_free(server->clients[i].stream);
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    if (server->retry != NULL)
        event_free(server->retry);
    free(server);
}
