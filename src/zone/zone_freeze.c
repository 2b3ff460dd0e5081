/* zone_freeze.c - drafts to the frozen table. Runs in whichever thread loads; nothing is judged
 * here. */
#include "zone/zone_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_ALIGN = 8,
    TAIL = WIRE_NAME_MAX /* a comparison may run past the last name, never past this */
};

/* Where the next pieces go. */
struct pieces {
    uint8_t *at, *end;
};

static size_t align_up(size_t n)
{
    return (n + PIECE_ALIGN - 1) & ~(size_t)(PIECE_ALIGN - 1);
}

/* Sets, then their records, then the name. */
static size_t piece_size(const struct zone_draft *d, const struct zone_draft_node *n)
{
    size_t size = n->n_sets * sizeof(struct zone_rrset) + n->name_len;

    for (uint32_t i = 0; i < n->n_sets; i++)
        size += d->sets[n->first_set + i].wire_len;
    return align_up(size);
}

static uint8_t *write_record(uint8_t *to, const struct zone_draft *d,
                             const struct zone_draft_record *r)
{
    wire_put16(to, r->type);
    wire_put16(to + 2, WIRE_CLASS_IN);
    wire_put32(to + 4, r->ttl);
    wire_put16(to + 8, r->rdata_len);
    memcpy(to + WIRE_RR_FIXED, zone_draft_rdata(d, r), r->rdata_len);
    return to + WIRE_RR_FIXED + r->rdata_len;
}

static uint8_t *write_set(uint8_t *to, struct zone_rrset *out, const struct zone_draft *d,
                          const struct zone_draft_set *set)
{
    *out = (struct zone_rrset){ .set = { .type = set->type,
                                         .count = (uint16_t)set->n,
                                         .wire_len = set->wire_len,
                                         .wire = to },
                                .ttl = set->ttl };
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

/* All the memory at once. */
static bool make_room(struct zone_set *set, const struct zone_freeze_source *sources, size_t n,
                      struct pieces *pieces)
{
    size_t size = 0, n_nodes = 0, n_shadowed = 0;

    for (size_t z = 0; z < n; z++) {
        const struct zone_draft *d = sources[z].draft;
        n_nodes += d->n_nodes;
        for (uint32_t i = 0; i < d->n_nodes; i++) {
            size += piece_size(d, &d->nodes[i]);
            n_shadowed += d->nodes[i].is_shadowed;
        }
    }
    if (n_nodes > ZONE_DRAFT_NODES_MAX)
        return false;
    set->zones = arena_zero(set->arena, n + 1, sizeof *set->zones);
    set->parents = arena_zero(set->arena, n + 1, sizeof *set->parents);
    set->nodes = arena_alloc(set->arena, (n_nodes + 1) * sizeof *set->nodes, PIECE_ALIGN);
    pieces->at = arena_alloc(set->arena, size + TAIL, PIECE_ALIGN);
    if (set->zones == NULL || set->parents == NULL || set->nodes == NULL || pieces->at == NULL)
        return false;
    pieces->end = pieces->at + size;
    memset(pieces->end, 0, TAIL);
    return make_table(set, &set->visible, n_nodes - n_shadowed) &&
           make_table(set, &set->shadowed, n_shadowed);
}

static void add_nodes(struct zone_set *set, uint32_t zone, const struct zone_draft *d,
                      struct pieces *pieces)
{
    for (uint32_t i = 0; i < d->n_nodes; i++) {
        const struct zone_draft_node *n = &d->nodes[i];
        struct zone_node *out = &set->nodes[set->n_nodes];
        *out = (struct zone_node){ .id = set->n_nodes++, .zone = (uint16_t)zone };
        write_node(out, pieces, d, n);
        zone_table_put(n->is_shadowed ? &set->shadowed : &set->visible, n->hash, out->id);
        uint8_t labels = labels_of(out->name);
        if (labels > set->labels_max)
            set->labels_max = labels;
    }
}

static bool add_zone(struct zone_set *set, uint32_t i, const struct zone_freeze_source *source,
                     struct pieces *pieces)
{
    struct zone *zone = &set->zones[i];
    const struct zone_draft *d = source->draft;

    zone->name = arena_text(set->arena, source->name);
    zone->file = arena_text(set->arena, source->file);
    if (zone->name == NULL || zone->file == NULL)
        return false;
    zone->apex = d->apex;
    zone->node = &set->nodes[set->n_nodes];
    add_nodes(set, i, d, pieces);
    zone->soa = zone_rrset_of(zone->node, WIRE_SOA);
    assert(zone->soa != NULL); /* zone_check saw to it */
    const uint8_t *end = zone->soa->set.wire + zone->soa->set.wire_len;
    uint32_t minimum = wire_get32(end - 4);
    zone->negative_ttl = minimum < zone->soa->ttl ? minimum : zone->soa->ttl;
    zone->serial = wire_get32(end - 20);
    zone->n_names = d->n_nodes;
    for (uint32_t s = 0; s < d->n_sets; s++)
        zone->n_records += d->sets[s].n;
    set->parents[i] = source->parent;
    return true;
}

struct zone_set *zone_set_freeze(const struct zone_freeze_source *sources, size_t n,
                                 const struct hash_key *key)
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
        if (!add_zone(set, set->n_zones, &sources[set->n_zones], &pieces))
            goto fail;
    return set;
fail:
    zone_set_free(set);
    return NULL;
}
