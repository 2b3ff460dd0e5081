/* metrics_http.h - the metrics page over HTTP.
 *
 * Threads: the main thread's libevent loop. Owner: control.c.
 * Only GET, only / and /metrics; a limited number of connections, small requests, idle ones ended.
 */
#pragma once

#include <waymark/addr.h>
#include <waymark/why.h>

struct control;
struct event_base;
struct metrics_server;

enum { METRICS_CONNECTIONS_MAX = 32, METRICS_IDLE_S = 30, METRICS_HEADERS_MAX = 8192 };

/* 0, or -errno with `why`. The control outlives the server. */
int metrics_open(struct event_base *base, const struct endpoint *at, const struct control *control,
                 struct metrics_server **out, char why[static WHY_LEN]);
void metrics_close(struct metrics_server *server); /* NULL is fine */
