/* listener.h - an open door of an edge: accepts, and makes sessions.
 *
 * Threads: the edge's. The descriptor is bound elsewhere, before privileges drop. */
#pragma once

#include <stdbool.h>

#include <waymark/addr.h>
#include <waymark/why.h>

struct edge;
struct listener;

/* Bound, listening, not blocking. 0, or -errno with `why`. */
int listener_bind(const struct endpoint *at, int *fd, char why[static WHY_LEN]);

/* Borrows the descriptor; accepts nobody yet. Any thread, also listeners_free then. NULL: out of
 * memory. */
struct listener *listener_new(struct edge *e, int fd, bool is_tls, struct listener *next);
void listeners_open(struct listener *first); /* all in the chain */
void listeners_free(struct listener *first); /* likewise */
