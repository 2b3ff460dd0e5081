/* zone_probe.c - many names looked up side by side. One name waits for its slot, then for its node, then
 * for the node's piece: in a table beyond the caches that is three misses, one behind the other. In
 * stages the misses of all names overlap. Any thread; no allocation, no lock. */
#include "zone/zone_set.h"

#include <string.h>

const struct wire_hash_key *zone_hash_key(const struct zone_set *set)
{
    return &set->key;
}

/* A node that most likely is it; NULL: the name is not there. */
static inline const struct zone_node *candidate(const struct zone_set *set, uint64_t hash)
{
    uint32_t at = ZONE_NONE;
    uint32_t id = zone_table_next(&set->visible, hash, &at);

    return id == ZONE_NONE ? NULL : &set->nodes[id];
}

static inline uint64_t word_at(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
    return x;
}

/* Names end themselves: equal as far as the one goes, they are equal. */
static inline bool is_named(const struct zone_node *node, const uint8_t *name, size_t len)
{
    uint64_t differing = 0;

    if (len < 8)
        return memcmp(node->name, name, len) == 0;
    for (size_t i = 0; i + 8 < len; i += 8)
        differing |= word_at(node->name + i) ^ word_at(name + i);
    return (differing | (word_at(node->name + len - 8) ^ word_at(name + len - 8))) == 0;
}

/* Two names with one tag: once in four thousand million. */
static const struct zone_node *search(const struct zone_set *set, const struct zone_probe *p)
{
    uint32_t id, at = ZONE_NONE;

    while ((id = zone_table_next(&set->visible, p->hash, &at)) != ZONE_NONE)
        if (is_named(&set->nodes[id], p->name, p->len))
            return &set->nodes[id];
    return NULL;
}

void zone_probe_many(const struct zone_set *set, struct zone_probe probes[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&set->visible.slots[(uint32_t)probes[i].hash & set->visible.mask]);
    for (size_t i = 0; i < n; i++) {
        probes[i].node = candidate(set, probes[i].hash);
        __builtin_prefetch(probes[i].node);
    }
    for (size_t i = 0; i < n; i++)
        if (probes[i].node != NULL) {
            __builtin_prefetch(probes[i].node->rrsets);
            __builtin_prefetch(probes[i].node->name);
        }
    for (size_t i = 0; i < n; i++)
        if (probes[i].node != NULL && !is_named(probes[i].node, probes[i].name, probes[i].len))
            probes[i].node = search(set, &probes[i]);
}
