/* zone_draft.c - one zone while it is read. Runs in whichever thread loads; judging what was read
 * is for zone_check.c, and the final form for zone_freeze.c. */
#include "zone/zone_draft.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>
#include <waymark/zone.h>

/* As list_reserve, but NULL beyond `max` too. */
static void *reserve(void *list, size_t *cap, size_t n, size_t more, size_t size, size_t max)
{
    return more > max - n ? NULL : list_reserve(list, cap, n, more, size);
}

static bool table_grow(struct zone_draft *d)
{
    size_t n_slots = zone_table_slots((size_t)d->n_nodes * 2 + 64);
    struct zone_slot *slots = malloc(n_slots * sizeof *slots);
    struct zone_table grown;

    if (slots == NULL)
        return false;
    zone_table_init(&grown, slots, n_slots);
    for (uint32_t i = 0; i < d->n_nodes; i++)
        zone_table_put(&grown, d->nodes[i].hash, i);
    free(d->table.slots);
    d->table = grown;
    return true;
}

static uint32_t find_hashed(const struct zone_draft *d, const uint8_t *name, size_t len,
                            uint64_t hash)
{
    uint32_t at = ZONE_NONE, id;

    while ((id = zone_table_next(&d->table, hash, &at)) != ZONE_NONE)
        if (d->nodes[id].name_len == len && memcmp(zone_draft_name(d, id), name, len) == 0)
            return id;
    return ZONE_NONE;
}

static bool is_wildcard(const uint8_t *name)
{
    return name[0] == 1 && name[1] == '*';
}

static uint32_t node_add(struct zone_draft *d, const uint8_t *name, size_t len, uint64_t hash,
                         uint32_t parent)
{
    if (d->n_nodes >= d->table.mask / 4 * 3 && !table_grow(d))
        return ZONE_NONE;
    void *nodes =
        reserve(d->nodes, &d->nodes_cap, d->n_nodes, 1, sizeof *d->nodes, ZONE_DRAFT_NODES_MAX);
    if (nodes == NULL)
        return ZONE_NONE;
    d->nodes = nodes;
    void *names = reserve(d->names, &d->names_cap, d->names_len, len, 1, ZONE_DRAFT_BLOB_MAX);
    if (names == NULL)
        return ZONE_NONE;
    d->names = names;
    memcpy(d->names + d->names_len, name, len);
    d->nodes[d->n_nodes] =
        (struct zone_draft_node){ .hash = hash,
                                  .name_at = (uint32_t)d->names_len,
                                  .parent = parent,
                                  .name_len = (uint8_t)len,
                                  .flags = is_wildcard(name) ? ZONE_NODE_WILDCARD : 0 };
    d->names_len += len;
    zone_table_put(&d->table, hash, d->n_nodes);
    return d->n_nodes++;
}

struct zone_draft *zone_draft_new(const struct wire_hash_key *key, const struct wire_name *apex)
{
    struct zone_draft *d = calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    d->key = key;
    d->apex = *apex;
    uint64_t hash = wire_hash(key, apex->octets, apex->len);
    if (!table_grow(d) || node_add(d, apex->octets, apex->len, hash, ZONE_NONE) == ZONE_NONE) {
        zone_draft_free(d);
        return NULL;
    }
    d->nodes[0].flags |= ZONE_NODE_APEX;
    return d;
}

void zone_draft_free(struct zone_draft *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->n_files; i++)
        free((char *)d->files[i]);
    free(d->files);
    free(d->stamps);
    free(d->nodes);
    free(d->names);
    free(d->records);
    free(d->rdata);
    free(d->table.slots);
    free(d->order);
    free(d->sets);
    free(d);
}

int zone_draft_add_file(struct zone_draft *d, const char *file)
{
    if (d->n_files == UINT16_MAX)
        return -E2BIG;
    const char **files = realloc(d->files, (d->n_files + 1u) * sizeof *files);
    if (files == NULL)
        return -ENOMEM;
    d->files = files;
    struct file_stamp *stamps = realloc(d->stamps, (d->n_files + 1u) * sizeof *stamps);
    if (stamps == NULL)
        return -ENOMEM;
    d->stamps = stamps;
    d->stamps[d->n_files] = (struct file_stamp){ 0 };
    d->files[d->n_files] = strdup(file);
    return d->files[d->n_files] == NULL ? -ENOMEM : d->n_files++;
}

uint32_t zone_draft_find(const struct zone_draft *d, const uint8_t *name, size_t len)
{
    return find_hashed(d, name, len, wire_hash(d->key, name, len));
}

