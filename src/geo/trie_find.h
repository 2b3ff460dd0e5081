/* trie_find.h - the lookup itself, compiled once for each kind of processor. */
#pragma once

#include "geo/trie.h"

/* Bits of `set` up to and including `slot`. */
static inline uint32_t count_to(uint64_t set, unsigned slot)
{
    return (uint32_t)__builtin_popcountll(set & (((uint64_t)2 << slot) - 1));
}

/* `lengths` is a constant where this is expanded, so that no division is left. */
static inline geo_trie_cell leaf_at(const struct geo_trie *t, uint32_t i, uint32_t lengths)
{
    if (t->narrow == NULL)
        return t->wide[i];
    uint32_t leaf = t->narrow[i];
    return leaf / lengths << 8 | leaf % lengths;
}

static inline geo_trie_cell find4(const struct geo_trie *t, uint32_t address)
{
    geo_trie_cell cell = t->root[address >> (32 - t->root_bits)];
    uint64_t rest = (uint64_t)address << (32 + t->root_bits); /* what the root has not seen */

    if ((cell & 0xff) != GEO_TRIE_NODE)
        return cell;
    const struct geo_trie_node *node = &t->nodes[cell >> 8];
    for (;;) {
        unsigned slot = (unsigned)(rest >> 58);
        if ((node->inner >> slot & 1) == 0)
            return leaf_at(t, node->first_leaf + count_to(node->starts, slot) - 1,
                           GEO_TRIE_LENGTHS_4);
        node = &t->nodes[node->first_node + count_to(node->inner, slot) - 1];
        rest <<= GEO_TRIE_STRIDE;
    }
}

static inline geo_trie_cell find6(const struct geo_trie *t, geo_pos address)
{
    geo_trie_cell cell = t->root[address >> (128 - t->root_bits)];
    geo_pos rest = address << t->root_bits;

    if ((cell & 0xff) != GEO_TRIE_NODE)
        return cell;
    const struct geo_trie_node *node = &t->nodes[cell >> 8];
    for (;;) {
        unsigned slot = (unsigned)(rest >> 122);
        if ((node->inner >> slot & 1) == 0)
            return leaf_at(t, node->first_leaf + count_to(node->starts, slot) - 1,
                           GEO_TRIE_LENGTHS_6);
        node = &t->nodes[node->first_node + count_to(node->inner, slot) - 1];
        rest <<= GEO_TRIE_STRIDE;
    }
}
