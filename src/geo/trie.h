/* trie.h - address -> cell in a few steps: a poptrie over one family.
 *
 * A table over the first bits of the address leads to nodes of 64 slots. A node's `inner` has a bit
 * for each slot that leads to a further node; `starts` has one for each slot where another leaf
 * begins, so that a leaf that fills many slots is stored once. Counting bits gives the index
 * (Asai and Ohara, "Poptrie", SIGCOMM 2015). A leaf is the cell itself, class and length: packed
 * into 16 bits where the classes are few, since what fits the processor's cache is found faster.
 *
 * Threads: one owner while it is built; afterwards anybody may look up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/why.h>

#include "geo/seq.h"

enum {
    GEO_TRIE_STRIDE = 6,
    GEO_TRIE_NODE = 0xff, /* in a cell's length: it leads to the node of that class instead */
    GEO_TRIE_NODES_MAX = 1 << 24
};

struct geo_trie_node {
    uint64_t inner, starts;
    uint32_t first_node, first_leaf;
};

/* class << 8 | length */
typedef uint32_t geo_trie_cell;

/* Lengths that a network of a family can have: what a narrow leaf is divided by. */
enum { GEO_TRIE_LENGTHS_4 = 33, GEO_TRIE_LENGTHS_6 = 129 };

struct geo_trie {
    geo_trie_cell *root; /* 1 << root_bits of them */
    struct geo_trie_node *nodes;
    uint16_t *narrow;    /* leaves as class * lengths + length, or NULL: */
    geo_trie_cell *wide; /* leaves as they are */
    uint32_t root_bits;
    uint32_t n_nodes, n_leaves;
    size_t nodes_cap, leaves_cap;
    size_t n_networks;
};

/* 0, or -errno with `why`. `seq` holds classes. */
int geo_trie_build(const struct geo_seq *seq, uint8_t family, struct geo_trie *out,
                   char why[static WHY_LEN]);
void geo_trie_fini(struct geo_trie *trie);
size_t geo_trie_bytes(const struct geo_trie *trie);

/* Two ways to look up, for processors with and without an instruction that counts bits. */
typedef geo_trie_cell geo_trie_find4_fn(const struct geo_trie *trie, uint32_t address);
typedef geo_trie_cell geo_trie_find6_fn(const struct geo_trie *trie, geo_pos address);

struct geo_trie_finders {
    geo_trie_find4_fn *find4;
    geo_trie_find6_fn *find6;
};

extern const struct geo_trie_finders geo_trie_finders_plain;
struct geo_trie_finders geo_trie_finders_best(void);
