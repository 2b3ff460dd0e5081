/* world_tables.c - chunks of tables, copied when one of their tables changes and somebody else has them
 * too. Writer side. */
#include "world_tables.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <waymark/steer.h>

enum { CHUNK = 64 };

struct world_chunk {
    atomic_uint refs;
    struct steer_table *tables[CHUNK]; /* NULL: not yet */
};

static void chunk_unref(struct world_chunk *chunk)
{
    if (chunk == NULL || atomic_fetch_sub(&chunk->refs, 1) != 1)
        return;
    for (size_t i = 0; i < CHUNK; i++)
        steer_table_unref(chunk->tables[i]);
    free(chunk);
}

/* `like` NULL: an empty one. */
static struct world_chunk *chunk_new(const struct world_chunk *like)
{
    struct world_chunk *chunk = calloc(1, sizeof *chunk);

    if (chunk == NULL)
        return NULL;
    atomic_init(&chunk->refs, 1);
    for (size_t i = 0; like != NULL && i < CHUNK; i++)
        if (like->tables[i] != NULL)
            chunk->tables[i] = steer_table_ref(like->tables[i]);
    return chunk;
}

bool world_tables_init(struct world_tables *tables, size_t n, const struct world_tables *like)
{
    tables->n_chunks = (n + CHUNK - 1) / CHUNK;
    tables->chunks = calloc(tables->n_chunks + 1, sizeof(struct world_chunk *));
    if (tables->chunks == NULL)
        return false;
    for (size_t i = 0; like != NULL && i < tables->n_chunks; i++) {
        atomic_fetch_add(&like->chunks[i]->refs, 1);
        tables->chunks[i] = like->chunks[i];
    }
    return true;
}

void world_tables_fini(struct world_tables *tables)
{
    for (size_t i = 0; tables->chunks != NULL && i < tables->n_chunks; i++)
        chunk_unref(tables->chunks[i]);
    free(tables->chunks);
}

struct steer_table *world_tables_get(const struct world_tables *tables, size_t plan)
{
    return tables->chunks[plan / CHUNK]->tables[plan % CHUNK];
}

/* The plan's chunk, for this world alone. NULL: out of memory. */
static struct world_chunk *own_chunk(struct world_tables *tables, size_t plan)
{
    struct world_chunk **chunk = &tables->chunks[plan / CHUNK];

    if (*chunk != NULL && atomic_load(&(*chunk)->refs) == 1)
        return *chunk;
    struct world_chunk *own = chunk_new(*chunk);
    if (own != NULL) {
        chunk_unref(*chunk);
        *chunk = own;
    }
    return own;
}

bool world_tables_set(struct world_tables *tables, size_t plan, struct steer_table *table)
{
    struct world_chunk *chunk = table == NULL ? NULL : own_chunk(tables, plan);

    if (chunk == NULL) {
        steer_table_unref(table);
        return false;
    }
    steer_table_unref(chunk->tables[plan % CHUNK]);
    chunk->tables[plan % CHUNK] = table;
    return true;
}
