/* zone_freeze.c - drafts, and zones of the set before, to the frozen table. Runs in whichever thread
 * loads; nothing is judged here. */
#include "zone/zone_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zone/zone_take.h"

enum {
    PIECE_ALIGN = ZONE_PIECE_ALIGN,
    TAIL = WIRE_NAME_MAX /* a comparison may run past the last name, never past this */
};

/* Where the next pieces go. */
struct pieces {
    uint8_t *at, *end;
};

uint32_t zone_freeze_source_nodes(const struct zone_freeze_source *source)
{
    return source->draft != NULL ? source->draft->n_nodes
                                 : source->former->parts[source->former_zone].n_nodes;
}

const uint8_t *zone_freeze_source_name(const struct zone_freeze_source *source, uint32_t node)
{
    if (source->draft != NULL)
        return zone_draft_name(source->draft, node);
    const struct zone_part *part = &source->former->parts[source->former_zone];
    return source->former->nodes[part->first_node + node].name;
}

static size_t align_up(size_t n)
{
    return (n + PIECE_ALIGN - 1) & ~(size_t)(PIECE_ALIGN - 1);
}

static size_t padded_len(const struct zone_draft_node *n)
{
    return (n->name_len + BLOCK_LEN - 1u) / BLOCK_LEN * BLOCK_LEN;
}

/* Sets, then their records, then the name. */
static size_t piece_size(const struct zone_draft *d, const struct zone_draft_node *n)
{
    size_t size = n->n_sets * sizeof(struct zone_rrset) + padded_len(n);

    for (uint32_t i = 0; i < n->n_sets; i++)
        size += d->sets[n->first_set + i].wire_len;
    return align_up(size);
}

static uint8_t *write_record(uint8_t *to, const struct zone_draft *d,
                             const struct zone_draft_record *r)
{
    to = wire_rr_put(to, r->type, WIRE_CLASS_IN, r->ttl, r->rdata_len);
    memcpy(to, zone_draft_rdata(d, r), r->rdata_len);
    return to + r->rdata_len;
}

/* What is below a cut is not ours to say, and DS is the parent's at an apex. */
static bool is_answer(const struct zone_draft_node *n, uint16_t type)
{
    return (n->flags & (ZONE_NODE_CUT | ZONE_NODE_OCCLUDED)) == 0 && type != WIRE_DS &&
           wire_type_is_plain(type);
}

static uint8_t *write_set(uint8_t *to, struct zone_rrset *out, const struct zone_draft *d,
                          const struct zone_draft_set *set)
{
    *out = (struct zone_rrset){ .set = { .type = set->type,
                                         .count = (uint16_t)set->n,
                                         .wire_len = set->wire_len,
                                         .wire = to },
                                .ttl = set->ttl,
                                .is_answer = is_answer(&d->nodes[set->node], set->type) };
    for (uint32_t i = 0; i < set->n; i++)
        to = write_record(to, d, zone_draft_record_of(d, set, i));
    return to;
}

static void write_node(struct zone_node *out, struct pieces *pieces, const struct zone_draft *d,
                       const struct zone_draft_node *n)
{
    struct zone_rrset *rrsets = (struct zone_rrset *)(void *)pieces->at;
    uint8_t *p = pieces->at + n->n_sets * sizeof *rrsets;

    for (uint32_t i = 0; i < n->n_sets; i++)
        p = write_set(p, &rrsets[i], d, &d->sets[n->first_set + i]);
    memcpy(p, d->names + n->name_at, n->name_len);
    memset(p + n->name_len, 0, padded_len(n) - n->name_len);
    out->flags = n->flags;
    out->n_rrsets = (uint8_t)n->n_sets;
    out->rrsets = n->n_sets == 0 ? NULL : rrsets;
    out->name = p;
    pieces->at += piece_size(d, n);
    assert(p + n->name_len <= pieces->at && pieces->at <= pieces->end);
}

static uint8_t labels_of(const uint8_t *name)
{
    uint8_t n = 0;

    for (; *name != 0; name += 1 + *name)
        n++;
    return n;
}

static bool make_table(struct zone_set *set, struct zone_table *table, size_t n)
{
    size_t n_slots = zone_table_slots(n);
    struct zone_slot *slots =
        arena_alloc(set->arena, n_slots * sizeof *slots, _Alignof(struct zone_slot));

    if (slots == NULL)
        return false;
    zone_table_init(table, slots, n_slots);
    return true;
}

static size_t pieces_size(const struct zone_freeze_source *source)
{
    const struct zone_draft *d = source->draft;
    size_t size = 0;

    if (d == NULL)
        return source->former->parts[source->former_zone].pieces_len;
    for (uint32_t i = 0; i < d->n_nodes; i++)
        size += piece_size(d, &d->nodes[i]);
    return size;
}

/* All the memory at once. */
static bool make_room(struct zone_set *set, const struct zone_freeze_source *sources, size_t n,
                      struct pieces *pieces)
{
    size_t size = 0, n_nodes = 0, n_shadowed = 0;

    for (size_t z = 0; z < n; z++) {
        uint32_t n_own = zone_freeze_source_nodes(&sources[z]);
        n_nodes += n_own;
        size += pieces_size(&sources[z]);
        for (uint32_t i = 0; sources[z].is_shadowed != NULL && i < n_own; i++)
            n_shadowed += sources[z].is_shadowed[i];
    }
    if (n_nodes > ZONE_DRAFT_NODES_MAX)
        return false;
    set->zones = arena_zero(set->arena, n + 1, sizeof *set->zones);
    set->parts = arena_zero(set->arena, n + 1, sizeof *set->parts);
    set->parents = arena_zero(set->arena, n + 1, sizeof *set->parents);
    set->nodes = arena_alloc(set->arena, (n_nodes + 1) * sizeof *set->nodes, PIECE_ALIGN);
    pieces->at = arena_alloc(set->arena, size + TAIL, PIECE_ALIGN);
    if (set->zones == NULL || set->parts == NULL || set->parents == NULL || set->nodes == NULL ||
        pieces->at == NULL)
        return false;
    pieces->end = pieces->at + size;
    memset(pieces->end, 0, TAIL);
    return make_table(set, &set->visible, n_nodes - n_shadowed) &&
           make_table(set, &set->shadowed, n_shadowed);
}