uint32_t zone_draft_node_for(struct zone_draft *d, const uint8_t *name, size_t len)
{
    uint64_t hashes[WIRE_LABELS_MAX + 1];
    size_t starts[WIRE_LABELS_MAX + 1], n = 0, at = 0;
    uint32_t node;

    /* Up to the first that is there: the apex at the latest. */
    for (;; at += 1u + name[at]) {
        assert(len - at >= d->apex.len && n <= WIRE_LABELS_MAX);
        uint64_t hash = wire_hash(d->key, name + at, len - at);
        node = find_hashed(d, name + at, len - at, hash);
        if (node != ZONE_NONE)
            break;
        starts[n] = at;
        hashes[n++] = hash;
    }
    while (n > 0 && node != ZONE_NONE) {
        n--;
        node = node_add(d, name + starts[n], len - starts[n], hashes[n], node);
    }
    return node;
}

bool zone_draft_add(struct zone_draft *d, const struct zone_draft_record *record,
                    const uint8_t *rdata)
{
    void *records =
        reserve(d->records, &d->records_cap, d->n_records, 1, sizeof *d->records, UINT32_MAX / 2);
    if (records == NULL)
        return false;
    d->records = records;
    void *octets =
        reserve(d->rdata, &d->rdata_cap, d->rdata_len, record->rdata_len, 1, ZONE_DRAFT_BLOB_MAX);
    if (octets == NULL)
        return false;
    d->rdata = octets;
    memcpy(d->rdata + d->rdata_len, rdata, record->rdata_len);
    d->records[d->n_records] = *record;
    d->records[d->n_records++].rdata_at = (uint32_t)d->rdata_len;
    d->rdata_len += record->rdata_len;
    return true;
}

/* ---- grouping ---- */

static int by_type(const void *a, const void *b, void *context)
{
    const struct zone_draft *d = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

    if (d->records[i].type != d->records[j].type)
        return d->records[i].type < d->records[j].type ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* Counts first, then places: order[] by node, in the order of reading. */
static bool order_by_node(struct zone_draft *d, uint32_t *ends)
{
    for (uint32_t i = 0; i < d->n_records; i++)
        ends[d->records[i].node]++;
    for (uint32_t i = 0, sum = 0; i < d->n_nodes; i++) {
        sum += ends[i];
        ends[i] = sum;
    }
    d->order = malloc((d->n_records + 1u) * sizeof *d->order);
    if (d->order == NULL)
        return false;
    for (uint32_t i = d->n_records; i-- > 0;)
        d->order[--ends[d->records[i].node]] = i;
    return true; /* ends[] are beginnings now */
}

static void cut_into_sets(struct zone_draft *d, uint32_t node, uint32_t from, uint32_t to)
{
    struct zone_draft_set *set = NULL;

    d->nodes[node].first_set = d->n_sets;
    for (uint32_t i = from; i < to; i++) {
        uint16_t type = d->records[d->order[i]].type;
        if (set == NULL || set->type != type) {
            set = &d->sets[d->n_sets++];
            *set = (struct zone_draft_set){ .node = node, .first = i, .type = type };
        }
        set->n++;
    }
    d->nodes[node].n_sets = (uint16_t)(d->n_sets - d->nodes[node].first_set); /* 65535 types */
}

bool zone_draft_group(struct zone_draft *d)
{
    uint32_t *begins = calloc(d->n_nodes + 1u, sizeof *begins);
    bool is_done = false;

    if (begins == NULL || !order_by_node(d, begins))
        goto out;
    begins[d->n_nodes] = d->n_records;
    d->sets = malloc((d->n_records + 1u) * sizeof *d->sets);
    if (d->sets == NULL)
        goto out;
    for (uint32_t node = 0; node < d->n_nodes; node++) {
        uint32_t from = begins[node], to = begins[node + 1];
        if (to - from > 1)
            qsort_r(d->order + from, to - from, sizeof *d->order, by_type, d);
        cut_into_sets(d, node, from, to);
    }
    is_done = true;
out:
    free(begins);
    return is_done;
}

struct zone_draft_set *zone_draft_set_of(const struct zone_draft *d, uint32_t node, uint16_t type)
{
    const struct zone_draft_node *n = &d->nodes[node];

    for (uint32_t i = 0; i < n->n_sets; i++)
        if (d->sets[n->first_set + i].type == type)
            return &d->sets[n->first_set + i];
    return NULL;
}
