/* purges.h - the purges of the process, in order, for every edge to take over.
 *
 * An edge compares one number before it looks anything up and takes over what it has not seen; so a
 * purge holds for every request that begins after purges_add has returned, on every thread.
 *
 * Threads: any; a lock inside, taken only when there is something new. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/edge.h>

#include "purge.h"

enum { PURGES_KEPT = 1024 }; /* an edge that lies further behind purges everything */

struct farm_purges;
struct edge;

struct farm_purges *purges_new(void);
void purges_free(struct farm_purges *all);

/* 0, or -errno with `why`. */
int purges_add(struct farm_purges *all, const struct edge_purge *purge, uint64_t *generation,
               char why[static WHY_LEN]);
uint64_t purges_newest(const struct farm_purges *all);

/* A generation of the edge's own, for an invalidation that only it knows of. */
uint64_t purges_next(struct farm_purges *all, struct edge *e);
