/* trie.c - builds the lookup table from a list of networks. Pure. */
#include "geo/trie.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>

#include "geo/huge.h"

/* A large root pays from some ten thousand networks on. All are so that a node's border lies on /24
 * and on /32, where most of the world's networks end in IPv4 and begin in IPv6. */
enum {
    ROOT4_SMALL = 12,
    ROOT4_LARGE = 18,
    ROOT6_SMALL = 8,
    ROOT6_LARGE = 16,
    LARGE_FROM = 1 << 14
};

enum {
    SLOTS = 1 << GEO_TRIE_STRIDE,
    TABLE_SLOTS = 1 << GEO_TRIE_TABLE_BITS,
    TABLE_FROM = 512,  /* networks below, */
    TABLE_BORDER = 16, /* and at these depths only: 16 + 10 + 6 = 32 */
    CELLS_MAX = 1 << 24
};

/* Reads the list from front to back. */
struct build {
    const struct geo_seq *seq;
    size_t at; /* the network that comes next */
    uint8_t *nodes;
    size_t used, cap;
    uint32_t root_bits;
    uint32_t narrow; /* bits of a length in a leaf of 16; 0: leaves are cells */
    bool has_tables;
    bool has_failed;
};

static size_t padded(size_t size)
{
    return (size + GEO_TRIE_UNIT - 1) / GEO_TRIE_UNIT * GEO_TRIE_UNIT;
}

/* Room behind what is there; NULL: there is none. */
static uint8_t *add(struct build *b, size_t size)
{
    uint8_t *nodes = list_reserve(b->nodes, &b->cap, b->used, size, 1);

    if (nodes == NULL) {
        b->has_failed = true;
        return NULL;
    }
    b->nodes = nodes;
    b->used += size;
    return memset(nodes + b->used - size, 0, size);
}

static geo_trie_cell cell_at(size_t octet, uint8_t kind)
{
    return (geo_trie_cell)(octet / GEO_TRIE_UNIT) << 8 |
           kind; /* its end is held against the limit */
}

static geo_trie_cell add_node(struct build *b, struct geo_trie_node node,
                              const geo_trie_cell *inner, size_t n_inner,
                              const geo_trie_cell *leaves, size_t n_leaves)
{
    size_t front = padded(n_inner * sizeof *inner);
    size_t at = b->used + front;
    size_t leaf = b->narrow > 0 ? sizeof(uint16_t) : sizeof *leaves;
    uint8_t *p = add(b, front + padded(sizeof node + n_leaves * leaf));

    if (p == NULL)
        return 0;
    p += front;
    for (size_t i = 0; i < n_inner; i++)
        memcpy(p - (i + 1) * sizeof *inner, &inner[i], sizeof *inner);
    memcpy(p, &node, sizeof node);
    p += sizeof node;
    for (size_t i = 0; i < n_leaves && b->narrow > 0; i++) {
        uint16_t narrow = (uint16_t)((leaves[i] >> 8) << b->narrow | ((leaves[i] & 0xff) - 1));
        memcpy(p + i * leaf, &narrow, leaf);
    }
    if (b->narrow == 0)
        memcpy(p, leaves, n_leaves * leaf);
    return cell_at(at, GEO_TRIE_NODE);
}

static geo_trie_cell next_leaf(struct build *b)
{
    size_t i = b->at++;

    return b->seq->value[i] << 8 | b->seq->bits[i];
}

static geo_trie_cell build_below(struct build *b, unsigned depth);

/* Children are built before the node that leads to them. */
static geo_trie_cell build_node(struct build *b, unsigned depth)
{
    struct geo_trie_node node = { 0 };
    geo_trie_cell inner[SLOTS], leaves[SLOTS];
    unsigned below = depth + GEO_TRIE_STRIDE;
    size_t n_inner = 0, n_leaves = 0;

    for (unsigned slot = 0; slot < SLOTS && !b->has_failed;) {
        unsigned bits = b->seq->bits[b->at];
        if (bits > below) {
            node.inner |= (uint64_t)1 << slot++;
            inner[n_inner++] = build_below(b, below);
            continue;
        }
        node.starts |= (uint64_t)1 << slot;
        leaves[n_leaves++] = next_leaf(b);
        slot += 1u << (below - bits);
    }
    return add_node(b, node, inner, n_inner, leaves, n_leaves);
}

