/* zone_set.h - the frozen table: how it lies in memory.
 *
 * Threads: made by one, then read by any; it never changes.
 * All of it stands in one arena: the nodes by id, and for each node one piece with its sets, their
 * records and its name, so that an exact hit touches slot, node and piece. */
#pragma once

#include <stdint.h>

#include <waymark/arena.h>
#include <waymark/hash.h>
#include <waymark/zone.h>

#include "zone/zone_draft.h"
#include "zone/zone_table.h"

struct zone_set {
    struct arena *arena;
    struct hash_key key;
    struct zone *zones;
    uint32_t *parents; /* the next zone above, by zone; ZONE_NONE: none */
    uint32_t n_zones;
    struct zone_node *nodes;
    uint32_t n_nodes;
    struct zone_table visible; /* for each name its node in the deepest zone that holds it */
    struct zone_table
        shadowed;       /* what lies in or below a child zone that is here too: cuts, glue */
    uint8_t labels_max; /* of any name: an ancestor with more is not there */
};

struct zone_freeze_source {
    const char *name, *file;
    struct zone_draft *draft; /* checked; is_shadowed is set */
    uint32_t parent;
};

/* NULL: out of memory, or more names than fit. */
struct zone_set *zone_set_freeze(const struct zone_freeze_source *sources, size_t n,
                                 const struct hash_key *key);
