/* trie.h - address -> class and length of the network that holds it, in a few steps.
 *
 * A table over the first bits of the address leads to nodes of 64 slots, one for each value of the
 * next 6 bits. A node is a header of two sets of bits: `inner` has the slots that lead on, `starts`
 * those where a network begins. Counting bits says which cell in front of the header a slot leads
 * to, or which leaf behind it (after Asai and Ohara, "Poptrie", SIGCOMM 2015): with them beside the
 * header, most lookups wait for one line of memory after the root's. Leaves take 16 bits where the
 * classes are few, 32 else. Where IPv6 is dense a node is a table of 1,024 cells instead.
 *
 * Threads: one owner while it is built; afterwards anybody may look up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/geo.h>
#include <waymark/why.h>

#include "geo/seq.h"

enum {
    GEO_TRIE_STRIDE = 6,
    GEO_TRIE_TABLE_BITS = 10,
    GEO_TRIE_UNIT = 8 /* octets: nodes lie on its multiples */
};

/* What a slot of a table says: a class and a length, or in the length's place what it leads to, and
 * above it where that lies, in units. */
typedef uint32_t geo_trie_cell;

enum { GEO_TRIE_NODE = 0xff, GEO_TRIE_TABLE = 0xfe, GEO_TRIE_LENGTH_MAX = 128 };

/* How many bits a length takes in a leaf of 16: it is stored less 1. The class takes the rest. */
enum { GEO_TRIE_NARROW_4 = 5, GEO_TRIE_NARROW_6 = 7 };

struct geo_trie_node {
    uint64_t inner, starts;
    /* before: the cells that inner slots lead to, the first one last; behind: the leaves */
};

struct geo_trie {
    const geo_trie_cell *root;
    const uint8_t *nodes; /* cells count from here */
    uint32_t root_shift; /* what is left of an address (an IPv6 address's first half) is the slot */
    bool is_narrow;      /* leaves of 16 bits */
    void *memory;        /* root and nodes */
    size_t bytes;
    size_t n_networks;
};

/* 0, or -errno with `why`. `seq` holds classes. */
int geo_trie_build(const struct geo_seq *seq, uint8_t family, struct geo_trie *out,
                   char why[static WHY_LEN]);
void geo_trie_fini(struct geo_trie *trie);

/* An address of many on its way down. */
struct geo_trie_walker {
    uint64_t front, back; /* what is left of it, from the upper end */
    geo_trie_cell cell;   /* where it stands */
    uint32_t at;          /* where its answer goes */
};

/* Two ways to look up, for processors with and without instructions that count bits. */
typedef struct geo_cell geo_trie_find4_fn(const struct geo_trie *trie, uint32_t address);
typedef struct geo_cell geo_trie_find6_fn(const struct geo_trie *trie, geo_pos address);
/* Uses up the walkers. All take a step before any takes the next, so that they wait for memory together. */
typedef void geo_trie_walk6_fn(const struct geo_trie *trie, struct geo_trie_walker walkers[], size_t n,
                               struct geo_cell cells[]);

struct geo_trie_finders {
    geo_trie_find4_fn *find4[2]; /* by the trie's is_narrow */
    geo_trie_find6_fn *find6[2];
    geo_trie_walk6_fn *walk6[2];
};

const struct geo_trie_finders *geo_trie_finders_plain(void);
const struct geo_trie_finders *geo_trie_finders_best(void);