static void fill_table(struct build *b, geo_trie_cell *table, unsigned stride, unsigned depth)
{
    unsigned below = depth + stride;

    for (size_t slot = 0; slot < (size_t)1 << stride && !b->has_failed;) {
        unsigned bits = b->seq->bits[b->at];
        if (bits > below) {
            table[slot++] = build_below(b, below);
            continue;
        }
        geo_trie_cell cell = next_leaf(b);
        for (size_t n = (size_t)1 << (below - bits); n > 0; n--)
            table[slot++] = cell;
    }
}

static geo_trie_cell build_table(struct build *b, unsigned depth)
{
    geo_trie_cell table[TABLE_SLOTS];

    fill_table(b, table, GEO_TRIE_TABLE_BITS, depth);
    uint8_t *p = add(b, sizeof table);
    if (p == NULL)
        return 0;
    memcpy(p, table, sizeof table);
    return cell_at(b->used - sizeof table, GEO_TRIE_TABLE);
}

/* Are there so many networks below that a table is worth its memory? */
static bool is_dense(const struct build *b, unsigned depth)
{
    geo_pos left = geo_pos_size(depth);
    size_t n = 0;

    for (; left > 0 && n < TABLE_FROM; n++)
        left -= geo_pos_size(b->seq->bits[b->at + n]);
    return left > 0;
}

/* All that the list has within one network of `depth` bits. Recursion: 128 / 6 levels at most. */
static geo_trie_cell build_below(struct build *b, unsigned depth)
{
    if (b->has_tables && depth % TABLE_BORDER == 0 && is_dense(b, depth))
        return build_table(b, depth);
    return build_node(b, depth);
}

/* Root and nodes go to where they stay. */
static bool settle(const struct build *b, const geo_trie_cell *root, struct geo_trie *out)
{
    size_t size = sizeof *root << b->root_bits;

    out->bytes = size + b->used;
    out->memory = geo_huge_alloc(out->bytes);
    if (out->memory == NULL)
        return false;
    uint8_t *nodes = (uint8_t *)out->memory + size;
    memcpy(out->memory, root, size);
    if (b->used > 0)
        memcpy(nodes, b->nodes, b->used);
    out->root = out->memory;
    out->nodes = nodes;
    return true;
}

/* Does every class fit into what a length leaves of 16 bits? */
static uint32_t narrow_for(const struct geo_seq *seq, uint8_t family)
{
    uint32_t narrow = family == 4 ? GEO_TRIE_NARROW_4 : GEO_TRIE_NARROW_6, largest = 0;

    for (size_t i = 0; i < seq->n; i++)
        largest = seq->value[i] > largest ? seq->value[i] : largest;
    return largest >> (16 - narrow) == 0 ? narrow : 0;
}

static unsigned root_bits_for(const struct geo_seq *seq, uint8_t family)
{
    if (family == 4)
        return seq->n < LARGE_FROM ? ROOT4_SMALL : ROOT4_LARGE;
    return seq->n < LARGE_FROM ? ROOT6_SMALL : ROOT6_LARGE;
}

int geo_trie_build(const struct geo_seq *seq, uint8_t family, struct geo_trie *out,
                   char why[static WHY_LEN])
{
    struct build b = { .seq = seq,
                       .root_bits = root_bits_for(seq, family),
                       .narrow = narrow_for(seq, family),
                       .has_tables = family == 6 };
    int err = 0;

    assert(seq->n > 0 && seq->end == 0);
    *out = (struct geo_trie){ .root_shift = (family == 4 ? 32 : 64) - b.root_bits,
                              .is_narrow = b.narrow > 0,
                              .n_networks = seq->n };
    geo_trie_cell *root = malloc(sizeof *root << b.root_bits);
    if (root == NULL)
        b.has_failed = true;
    else
        fill_table(&b, root, b.root_bits, 0);
    if (!b.has_failed && b.used / GEO_TRIE_UNIT > CELLS_MAX)
        err = why_set(why, -E2BIG, "%zu networks are more than the table can hold", seq->n);
    else if (b.has_failed || !settle(&b, root, out))
        err = why_set(why, -ENOMEM, "out of memory for the table of %zu networks", seq->n);
    assert(err != 0 || b.at == seq->n);
    free(root);
    free(b.nodes);
    return err;
}

void geo_trie_fini(struct geo_trie *t)
{
    free(t->memory);
    *t = (struct geo_trie){ .root = NULL };
}
