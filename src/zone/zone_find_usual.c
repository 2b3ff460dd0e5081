/* zone_find_usual.c - many names looked up side by side. One name waits for its slot, then for its node,
 * then for the node's piece: in a table beyond the caches that is three misses, one behind the other.
 * In stages the misses of all names overlap. What comes out agrees with the name in 32 bits of its hash:
 * once in four thousand million it is another, and the query goes the whole way. Any thread; no
 * allocation, no lock. */
#include "zone/zone_set.h"

const struct wire_hash_key *zone_hash_key(const struct zone_set *set)
{
    return &set->key;
}

/* Has no name: there is no zero at its end. */
enum { NO_NAME_LEN = BLOCK_LEN * WIRE_HASH_BLOCKS };
static const uint8_t no_name[NO_NAME_LEN] = { [0 ... NO_NAME_LEN - 1] = 254 };
static const struct zone_node nobody = { .name = no_name };

void zone_find_usual(const struct zone_set *set, const struct wire_usual queries[], size_t n,
                     const struct zone_node *nodes[])
{
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&set->visible.slots[(uint32_t)queries[i].hash & set->visible.mask]);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = ZONE_NONE, id = zone_table_next(&set->visible, queries[i].hash, &at);
        nodes[i] = id == ZONE_NONE ? &nobody : &set->nodes[id];
        __builtin_prefetch(nodes[i]);
    }
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(nodes[i]->name);
}
