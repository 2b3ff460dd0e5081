/* farm_thread.h - one thread of edges, and orders that the main thread gives it.
 *
 * Threads: main. */
#pragma once

#include <waymark/why.h>

#include "parts.h"

enum { FARM_EDGES_MAX = 2 * CONF_EDGES_MAX }; /* in a reload: those that come, and those that go */

struct farm_thread;

/* Without an access log. 0, or -errno with `why`. */
int farm_thread_new(size_t number, void *const *world, struct farm_thread **out,
                    char why[static WHY_LEN]);
void farm_thread_free(struct farm_thread *t); /* stops it, frees its edges; NULL is fine */
int farm_thread_start(struct farm_thread *t, char why[static WHY_LEN]);
void farm_thread_stop(struct farm_thread *t); /* again is fine */

struct edge_thread *farm_thread_kit(struct farm_thread *t);

/* Runs it on the thread, between two events, and waits; here, if the thread does not run. */
void farm_thread_do(struct farm_thread *t, void (*run)(struct farm_thread *t, void *ctx),
                    void *ctx);

/* From what runs on it: the edges it turns. */
void farm_thread_add(struct farm_thread *t, struct edge *e);
void farm_thread_remove(struct farm_thread *t, struct edge *e);
void farm_thread_set_log(struct farm_thread *t, struct edge_log *log); /* taken over */
