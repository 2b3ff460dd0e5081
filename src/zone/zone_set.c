/* zone_set.c - from the configuration to the frozen table: reads every zone, finds out which lies
 * in which, and gives the whole up if any has an error. Runs in whichever thread loads. */
#include "zone/zone_set.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/report.h>
#include <waymark/rng.h>

#include "zone/zone_check.h"
#include "zone/zone_text.h"

/* The set under construction: sources[i] and drafts[i] belong together. */
struct loading {
    const struct zone_source *sources;
    size_t n;
    struct report *report;
    struct hash_key key;
    struct zone_freeze_source *frozen;
    struct zone_table apexes; /* by apex: index of the zone */
};

static void complain(const struct loading *l, size_t i, const char *what)
{
    const struct zone_source *s = &l->sources[i];

    report_error(l->report, s->conf_file, s->conf_line, "zone \"%s\": %s", s->name, what);
}

/* The zone with exactly this apex; ZONE_NONE: none. */
static uint32_t zone_named(const struct loading *l, const uint8_t *name, size_t len)
{
    uint64_t hash = hash_keyed(&l->key, name, len);
    uint32_t at = ZONE_NONE, i;

    while ((i = zone_table_next(&l->apexes, hash, &at)) != ZONE_NONE) {
        const struct wire_name *apex = &l->frozen[i].draft->apex;
        if (apex->len == len && memcmp(apex->octets, name, len) == 0)
            return i;
    }
    return ZONE_NONE;
}

static bool read_apex(struct loading *l, size_t i, struct wire_name *apex)
{
    if (!wire_name_from_text(l->sources[i].name, apex)) {
        complain(l, i, "this is no domain name");
        return false;
    }
    if (apex->octets[0] == 1 && apex->octets[1] == '*') {
        complain(l, i, "a zone cannot be named by a wildcard");
        return false;
    }
    if (zone_named(l, apex->octets, apex->len) != ZONE_NONE) {
        complain(l, i, "this zone is given twice");
        return false;
    }
    return true;
}

static void read_zone(struct loading *l, size_t i)
{
    const struct zone_source *source = &l->sources[i];
    struct zone_findings findings = { .report = l->report };
    struct wire_name apex;

    if (!read_apex(l, i, &apex))
        return;
    struct zone_draft *draft = zone_draft_new(&l->key, &apex);
    if (draft == NULL) {
        complain(l, i, "out of memory");
        return;
    }
    l->frozen[i] = (struct zone_freeze_source){
        .name = source->name, .file = source->file, .draft = draft, .parent = ZONE_NONE
    };
    zone_table_put(&l->apexes, hash_keyed(&l->key, apex.octets, apex.len), (uint32_t)i);
    zone_text_read(draft, source, &findings);
    if (!zone_check(draft, source->file, &findings))
        complain(l, i, "out of memory");
    zone_findings_end(&findings, source->file);
}

/* ---- zones in zones ---- */

static void find_parent(struct loading *l, size_t i)
{
    const struct wire_name *apex = &l->frozen[i].draft->apex;

    for (size_t at = 0; apex->octets[at] != 0 && l->frozen[i].parent == ZONE_NONE;) {
        at += 1u + apex->octets[at];
        l->frozen[i].parent = zone_named(l, apex->octets + at, apex->len - at);
    }
}

/* The parent's nodes at and below the child's apex are not what a query finds. */
static void mark_child(struct loading *l, size_t i)
{
    const struct zone_freeze_source *child = &l->frozen[i];

    if (child->parent == ZONE_NONE)
        return;
    const struct zone_freeze_source *parent = &l->frozen[child->parent];
    uint32_t node =
        zone_draft_find(parent->draft, child->draft->apex.octets, child->draft->apex.len);
    if (node != ZONE_NONE)
        parent->draft->nodes[node].is_shadowed = true;
    if (node == ZONE_NONE || (parent->draft->nodes[node].flags & ZONE_NODE_CUT) == 0)
        report_warning(l->report, parent->file, 0,
                       "the zone %s has no NS records at %s, which is a zone here: resolvers "
                       "elsewhere will not find it",
                       parent->name, child->name);
}

static void hand_down_shadows(struct zone_draft *d)
{
    for (uint32_t i = 1; i < d->n_nodes; i++)
        d->nodes[i].is_shadowed |= d->nodes[d->nodes[i].parent].is_shadowed;
}

static struct zone_set *freeze(struct loading *l)
{
    for (size_t i = 0; i < l->n; i++)
        find_parent(l, i);
    for (size_t i = 0; i < l->n; i++)
        mark_child(l, i);
    for (size_t i = 0; i < l->n; i++)
        hand_down_shadows(l->frozen[i].draft);
    struct zone_set *set = zone_set_freeze(l->frozen, l->n, &l->key);
    if (set == NULL)
        report_error(l->report, NULL, 0, "the zones: out of memory, or too many names");
    return set;
}

/* ---- the door ---- */

static bool begin(struct loading *l)
{
    uint8_t secret[HASH_KEY_LEN];
    size_t n_slots = zone_table_slots(l->n);
    struct zone_slot *slots = malloc(n_slots * sizeof *slots);

    l->frozen = calloc(l->n + 1, sizeof *l->frozen);
    if (l->frozen == NULL || slots == NULL || rng_secret(secret, sizeof secret) != 0) {
        free(slots);
        return false;
    }
    hash_key_init(&l->key, secret);
    zone_table_init(&l->apexes, slots, n_slots);
    return true;
}

struct zone_set *zone_set_from_sources(const struct zone_source *sources, size_t n,
                                       struct report *report)
{
    struct loading l = { .sources = sources, .n = n, .report = report };
    struct zone_set *set = NULL;
    size_t errors = report_errors(report);

    if (n > UINT16_MAX) {
        report_error(report, NULL, 0, "%zu zones; at most %d are served", n, UINT16_MAX);
        return NULL;
    }
    if (begin(&l)) {
        for (size_t i = 0; i < n; i++)
            read_zone(&l, i);
        if (report_errors(report) == errors)
            set = freeze(&l);
    } else {
        report_error(report, NULL, 0, "the zones: out of memory");
    }
    for (size_t i = 0; i < n && l.frozen != NULL; i++)
        zone_draft_free(l.frozen[i].draft);
    free(l.frozen);
    free(l.apexes.slots);
    return set;
}

struct zone_set *zone_set_load(const struct conf *conf, struct report *report)
{
    struct zone_source *sources = calloc(conf->n_zones + 1, sizeof *sources);
    struct zone_set *set = NULL;

    if (sources == NULL) {
        report_error(report, NULL, 0, "the zones: out of memory");
        return NULL;
    }
    for (size_t i = 0; i < conf->n_zones; i++)
        sources[i] = (struct zone_source){ .name = conf->zones[i].name,
                                           .file = conf->zones[i].file,
                                           .conf_file = conf->zones[i].where.file,
                                           .conf_line = conf->zones[i].where.line };
    set = zone_set_from_sources(sources, conf->n_zones, report);
    free(sources);
    return set;
}

void zone_set_free(struct zone_set *set)
{
    if (set == NULL)
        return;
    arena_free(set->arena);
    free(set);
}

size_t zone_count(const struct zone_set *set)
{
    return set->n_zones;
}

const struct zone *zone_at(const struct zone_set *set, size_t i)
{
    return &set->zones[i];
}

size_t zone_set_nodes(const struct zone_set *set)
{
    return set->n_nodes;
}

size_t zone_set_bytes(const struct zone_set *set)
{
    return sizeof *set + arena_bytes(set->arena);
}
