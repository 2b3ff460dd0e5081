/* metrics_http.h - the metrics page over HTTP.
 *
 * Threads: the main thread's libevent loop; nothing here blocks. Owner: control.c.
 * Only GET, only / and /metrics, one request per connection. Limited: connections (one more closes
 * the one that came first), the size of a request, and the time of each step. */
#pragma once

#include <waymark/addr.h>
#include <waymark/why.h>

struct control;
struct event_base;
struct metrics_server;

enum {
    METRICS_CONNECTIONS_MAX = 32,
    METRICS_REQUEST_MAX = 8192,
    METRICS_IDLE_S = 10, /* for the request to arrive, or any part of the answer to be taken */
    METRICS_LINGER_S = 2 /* for the client to hang up after the answer */
};

/* 0, or -errno with `why`. The control outlives the server. */
int metrics_open(struct event_base *base, const struct endpoint *at, const struct control *control,
                 struct metrics_server **out, char why[static WHY_LEN]);
void metrics_close(struct metrics_server *server); /* NULL is fine */
