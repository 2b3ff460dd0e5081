/* metrics_http.c - the metrics page over HTTP, by libevent's evhttp. Main thread.
 *
 * evhttp has no limit of its own on connections, and does not tell when one ends. So each gets a
 * filter that filters nothing, whose end we are told of; when the places are taken, the listener
 * rests and further clients wait in the kernel's backlog. */
#include "metrics_http.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "metrics.h"

enum { BACKLOG = 64 };

struct metrics_server {
    struct evhttp *http;
    struct evconnlistener *listener; /* evhttp's own */
    const struct control *control;
    int n_connections;
    bool is_ending;
};

typedef void page_fn(const struct control *control, FILE *out);

static const struct page {
    const char *path, *type;
    page_fn *write;
} pages[] = {
    { "/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write },
    { "/", "text/plain; charset=utf-8", metrics_write_root },
};

static void reply_text(struct evhttp_request *request, int code, const char *reason,
                       const char *text)
{
    struct evbuffer *body = evbuffer_new();

    if (body != NULL)
        evbuffer_add(body, text, strlen(text));
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "text/plain; charset=utf-8");
    evhttp_send_reply(request, code, reason, body);
    if (body != NULL)
        evbuffer_free(body);
}

static void free_text(const void *data, size_t len, void *extra)
{
    free(extra);
}

static void reply_page(struct evhttp_request *request, const struct page *page,
                       const struct control *control)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct evbuffer *body = evbuffer_new();

    if (out != NULL)
        page->write(control, out);
    bool is_whole = out != NULL && body != NULL && fclose(out) == 0;
    if (is_whole && evbuffer_add_reference(body, text, len, free_text, text) == 0) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", page->type);
        evhttp_send_reply(request, HTTP_OK, "OK", body);
    } else {
        free(text);
        reply_text(request, HTTP_INTERNAL, "Internal Server Error", "out of memory\n");
    }
    if (body != NULL)
        evbuffer_free(body);
}

static void on_request(struct evhttp_request *request, void *ctx)
{
    const struct metrics_server *s = ctx;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);

    if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET");
        reply_text(request, HTTP_BADMETHOD, "Method Not Allowed", "only GET is answered here\n");
        return;
    }
    for (size_t i = 0; path != NULL && i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(path, pages[i].path) == 0) {
            reply_page(request, &pages[i], s->control);
            return;
        }
    }
    reply_text(request, HTTP_NOTFOUND, "Not Found", "there is /metrics, and nothing else\n");
}

static void on_connection_freed(void *ctx)
{
    struct metrics_server *s = ctx;

    assert(s->n_connections > 0);
    s->n_connections--;
    if (!s->is_ending)
        evconnlistener_enable(s->listener);
    else if (s->n_connections == 0)
        free(s);
}

/* evhttp asks for this when a connection has come. NULL: it makes its own, uncounted. */
static struct bufferevent *new_connection(struct event_base *base, void *ctx)
{
    struct metrics_server *s = ctx;
    struct bufferevent *plain = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    struct bufferevent *counted =
        plain == NULL ? NULL
                      : bufferevent_filter_new(plain, NULL, NULL, BEV_OPT_CLOSE_ON_FREE,
                                               on_connection_freed, s);

    if (counted == NULL) {
        if (plain != NULL)
            bufferevent_free(plain);
        return NULL;
    }
    if (++s->n_connections >= METRICS_CONNECTIONS_MAX)
        evconnlistener_disable(s->listener);
    return counted;
}

static struct evconnlistener *listen_at(struct event_base *base, const struct endpoint *at,
                                        char why[static WHY_LEN])
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, NULL, NULL,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE | LEV_OPT_DISABLED,
        BACKLOG, (struct sockaddr *)&sa, (int)len);

    if (listener == NULL) {
        char text[ENDPOINT_TEXT_LEN];
        why_set(why, errno == 0 ? -ENOMEM : -errno, "server.metrics %s: %s",
                endpoint_format(at, text), errno == 0 ? "out of memory" : strerror(errno));
    }
    return listener;
}

static void set_up(struct metrics_server *s)
{
    evhttp_set_allowed_methods(s->http, 0xffff); /* so that we are the ones to say 405 */
    evhttp_set_max_headers_size(s->http, METRICS_HEADERS_MAX);
    evhttp_set_max_body_size(s->http, 0);
    evhttp_set_timeout(s->http, METRICS_IDLE_S);
    evhttp_set_bevcb(s->http, new_connection, s);
    evhttp_set_gencb(s->http, on_request, s);
}

int metrics_open(struct event_base *base, const struct endpoint *at, const struct control *control,
                 struct metrics_server **out, char why[static WHY_LEN])
{
    struct metrics_server *s = calloc(1, sizeof *s);
    int err = -ENOMEM;

    why_set(why, err, "server.metrics: out of memory");
    if (s == NULL)
        return err;
    s->control = control;
    s->http = evhttp_new(base);
    if (s->http == NULL)
        goto fail;
    set_up(s);

    errno = 0;
    s->listener = listen_at(base, at, why);
    if (s->listener == NULL) {
        err = errno == 0 ? -ENOMEM : -errno;
        goto fail;
    }
    if (evhttp_bind_listener(s->http, s->listener) == NULL) {
        evconnlistener_free(s->listener);
        goto fail;
    }
    evconnlistener_enable(s->listener);
    *out = s;
    return 0;
fail:
    metrics_close(s);
    return err;
}

void metrics_close(struct metrics_server *server)
{
    if (server == NULL)
        return;
    server->is_ending = true;
    if (server->http != NULL)
        evhttp_free(server->http); /* the listener with it */
    if (server->n_connections == 0)
        free(server);
    /* else libevent ends the connections in its own time, and the last of them frees the server */
}
