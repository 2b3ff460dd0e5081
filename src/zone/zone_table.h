/* zone_table.h - open addressing: 32 bits of a hash beside a number, for things kept elsewhere.
 *
 * Threads: one owner while it grows; any number of readers afterwards. Nothing is ever removed.
 * What comes out are candidates: the caller compares. Candidates with one hash come in the order in
 * which they were put, as long as the table does not grow between. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_NONE UINT32_MAX

struct zone_slot {
    uint32_t tag, id; /* id ZONE_NONE: empty */
};

struct zone_table {
    struct zone_slot *slots;
    uint32_t mask; /* a power of two, less one */
    uint32_t n;
};

/* How many slots hold `n` at three quarters full or less. */
size_t zone_table_slots(size_t n);
/* On storage of the caller's, zone_table_slots() long. */
void zone_table_init(struct zone_table *table, struct zone_slot *slots, size_t n_slots);
void zone_table_put(struct zone_table *table, uint64_t hash, uint32_t id);

/* The next candidate; start with *at = ZONE_NONE. Returns ZONE_NONE after the last. */
static inline uint32_t zone_table_next(const struct zone_table *table, uint64_t hash, uint32_t *at)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    uint32_t i = *at == ZONE_NONE ? (uint32_t)hash : *at + 1;

    for (;; i++) {
        const struct zone_slot *slot = &table->slots[i & table->mask];
        if (slot->id == ZONE_NONE)
            return ZONE_NONE;
        if (slot->tag == tag) {
            *at = i & table->mask;
            return slot->id;
        }
    }
}
