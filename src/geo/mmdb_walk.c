/* mmdb_walk.c - a database's search tree to lists of networks: first with the records' offsets,
 * then with what the records become.
 *
 * Every node is visited once at most: what comes round again is a loop or a lie. The exception is
 * the IPv4 subtree, to which the well-known networks that embed IPv4 addresses may point. */
#include "geo/mmdb.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "geo/ranks.h"

enum { IPV4_BITS = 96 }; /* the IPv4 tree hangs at ::/96 */

enum branch_type { BRANCH_NODE, BRANCH_DATA, BRANCH_EMPTY, BRANCH_INVALID };

/* A record of the tree: a node, a piece of data, or nothing. */
struct branch {
    uint32_t value; /* node number, or offset in the data */
    uint8_t type;
    uint8_t bits; /* length of the network it stands for, in the tree it hangs in */
};

struct walk {
    const struct geo_mmdb *mmdb;
    uint32_t n_nodes, node_octets;
    geo_records_cb *on_records;
    void *ctx;
    char *why;
    uint64_t *seen;         /* a bit per node */
    struct geo_ranks known; /* the records' offsets */
    uint32_t *values;       /* what each became, by its number there */
    size_t n;
};

static bool mark_seen(struct walk *w, uint32_t node)
{
    uint64_t bit = (uint64_t)1 << node % 64;
    bool was_seen = (w->seen[node / 64] & bit) != 0;

    w->seen[node / 64] |= bit;
    return !was_seen;
}

static struct branch branch_of(const struct walk *w, uint32_t record, unsigned bits)
{
    struct branch b = { .value = record, .bits = (uint8_t)bits };

    if (record < w->n_nodes) {
        b.type = record == 0 ? BRANCH_INVALID : BRANCH_NODE; /* nothing leads to the root */
        return b;
    }
    uint32_t behind = record - w->n_nodes;
    b.value = behind - GEO_MMDB_SEPARATOR;
    b.type = behind == 0                   ? BRANCH_EMPTY
             : behind < GEO_MMDB_SEPARATOR ? BRANCH_INVALID
                                           : BRANCH_DATA;
    return b;
}

/* Two records of 24, 28 or 32 bits, which were checked to lie inside the file. Of the eight octets
 * that are read here some may be the separator's. Between records of 28 bits the upper four of both
 * share an octet, those of the left one first. */
static void read_node(const struct walk *w, uint32_t node, unsigned bits, struct branch *left,
                      struct branch *right)
{
    uint64_t octets;
    uint32_t l, r;

    memcpy(&octets, w->mmdb->snapshot.data + (size_t)node * w->node_octets, sizeof octets);
    octets = be64toh(octets);
    if (w->node_octets == 8) {
        l = (uint32_t)(octets >> 32);
        r = (uint32_t)octets;
    } else if (w->node_octets == 7) {
        l = (uint32_t)(octets >> 40) | (uint32_t)(octets >> 36 & 0xf) << 24;
        r = (uint32_t)(octets >> 8) & 0xfffffff;
    } else {
        l = (uint32_t)(octets >> 40);
        r = (uint32_t)(octets >> 16) & 0xffffff;
    }
    *left = branch_of(w, l, bits + 1);
    *right = branch_of(w, r, bits + 1);
}

/* 2002::/16 (6to4), 2001::/32 (Teredo) and ::ffff:0:0/96 (mapped) may show the IPv4 tree again. */
static bool is_alias(geo_pos at, unsigned bits)
{
    return (bits == 16 && at == (geo_pos)0x2002 << 112) ||
           (bits == 32 && at == (geo_pos)0x20010000 << 96) ||
           (bits == 96 && at == (geo_pos)0xffff << 32);
}

/* Depth first. `skipped` is the node of the IPv4 subtree within an IPv6 tree, else UINT64_MAX: it
 * and its aliases become networks without a record. */
static int walk_tree(struct walk *w, struct branch root, unsigned width, uint64_t skipped,
                     struct geo_seq *out)
{
    struct branch stack[130];
    size_t n = 0;

    stack[n++] = root;
    while (n > 0) {
        struct branch b = stack[--n];
        bool is_skipped = b.type == BRANCH_NODE && b.value == skipped &&
                          ((b.bits == IPV4_BITS && out->end == 0) || is_alias(out->end, b.bits));
        uint32_t value = 0; /* offset + 1 */

        if (b.type == BRANCH_NODE && !is_skipped) {
            if (b.bits == width)
                return why_set(w->why, -EINVAL, "its tree is deeper than an address has bits");
            if (!mark_seen(w, b.value))
                return why_set(w->why, -EINVAL, "its tree comes back to node %u", b.value);
            read_node(w, b.value, b.bits, &stack[n + 1], &stack[n]);
            n += 2;
            continue;
        }
        if (b.type == BRANCH_INVALID)
            return why_set(w->why, -EINVAL, "its tree points outside the file");
        if (b.type == BRANCH_DATA) {
            if (b.value >= w->mmdb->data_size)
                return why_set(w->why, -EINVAL, "its tree points outside its data");
            value = b.value + 1;
            w->n++;
        }
        if (!geo_seq_add(out, b.bits, value))
            return why_set(w->why, -ENOMEM, "out of memory");
    }
    return 0;
}

