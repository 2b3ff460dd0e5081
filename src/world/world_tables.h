/* world_tables.h - the tables of a world, a number for each plan.
 *
 * They are counted by the chunk, and a world shares the chunks of the one before it where no table
 * changed: what a verdict costs does not grow with the plans that it does not concern. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct steer_table;
struct world_chunk;

struct world_tables {
    size_t n_chunks;
    struct world_chunk **chunks;
};

/* Room for n tables; with those of `like`, if it is not NULL. false: out of memory. */
bool world_tables_init(struct world_tables *tables, size_t n, const struct world_tables *like);
void world_tables_fini(struct world_tables *tables); /* half-built is fine */

struct steer_table *world_tables_get(const struct world_tables *tables, size_t plan);

/* Takes the table over. false: out of memory, and the table is gone. */
bool world_tables_set(struct world_tables *tables, size_t plan, struct steer_table *table);
