/* map.c - open addressing, linear probing, at most half full. Pure. */
#include "geo/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/rng.h>

enum { MAP_FIRST = 1024 };

void geo_map_init(struct geo_map *map)
{
    memset(map, 0, sizeof *map);
    rng_secret(&map->seed, sizeof map->seed); /* without chance it stays 0, which works too */
}

void geo_map_fini(struct geo_map *map)
{
    free(map->slots);
    memset(map, 0, sizeof *map);
}

/* Fibonacci hashing: after the multiplication the upper bits depend on all of the key's. */
static size_t home_of(const struct geo_map *map, uint64_t key)
{
    uint64_t mixed = (key ^ map->seed) * 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u;
    return (size_t)(mixed >> 32) & (map->cap - 1);
}

static struct geo_map_slot *slot_of(const struct geo_map *map, uint64_t key)
{
    size_t i = home_of(map, key);

    while (map->slots[i].key != key && map->slots[i].key != UINT64_MAX)
        i = (i + 1) & (map->cap - 1);
    return &map->slots[i];
}

static bool grow(struct geo_map *map)
{
    struct geo_map bigger = *map;

    bigger.cap = map->cap == 0 ? MAP_FIRST : map->cap * 2;
    bigger.slots = malloc(bigger.cap * sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return false;
    memset(bigger.slots, 0xff, bigger.cap * sizeof *bigger.slots);
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].key != UINT64_MAX)
            *slot_of(&bigger, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    *map = bigger;
    return true;
}

uint32_t *geo_map_at(struct geo_map *map, uint64_t key, bool *is_new)
{
    assert(key != UINT64_MAX);
    if (map->n * 2 >= map->cap && !grow(map))
        return NULL;

    struct geo_map_slot *slot = slot_of(map, key);
    *is_new = slot->key != key;
    if (*is_new) {
        *slot = (struct geo_map_slot){ .key = key };
        map->n++;
    }
    return &slot->value;
}
