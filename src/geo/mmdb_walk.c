/* mmdb_walk.c - a database's search tree to lists of networks: first with the records' offsets,
 * then with what the records become.
 *
 * Every node is visited once at most: what comes round again is a loop or a lie. The exception is
 * the IPv4 subtree, to which the well-known networks that embed IPv4 addresses may point. */
#include "geo/mmdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "geo/map.h"

enum { IPV4_BITS = 96 }; /* the IPv4 tree hangs at ::/96 */

/* A record of the tree: a node, a piece of data, or nothing. */
struct branch {
    uint64_t value; /* node number, or offset in the data */
    uint8_t type;   /* MMDB_RECORD_TYPE_ */
    uint8_t bits;   /* length of the network it stands for, in the tree it hangs in */
};

struct walk {
    const struct geo_mmdb *mmdb;
    geo_record_cb *on_record;
    void *ctx;
    char *why;
    uint64_t *seen;       /* a bit per node */
    struct geo_map known; /* data offset -> value */
    size_t n;
};

static bool mark_seen(struct walk *w, uint64_t node)
{
    uint64_t bit = (uint64_t)1 << node % 64;
    bool was_seen = (w->seen[node / 64] & bit) != 0;

    w->seen[node / 64] |= bit;
    return !was_seen;
}

static struct branch branch_of(uint64_t record, uint8_t type, uint32_t offset, unsigned bits)
{
    return (struct branch){ .value = type == MMDB_RECORD_TYPE_DATA ? offset : record,
                            .type = type,
                            .bits = (uint8_t)bits };
}

static int read_node(struct walk *w, uint64_t node, unsigned bits, struct branch *left,
                     struct branch *right)
{
    MMDB_search_node_s n;
    int status = MMDB_read_node(&w->mmdb->db, (uint32_t)node, &n);

    if (status != MMDB_SUCCESS)
        return why_set(w->why, -EINVAL, "%s", MMDB_strerror(status));
    *left = branch_of(n.left_record, n.left_record_type, n.left_record_entry.offset, bits + 1);
    *right = branch_of(n.right_record, n.right_record_type, n.right_record_entry.offset, bits + 1);
    return 0;
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
    int err = 0;

    stack[n++] = root;
    while (n > 0 && err == 0) {
        struct branch b = stack[--n];
        bool is_skipped = b.type == MMDB_RECORD_TYPE_SEARCH_NODE && b.value == skipped &&
                          ((b.bits == IPV4_BITS && out->end == 0) || is_alias(out->end, b.bits));
        uint32_t value = 0; /* offset + 1 */

        if (b.type == MMDB_RECORD_TYPE_SEARCH_NODE && !is_skipped) {
            if (b.bits == width)
                return why_set(w->why, -EINVAL, "its tree is deeper than an address has bits");
            if (!mark_seen(w, b.value))
                return why_set(w->why, -EINVAL, "its tree comes back to node %llu",
                               (unsigned long long)b.value);
            err = read_node(w, b.value, b.bits, &stack[n + 1], &stack[n]);
            n += 2;
            continue;
        }
        if (b.type == MMDB_RECORD_TYPE_INVALID)
            return why_set(w->why, -EINVAL, "its tree points outside the file");
        if (b.type == MMDB_RECORD_TYPE_DATA) {
            if (b.value >= w->mmdb->data_size) /* the library takes the metadata for data, too */
                return why_set(w->why, -EINVAL, "its tree points outside its data");
            value = (uint32_t)b.value + 1;
            w->n++;
        }
        if (!geo_seq_add(out, b.bits, value))
            err = why_set(w->why, -ENOMEM, "out of memory");
    }
    return err;
}

/* Where the IPv4 addresses hang in an IPv6 tree: what ::/96 leads to, or the wider network. */
static int find_ipv4(struct walk *w, struct branch *out)
{
    struct branch b = { .type = MMDB_RECORD_TYPE_SEARCH_NODE }, right;
    int err = 0;

    while (err == 0 && b.bits < IPV4_BITS && b.type == MMDB_RECORD_TYPE_SEARCH_NODE)
        err = read_node(w, b.value, b.bits, &b, &right);
    b.bits = 0;
    *out = b;
    return err;
}

/* Offsets become values, in place. Neighbours often share a record; the others are far apart in the
 * map, so it is asked for them ahead of time. */
static int resolve(struct walk *w, struct geo_seq *seq)
{
    enum { AHEAD = 24 };
    uint32_t last = 0, value = 0;
    size_t n = seq->n;
    bool is_new;

    geo_seq_rewind(seq);
    for (size_t i = 0; i < n; i++) {
        uint32_t offset = seq->value[i];
        if (i + AHEAD < n)
            geo_map_prefetch(&w->known, seq->value[i + AHEAD]);
        if (offset != last) {
            uint32_t *slot = geo_map_at(&w->known, offset, &is_new);
            if (slot == NULL)
                return why_set(w->why, -ENOMEM, "out of memory");
            int err = is_new && offset > 0 ? w->on_record(w->ctx, offset - 1, slot, w->why) : 0;
            if (err != 0)
                return err;
            last = offset;
            value = *slot;
        }
        geo_seq_add(seq, seq->bits[i], value); /* there is room: it was there before */
    }
    return 0;
}

static int walk_both(struct walk *w, struct geo_seq *v4, struct geo_seq *v6)
{
    const MMDB_metadata_s *meta = &w->mmdb->db.metadata;
    struct branch root = { .type = MMDB_RECORD_TYPE_SEARCH_NODE };
    struct branch ipv4;

    if (meta->ip_version == 4) {
        if (!geo_seq_add(v6, 0, 0))
            return why_set(w->why, -ENOMEM, "out of memory");
        int err = walk_tree(w, root, 32, UINT64_MAX, v4);
        return err == 0 ? resolve(w, v4) : err;
    }
    int err = find_ipv4(w, &ipv4);
    bool has_tree = err == 0 && ipv4.type == MMDB_RECORD_TYPE_SEARCH_NODE;
    if (err == 0)
        err = walk_tree(w, ipv4, 32, UINT64_MAX, v4);
    if (err == 0)
        err = walk_tree(w, root, 128, has_tree ? ipv4.value : UINT64_MAX, v6);
    if (err == 0)
        err = resolve(w, v4);
    if (err == 0)
        err = resolve(w, v6);
    return err;
}

int geo_mmdb_walk(const struct geo_mmdb *mmdb, geo_record_cb *on_record, void *ctx,
                  struct geo_seq *v4, struct geo_seq *v6, size_t *n, char why[static WHY_LEN])
{
    size_t nodes = mmdb->db.metadata.node_count;
    struct walk w = { .mmdb = mmdb, .on_record = on_record, .ctx = ctx, .why = why };
    int err;

    geo_map_init(&w.known);
    w.seen = calloc(nodes / 64 + 1, sizeof *w.seen);
    if (w.seen == NULL || !geo_seq_reserve(mmdb->db.metadata.ip_version == 4 ? v4 : v6, nodes + 1))
        err = why_set(why, -ENOMEM, "out of memory");
    else
        err = walk_both(&w, v4, v6);
    *n = w.n;
    geo_map_fini(&w.known);
    free(w.seen);
    return err;
}
