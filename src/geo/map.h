/* map.h - numbers to numbers: which place a data offset, or a pair of places, has become.
 *
 * Threads: one owner. Home: the caller's storage; geo_map_fini frees what hangs on it. Hashing is
 * seeded by chance, so that a file cannot choose what collides; nothing depends on the order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo_map_slot {
    uint64_t key; /* UINT64_MAX: empty; no key has that value */
    uint32_t value;
};

struct geo_map {
    struct geo_map_slot *slots;
    size_t n, cap; /* cap is a power of two, or 0 */
    uint64_t seed;
};

void geo_map_init(struct geo_map *map);
void geo_map_fini(struct geo_map *map);

/* The value's place: with *is_new, zero and to be filled in before the next call. NULL: out of
 * memory. */
uint32_t *geo_map_at(struct geo_map *map, uint64_t key, bool *is_new);
