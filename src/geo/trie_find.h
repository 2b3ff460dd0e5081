/* trie_find.h - the lookup itself, compiled once for each kind of processor, family and width of a
 * class. Every instruction here is paid by every answer that depends on a place. */
#pragma once

#include <endian.h>
#include <string.h>

#include "geo/trie.h"

/* The bits of `set` up to and including `slot`, shifted to the upper end. */
static inline uint64_t up_to(uint64_t set, unsigned slot)
{
    return set << (~slot & 63);
}

static inline uint32_t count(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

static inline const void *at_cell(const struct geo_trie *t, geo_trie_cell cell)
{
    return t->nodes + (size_t)(cell >> 8) * GEO_TRIE_UNIT;
}

static inline bool is_leaf(geo_trie_cell cell)
{
    return (cell & 0xff) <= GEO_TRIE_LENGTH_MAX;
}

static inline struct geo_cell leaf_of(geo_trie_cell cell)
{
    return (struct geo_cell){ .class = cell >> 8, .bits = (uint8_t)cell };
}

/* The cell that an inner slot leads to. */
static inline geo_trie_cell inner_at(const struct geo_trie_node *node, unsigned slot)
{
    return ((const geo_trie_cell *)node)[-(ptrdiff_t)count(up_to(node->inner, slot))];
}

/* The network in which the slot lies, which does not lead on. `narrow` is a constant where this is
 * expanded: how many bits the length has in a leaf of 16, or 0 where leaves are cells. */
static inline struct geo_cell leaf_at(const struct geo_trie_node *node, unsigned slot,
                                      unsigned narrow)
{
    size_t i = count(up_to(node->starts, slot)) - 1;
    uint32_t leaf;

    if (narrow == 0)
        return leaf_of(((const geo_trie_cell *)(node + 1))[i]);
    leaf = ((const uint16_t *)(node + 1))[i];
    return (struct geo_cell){ .class = leaf >> narrow,
                              .bits = (uint8_t)((leaf & ((1u << narrow) - 1)) + 1) };
}

static inline struct geo_cell find4(const struct geo_trie *t, uint32_t address, unsigned narrow)
{
    geo_trie_cell cell = t->root[address >> t->root_shift];

    if (is_leaf(cell))
        return leaf_of(cell);
    address <<= 32 - t->root_shift;
    for (;;) {
        const struct geo_trie_node *node = at_cell(t, cell);
        unsigned slot = address >> (32 - GEO_TRIE_STRIDE);
        if ((node->inner >> slot & 1) == 0)
            return leaf_at(node, slot, narrow);
        cell = inner_at(node, slot);
        address <<= GEO_TRIE_STRIDE;
    }
}

static inline struct geo_cell find6(const struct geo_trie *t, geo_pos address, unsigned narrow)
{
    geo_trie_cell cell = t->root[(uint64_t)(address >> 64) >> t->root_shift];

    address <<= 64 - t->root_shift;
    for (;;) {
        uint64_t front = (uint64_t)(address >> 64);
        if (is_leaf(cell))
            return leaf_of(cell);
        if ((cell & 0xff) == GEO_TRIE_TABLE) {
            const geo_trie_cell *table = at_cell(t, cell);
            cell = table[front >> (64 - GEO_TRIE_TABLE_BITS)];
            address <<= GEO_TRIE_TABLE_BITS;
            continue;
        }
        const struct geo_trie_node *node = at_cell(t, cell);
        unsigned slot = (unsigned)(front >> (64 - GEO_TRIE_STRIDE));
        if ((node->inner >> slot & 1) == 0)
            return leaf_at(node, slot, narrow);
        cell = inner_at(node, slot);
        address <<= GEO_TRIE_STRIDE;
    }
}

/* ---- many at once ---- */

static inline void advance(struct geo_trie_walker *w, unsigned bits)
{
    w->front = w->front << bits | w->back >> (64 - bits);
    w->back <<= bits;
}

/* What the next step reads first. */
static inline const void *next_of(const struct geo_trie *t, const struct geo_trie_walker *w)
{
    size_t in_table = (w->front >> (64 - GEO_TRIE_TABLE_BITS)) * sizeof w->cell;

    return (const uint8_t *)at_cell(t, w->cell) + (-(size_t)((w->cell & 0xff) == GEO_TRIE_TABLE) & in_table);
}

/* false: `*out` is the answer. */
static inline bool step(const struct geo_trie *t, struct geo_trie_walker *w, unsigned narrow,
                        struct geo_cell *out)
{
    if ((w->cell & 0xff) == GEO_TRIE_TABLE) {
        const geo_trie_cell *table = at_cell(t, w->cell);
        w->cell = table[w->front >> (64 - GEO_TRIE_TABLE_BITS)];
        advance(w, GEO_TRIE_TABLE_BITS);
        *out = leaf_of(w->cell);
        return !is_leaf(w->cell);
    }
    const struct geo_trie_node *node = at_cell(t, w->cell);
    unsigned slot = (unsigned)(w->front >> (64 - GEO_TRIE_STRIDE));
    if ((node->inner >> slot & 1) == 0) {
        *out = leaf_at(node, slot, narrow);
        return false;
    }
    w->cell = inner_at(node, slot);
    advance(w, GEO_TRIE_STRIDE);
    return true;
}

static inline void walk6(const struct geo_trie *t, struct geo_trie_walker walkers[], size_t n,
                         struct geo_cell cells[], unsigned narrow)
{
    size_t n_left = 0;

    for (size_t i = 0; i < n; i++) {
        struct geo_trie_walker w = walkers[i];
        w.cell = t->root[w.front >> t->root_shift];
        advance(&w, 64 - t->root_shift);
        __builtin_prefetch(next_of(t, &w));
        cells[w.at] = leaf_of(w.cell);
        walkers[n_left] = w;
        n_left += !is_leaf(w.cell);
    }
    while (n_left > 0) {
        n = n_left;
        n_left = 0;
        for (size_t i = 0; i < n; i++) {
            struct geo_trie_walker w = walkers[i];
            if (!step(t, &w, narrow, &cells[w.at]))
                continue;
            __builtin_prefetch(next_of(t, &w));
            walkers[n_left++] = w;
        }
    }
}

/* ---- for each width of a leaf ---- */

static struct geo_cell find4_wide(const struct geo_trie *trie, uint32_t address)
{
    return find4(trie, address, 0);
}

static struct geo_cell find4_narrow(const struct geo_trie *trie, uint32_t address)
{
    return find4(trie, address, GEO_TRIE_NARROW_4);
}

static struct geo_cell find6_wide(const struct geo_trie *trie, geo_pos address)
{
    return find6(trie, address, 0);
}

static struct geo_cell find6_narrow(const struct geo_trie *trie, geo_pos address)
{
    return find6(trie, address, GEO_TRIE_NARROW_6);
}

static void walk6_wide(const struct geo_trie *trie, struct geo_trie_walker walkers[], size_t n,
                       struct geo_cell cells[])
{
    walk6(trie, walkers, n, cells, 0);
}

static void walk6_narrow(const struct geo_trie *trie, struct geo_trie_walker walkers[], size_t n,
                         struct geo_cell cells[])
{
    walk6(trie, walkers, n, cells, GEO_TRIE_NARROW_6);
}

static const struct geo_trie_finders finders_here = { { find4_wide, find4_narrow },
                                                      { find6_wide, find6_narrow },
                                                      { walk6_wide, walk6_narrow } };
