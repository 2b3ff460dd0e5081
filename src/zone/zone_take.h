/* zone_take.h - a zone of the set before, taken over as it is.
 *
 * Threads: whichever loads; the former set never changes. */
#pragma once

#include "zone/zone_set.h"

enum { ZONE_PIECE_ALIGN = 8 };

/* The zone with exactly this apex; NULL: none. */
const struct zone *zone_take_find(const struct zone_set *former, const struct wire_name *apex);

/* Was it read from this file, and are that and all that it includes what they were? */
bool zone_take_is_possible(const struct zone_set *former, const struct zone *zone,
                           const char *file);

/* Copies nodes and pieces, part->n_nodes and part->pieces_len of them; ids and zones stay what they
 * were. */
void zone_take_nodes(const struct zone_set *former, const struct zone_part *part,
                     struct zone_node *nodes, uint8_t *pieces);

/* Octets of a name in wire form, without pointers. */
size_t zone_name_len(const uint8_t *name);
