/* zone_set.h - the frozen table: how it lies in memory.
 *
 * Threads: made by one, then read by any; it never changes.
 * All of it stands in one arena: the nodes by id, and for each node one piece with its sets, their
 * records and its name, so that an exact hit touches slot, node and piece. */
#pragma once

#include <stdint.h>

#include <waymark/arena.h>
#include <waymark/zone.h>

#include "zone/zone_draft.h"
#include "zone/zone_table.h"

/* Where one zone lies in its set, and what it was read from. */
struct zone_part {
    uint32_t first_node, n_nodes;
    const uint8_t *pieces;
    size_t pieces_len;
    const struct file_stamp *stamps; /* of its file and what that includes */
    uint16_t n_stamps;
    bool is_firm; /* every stamp can be trusted */
};

struct zone_set {
    struct arena *arena;
    struct wire_hash_key key;
    struct zone *zones;
    struct zone_part *parts; /* by zone */
    uint32_t *parents; /* the next zone above, by zone; ZONE_NONE: none */
    uint32_t n_zones, n_taken_over;
    struct zone_node *nodes;
    uint32_t n_nodes;
    struct zone_table visible; /* for each name its node in the deepest zone that holds it */
    struct zone_table
        shadowed;       /* what lies in or below a child zone that is here too: cuts, glue */
    uint8_t labels_max; /* of any name: an ancestor with more is not there */
};

struct zone_freeze_source {
    const char *name, *file;
    const struct wire_name *apex;
    struct zone_draft *draft;      /* checked; NULL: taken over */
    const struct zone_set *former; /* where it is taken from, unless it is read; */
    uint32_t former_zone;          /* and which it is there */
    bool *is_shadowed;             /* by node: a deeper zone of the set holds the name; NULL: none */
    uint32_t parent;
};

uint32_t zone_freeze_source_nodes(const struct zone_freeze_source *source);
const uint8_t *zone_freeze_source_name(const struct zone_freeze_source *source, uint32_t node);

/* `began_ms`: the wall clock before the first file was read. NULL: out of memory, or more names than
 * fit. */
struct zone_set *zone_set_freeze(const struct zone_freeze_source *sources, size_t n,
                                 const struct wire_hash_key *key, int64_t began_ms);
