/* worker.h - one DNS thread: its loop, its sockets, its desk.
 *
 * Threads: new, start, stop and free from main; everything between runs on the worker's own. */
#pragma once

#include <stdint.h>

#include <waymark/net.h>

struct worker;

/* Binds its sockets. 0, or -errno with `why`. */
int worker_new(const struct net_config *config, size_t number, struct worker **out,
               char why[static WHY_LEN]);
int worker_start(struct worker *w, char why[static WHY_LEN]);
void worker_stop(struct worker *w); /* asks and joins; fine when it does not run */
void worker_free(struct worker *w); /* stopped; NULL is fine */

const struct net_counts *worker_counts(const struct worker *w);
int64_t worker_turned_us(const struct worker *w);