/* Where the IPv4 addresses hang in an IPv6 tree: what ::/96 leads to, or the wider network. */
static struct branch find_ipv4(const struct walk *w)
{
    struct branch b = { .type = BRANCH_NODE }, right;

    while (b.bits < IPV4_BITS && b.type == BRANCH_NODE)
        read_node(w, b.value, b.bits, &b, &right);
    b.bits = 0;
    return b;
}

static void note_records(struct walk *w, const struct geo_seq *seq)
{
    for (size_t i = 0; i < seq->n; i++) {
        if (seq->value[i] != 0)
            geo_ranks_add(&w->known, seq->value[i] - 1);
    }
}

/* Each record once, in the order of the file: most lie beside one another. */
static int read_records(struct walk *w)
{
    uint32_t offsets[GEO_RECORDS_MAX];
    uint64_t from = 0;
    size_t at = 0, n, total = geo_ranks_count(&w->known);
    int err = 0;

    w->values = malloc((total + 1) * sizeof *w->values);
    if (w->values == NULL)
        return why_set(w->why, -ENOMEM, "out of memory");
    while (err == 0 && (n = geo_ranks_next(&w->known, &from, offsets, GEO_RECORDS_MAX)) > 0) {
        err = w->on_records(w->ctx, offsets, &w->values[at], n, w->why);
        at += n;
    }
    return err;
}

/* Offsets become values, in place. Neighbours often share a record; the others are far apart, so it
 * is asked for them ahead of time. */
static void resolve(struct walk *w, struct geo_seq *seq)
{
    enum { AHEAD = 24 };
    uint32_t last = 0, value = 0;
    size_t n = seq->n;

    geo_seq_rewind(seq);
    for (size_t i = 0; i < n; i++) {
        uint32_t offset = seq->value[i]; /* + 1; 0: none */
        if (i + AHEAD < n && seq->value[i + AHEAD] != 0)
            __builtin_prefetch(geo_ranks_at(&w->known, seq->value[i + AHEAD] - 1));
        if (offset != last) {
            last = offset;
            value = offset == 0 ? 0 : w->values[geo_ranks_of(&w->known, offset - 1)];
        }
        geo_seq_add(seq, seq->bits[i], value); /* there is room: it was there before */
    }
}

static int walk_both(struct walk *w, struct geo_seq *v4, struct geo_seq *v6)
{
    struct branch root = { .type = BRANCH_NODE };
    bool has_v6 = w->mmdb->db.metadata.ip_version == 6;
    struct branch ipv4 = has_v6 ? find_ipv4(w) : root;
    uint64_t skipped = ipv4.type == BRANCH_NODE ? ipv4.value : UINT64_MAX;
    int err = walk_tree(w, ipv4, 32, UINT64_MAX, v4);

    if (err == 0 && has_v6)
        err = walk_tree(w, root, 128, skipped, v6);
    else if (err == 0 && !geo_seq_add(v6, 0, 0))
        err = why_set(w->why, -ENOMEM, "out of memory");
    if (err != 0)
        return err;
    note_records(w, v4);
    note_records(w, v6);
    err = read_records(w);
    if (err != 0)
        return err;
    resolve(w, v4);
    resolve(w, v6);
    return 0;
}

int geo_mmdb_walk(const struct geo_mmdb *mmdb, geo_records_cb *on_records, void *ctx,
                  struct geo_seq *v4, struct geo_seq *v6, size_t *n, char why[static WHY_LEN])
{
    size_t nodes = mmdb->db.metadata.node_count;
    struct walk w = { .mmdb = mmdb,
                      .n_nodes = mmdb->db.metadata.node_count,
                      .node_octets = mmdb->db.metadata.record_size / 4u,
                      .on_records = on_records,
                      .ctx = ctx,
                      .why = why };
    int err;

    w.seen = calloc(nodes / 64 + 1, sizeof *w.seen);
    if (w.seen == NULL || !geo_ranks_init(&w.known, mmdb->data_size) ||
        !geo_seq_reserve(mmdb->db.metadata.ip_version == 4 ? v4 : v6, nodes + 1))
        err = why_set(why, -ENOMEM, "out of memory");
    else
        err = walk_both(&w, v4, v6);
    *n = w.n;
    geo_ranks_fini(&w.known);
    free(w.values);
    free(w.seen);
    return err;
}
