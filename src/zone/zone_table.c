/* zone_table.c - filling the table of zone_table.h. */
#include "zone/zone_table.h"

#include <assert.h>
#include <string.h>

size_t zone_table_slots(size_t n)
{
    size_t slots = 4;

    while (slots / 4 * 3 <= n)
        slots *= 2;
    return slots;
}

void zone_table_init(struct zone_table *table, struct zone_slot *slots, size_t n_slots)
{
    assert((n_slots & (n_slots - 1)) == 0 && n_slots <= (size_t)1 << 31);
    memset(slots, 0xff, n_slots * sizeof *slots);
    *table = (struct zone_table){ .slots = slots, .mask = (uint32_t)(n_slots - 1) };
}

void zone_table_put(struct zone_table *table, uint64_t hash, uint32_t id)
{
    uint32_t i = (uint32_t)hash;

    assert(table->n < table->mask); /* a free slot ends every search */
    while (table->slots[i & table->mask].id != ZONE_NONE)
        i++;
    table->slots[i & table->mask] = (struct zone_slot){ .tag = (uint32_t)(hash >> 32), .id = id };
    table->n++;
}
