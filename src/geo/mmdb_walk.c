/* mmdb_walk.c - a database's search tree to lists of networks.
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
    uint64_t last_offset; /* neighbours often share a record */
    uint32_t last_value;
    size_t n;
};

/* The library takes the metadata for data, too; data_size does not. */
static int get_value(struct walk *w, uint64_t offset, uint32_t *value)
{
    bool is_new;

    if (offset == w->last_offset) {
        *value = w->last_value;
        return 0;
    }
    if (offset >= w->mmdb->data_size)
        return why_set(w->why, -EINVAL, "points outside its data: it is truncated or corrupt");
    uint32_t *slot = geo_map_at(&w->known, offset, &is_new);
    if (slot == NULL)
        return why_set(w->why, -ENOMEM, "out of memory");
    if (is_new) {
        int err = w->on_record(w->ctx, (uint32_t)offset, slot, w->why);
        if (err != 0)
            return err;
    }
    w->last_offset = offset;
    w->last_value = *value = *slot;
    return 0;
}

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
                            .type = type, .bits = (uint8_t)bits };
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
        uint32_t value = 0;

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
            err = get_value(w, b.value, &value);
            w->n++;
        }
        if (err == 0 && !geo_seq_add(out, b.bits, value))
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

static int walk_both(struct walk *w, struct geo_seq *v4, struct geo_seq *v6)
{
    const MMDB_metadata_s *meta = &w->mmdb->db.metadata;
    struct branch root = { .type = MMDB_RECORD_TYPE_SEARCH_NODE };
    struct branch ipv4;

    if (meta->ip_version == 4) {
        int err = walk_tree(w, root, 32, UINT64_MAX, v4);
        if (err == 0 && !geo_seq_add(v6, 0, 0))
            err = why_set(w->why, -ENOMEM, "out of memory");
        return err;
    }
    int err = find_ipv4(w, &ipv4);
    bool has_tree = err == 0 && ipv4.type == MMDB_RECORD_TYPE_SEARCH_NODE;
    if (err == 0)
        err = walk_tree(w, ipv4, 32, UINT64_MAX, v4);
    if (err == 0)
        err = walk_tree(w, root, 128, has_tree ? ipv4.value : UINT64_MAX, v6);
    return err;
}

int geo_mmdb_walk(const struct geo_mmdb *mmdb, geo_record_cb *on_record, void *ctx,
                  struct geo_seq *v4, struct geo_seq *v6, size_t *n, char why[static WHY_LEN])
{
    size_t nodes = mmdb->db.metadata.node_count;
    struct walk w = { .mmdb = mmdb, .on_record = on_record, .ctx = ctx, .why = why,
                      .last_offset = UINT64_MAX };
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
