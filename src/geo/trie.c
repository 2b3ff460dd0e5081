/* trie.c - builds the lookup table from a list of networks. Pure. */
#include "geo/trie.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>

/* A root of 1 MiB pays from some ten thousand networks on; small ones get 16 KiB. Both put a node's
 * border on /24, where most of the world's networks end. */
enum { ROOT_SMALL = 12, ROOT_LARGE = 18, LARGE_FROM = 1 << 14 };

enum { SLOTS = 1 << GEO_TRIE_STRIDE };

/* Reads the list from front to back. */
struct build {
    struct geo_trie *trie;
    const struct geo_seq *seq;
    size_t at; /* the network that comes next */
    uint32_t lengths;
    bool is_narrow;
    bool has_failed;
};

/* As list_reserve; places in the table are numbers of 32 bits. */
static void *reserve(void *items, size_t *cap, uint32_t first, size_t n, size_t size)
{
    return first + (uint64_t)n > UINT32_MAX ? NULL : list_reserve(items, cap, first, n, size);
}

static uint32_t add_nodes(struct build *b, const struct geo_trie_node *nodes, size_t n)
{
    struct geo_trie *t = b->trie;
    uint32_t first = t->n_nodes;
    void *items = reserve(t->nodes, &t->nodes_cap, first, n, sizeof *nodes);

    if (items == NULL) {
        b->has_failed = true;
        return 0;
    }
    t->nodes = items;
    memcpy(t->nodes + first, nodes, n * sizeof *nodes);
    t->n_nodes += (uint32_t)n;
    return first;
}

static uint32_t add_leaves(struct build *b, const geo_trie_cell *leaves, size_t n)
{
    struct geo_trie *t = b->trie;
    uint32_t first = t->n_leaves;
    size_t size = b->is_narrow ? sizeof *t->narrow : sizeof *t->wide;
    void *old = b->is_narrow ? (void *)t->narrow : (void *)t->wide;
    void *items = reserve(old, &t->leaves_cap, first, n, size);

    if (items == NULL) {
        b->has_failed = true;
        return 0;
    }
    t->narrow = b->is_narrow ? items : NULL;
    t->wide = b->is_narrow ? NULL : items;
    for (size_t i = 0; i < n && b->is_narrow; i++)
        t->narrow[first + i] = (uint16_t)((leaves[i] >> 8) * b->lengths + (leaves[i] & 0xff));
    if (!b->is_narrow)
        memcpy(t->wide + first, leaves, n * sizeof *leaves);
    t->n_leaves += (uint32_t)n;
    return first;
}

/* Does every cell fit into 16 bits? */
static bool fits_narrow(const struct geo_seq *seq, uint32_t lengths)
{
    uint32_t largest = 0;

    for (size_t i = 0; i < seq->n; i++)
        largest = seq->value[i] > largest ? seq->value[i] : largest;
    return ((uint64_t)largest + 1) * lengths <= UINT16_MAX + 1u;
}

static geo_trie_cell next_cell(struct build *b)
{
    size_t i = b->at++;

    return b->seq->value[i] << 8 | b->seq->bits[i];
}

/* The node whose slots are `depth` + 6 bits deep, with all below it. Its children are gathered
 * first, since they have to lie side by side. Recursion: 128 / 6 levels at most. */
static struct geo_trie_node build_node(struct build *b, unsigned depth)
{
    struct geo_trie_node node = { 0 }, children[SLOTS];
    geo_trie_cell leaves[SLOTS];
    unsigned below = depth + GEO_TRIE_STRIDE;
    size_t n_children = 0, n_leaves = 0;

    for (unsigned slot = 0; slot < SLOTS && !b->has_failed;) {
        unsigned bits = b->seq->bits[b->at];
        if (bits > below) {
            node.inner |= (uint64_t)1 << slot++;
            children[n_children++] = build_node(b, below);
            continue;
        }
        node.starts |= (uint64_t)1 << slot;
        leaves[n_leaves++] = next_cell(b);
        slot += 1u << (below - bits);
    }
    node.first_node = add_nodes(b, children, n_children);
    node.first_leaf = add_leaves(b, leaves, n_leaves);
    return node;
}

static void build_root(struct build *b)
{
    struct geo_trie *t = b->trie;

    for (size_t slot = 0; slot < (size_t)1 << t->root_bits && !b->has_failed;) {
        unsigned bits = b->seq->bits[b->at];
        if (bits > t->root_bits) {
            struct geo_trie_node node = build_node(b, t->root_bits);
            t->root[slot++] = add_nodes(b, &node, 1) << 8 | GEO_TRIE_NODE;
            continue;
        }
        geo_trie_cell cell = next_cell(b);
        for (size_t n = (size_t)1 << (t->root_bits - bits); n > 0; n--)
            t->root[slot++] = cell;
    }
}

static void give_back(struct geo_trie *t)
{
    void *nodes = t->n_nodes == 0 ? NULL : realloc(t->nodes, t->n_nodes * sizeof *t->nodes);
    bool is_narrow = t->narrow != NULL;
    void *old = is_narrow ? (void *)t->narrow : (void *)t->wide;
    size_t size = is_narrow ? sizeof *t->narrow : sizeof *t->wide;
    void *leaves = t->n_leaves == 0 ? NULL : realloc(old, t->n_leaves * size);

    if (nodes != NULL) {
        t->nodes = nodes;
        t->nodes_cap = t->n_nodes;
    }
    if (leaves != NULL) {
        t->narrow = is_narrow ? leaves : NULL;
        t->wide = is_narrow ? NULL : leaves;
        t->leaves_cap = t->n_leaves;
    }
}

int geo_trie_build(const struct geo_seq *seq, uint8_t family, struct geo_trie *out,
                   char why[static WHY_LEN])
{
    uint32_t lengths = family == 4 ? GEO_TRIE_LENGTHS_4 : GEO_TRIE_LENGTHS_6;
    struct build b = {
        .trie = out, .seq = seq, .lengths = lengths, .is_narrow = fits_narrow(seq, lengths)
    };

    assert(seq->n > 0 && seq->end == 0);
    *out = (struct geo_trie){ .root_bits = seq->n < LARGE_FROM ? ROOT_SMALL : ROOT_LARGE,
                              .n_networks = seq->n };
    out->root = malloc(sizeof *out->root << out->root_bits);
    if (out->root == NULL)
        b.has_failed = true;
    else
        build_root(&b);
    if (b.has_failed) {
        geo_trie_fini(out);
        return why_set(why, -ENOMEM, "out of memory for the table of %zu networks", seq->n);
    }
    if (out->n_nodes > GEO_TRIE_NODES_MAX) {
        geo_trie_fini(out);
        return why_set(why, -E2BIG, "%zu networks are more than the table can hold", seq->n);
    }
    assert(b.at == seq->n);
    give_back(out);
    return 0;
}

void geo_trie_fini(struct geo_trie *t)
{
    free(t->root);
    free(t->nodes);
    free(t->narrow);
    free(t->wide);
    *t = (struct geo_trie){ .n_nodes = 0 };
}

size_t geo_trie_bytes(const struct geo_trie *t)
{
    size_t leaf = t->narrow != NULL ? sizeof *t->narrow : sizeof *t->wide;

    return (sizeof *t->root << t->root_bits) + t->nodes_cap * sizeof *t->nodes +
           t->leaves_cap * leaf;
}