/* The node is written: now it can be found. */
static void add_node(struct zone_set *set, const struct zone_freeze_source *source, uint32_t i,
                     uint64_t hash)
{
    bool is_shadowed = source->is_shadowed != NULL && source->is_shadowed[i];
    uint8_t labels = labels_of(set->nodes[set->n_nodes].name);

    zone_table_put(is_shadowed ? &set->shadowed : &set->visible, hash, set->n_nodes);
    set->n_nodes++;
    if (labels > set->labels_max)
        set->labels_max = labels;
}

static void add_draft(struct zone_set *set, uint32_t zone, const struct zone_freeze_source *source,
                      struct pieces *pieces)
{
    const struct zone_draft *d = source->draft;

    for (uint32_t i = 0; i < d->n_nodes; i++) {
        struct zone_node *out = &set->nodes[set->n_nodes];
        *out = (struct zone_node){ .id = set->n_nodes, .zone = (uint16_t)zone };
        write_node(out, pieces, d, &d->nodes[i]);
        add_node(set, source, i, d->nodes[i].hash);
    }
    for (uint32_t s = 0; s < d->n_sets; s++)
        set->zones[zone].n_records += d->sets[s].n;
}

static void add_former(struct zone_set *set, uint32_t zone, const struct zone_freeze_source *source,
                       struct pieces *pieces)
{
    const struct zone_part *part = &source->former->parts[source->former_zone];
    struct zone_node *nodes = &set->nodes[set->n_nodes];

    zone_take_nodes(source->former, part, nodes, pieces->at);
    pieces->at += part->pieces_len;
    assert(pieces->at <= pieces->end);
    for (uint32_t i = 0; i < part->n_nodes; i++) {
        nodes[i].id = set->n_nodes;
        nodes[i].zone = (uint16_t)zone;
        const uint8_t *name = nodes[i].name;
        add_node(set, source, i, wire_hash(&set->key, name, zone_name_len(name)));
    }
    set->zones[zone].n_records = source->former->zones[source->former_zone].n_records;
    set->n_taken_over++;
}

static bool add_stamps(struct zone_set *set, struct zone_part *part,
                       const struct zone_freeze_source *source, int64_t began_ms)
{
    const struct zone_part *was =
        source->draft == NULL ? &source->former->parts[source->former_zone] : NULL;
    const struct file_stamp *from = was == NULL ? source->draft->stamps : was->stamps;

    part->n_stamps = was == NULL ? source->draft->n_files : was->n_stamps;
    part->is_firm = true;
    struct file_stamp *stamps = arena_zero(set->arena, part->n_stamps + 1u, sizeof *stamps);
    if (stamps == NULL)
        return false;
    for (size_t i = 0; i < part->n_stamps; i++) {
        stamps[i] = from[i];
        part->is_firm &= file_stamp_is_firm(&from[i], began_ms);
        if (from[i].path != NULL)
            stamps[i].path = arena_text(set->arena, from[i].path);
        if (from[i].path != NULL && stamps[i].path == NULL)
            return false;
    }
    part->stamps = stamps;
    return true;
}

static bool add_zone(struct zone_set *set, uint32_t i, const struct zone_freeze_source *source,
                     struct pieces *pieces, int64_t began_ms)
{
    struct zone *zone = &set->zones[i];
    struct zone_part *part = &set->parts[i];

    zone->name = arena_text(set->arena, source->name);
    zone->file = arena_text(set->arena, source->file);
    if (zone->name == NULL || zone->file == NULL || !add_stamps(set, part, source, began_ms))
        return false;
    zone->apex = *source->apex;
    zone->node = &set->nodes[set->n_nodes];
    part->first_node = set->n_nodes;
    part->pieces = pieces->at;
    if (source->draft != NULL)
        add_draft(set, i, source, pieces);
    else
        add_former(set, i, source, pieces);
    part->n_nodes = set->n_nodes - part->first_node;
    part->pieces_len = (size_t)(pieces->at - part->pieces);
    zone->soa = zone_rrset_of(zone->node, WIRE_SOA);
    assert(zone->soa != NULL); /* zone_check saw to it */
    const uint8_t *end = zone->soa->set.wire + zone->soa->set.wire_len;
    uint32_t minimum = wire_get32(end - 4);
    zone->negative_ttl = minimum < zone->soa->ttl ? minimum : zone->soa->ttl;
    zone->serial = wire_get32(end - 20);
    zone->n_names = part->n_nodes;
    set->parents[i] = source->parent;
    return true;
}

struct zone_set *zone_set_freeze(const struct zone_freeze_source *sources, size_t n,
                                 const struct wire_hash_key *key, int64_t began_ms)
{
    struct zone_set *set = calloc(1, sizeof *set);
    struct pieces pieces;

    if (set == NULL)
        return NULL;
    set->key = *key;
    set->arena = arena_new();
    if (set->arena == NULL || !make_room(set, sources, n, &pieces))
        goto fail;
    for (; set->n_zones < n; set->n_zones++)
        if (!add_zone(set, set->n_zones, &sources[set->n_zones], &pieces, began_ms))
            goto fail;
    return set;
fail:
    zone_set_free(set);
    return NULL;
}
