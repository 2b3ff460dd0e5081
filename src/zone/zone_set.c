/* zone_set.c - from the configuration to the frozen table: reads every zone, finds out which lies
 * in which, and gives the whole up if any has an error. Runs in whichever thread loads. */
#include "zone/zone_set.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/conf.h>
#include <waymark/report.h>
#include <waymark/rng.h>

#include "zone/zone_check.h"
#include "zone/zone_take.h"
#include "zone/zone_text.h"

enum { TRIM_NAMES = 10000 }; /* a few MiB */

/* The set under construction: sources[i] and drafts[i] belong together. */
struct loading {
    const struct zone_source *sources;
    size_t n;
    const struct zone_set *former; /* may be NULL */
    int64_t began_ms;
    struct report *report;
    struct wire_hash_key key;
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
    uint64_t hash = wire_hash(&l->key, name, len);
    uint32_t at = ZONE_NONE, i;

    while ((i = zone_table_next(&l->apexes, hash, &at)) != ZONE_NONE) {
        const struct wire_name *apex = l->frozen[i].apex;
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

static void read_zone(struct loading *l, size_t i, const struct wire_name *apex,
                      const struct zone *former)
{
    const struct zone_source *source = &l->sources[i];
    struct zone_freeze_source *frozen = &l->frozen[i];
    struct zone_findings findings = { .report = l->report };

    frozen->draft = zone_draft_new(&l->key, apex);
    if (frozen->draft == NULL) {
        complain(l, i, "out of memory");
        return;
    }
    frozen->apex = &frozen->draft->apex;
    zone_text_read(frozen->draft, source, &findings);
    if (!zone_check(frozen->draft, source->file, &findings))
        complain(l, i, "out of memory");
    if (former != NULL)
        zone_check_serial(frozen->draft, former->serial, &findings);
    zone_findings_end(&findings, source->file);
}

/* Reads the zone, unless it is still what it was. */
static void add_zone(struct loading *l, size_t i)
{
    const struct zone_source *source = &l->sources[i];
    struct zone_freeze_source *frozen = &l->frozen[i];
    struct wire_name apex;

    if (!read_apex(l, i, &apex))
        return;
    const struct zone *former = l->former == NULL ? NULL : zone_take_find(l->former, &apex);
    frozen->name = source->name;
    frozen->file = source->file;
    frozen->parent = ZONE_NONE;
    if (former != NULL && source->text == NULL &&
        zone_take_is_possible(l->former, former, source->file)) {
        frozen->apex = &former->apex;
        frozen->former = l->former;
        frozen->former_zone = (uint32_t)(former - l->former->zones);
    } else {
        read_zone(l, i, &apex, former);
    }
    if (frozen->apex != NULL)
        zone_table_put(&l->apexes, wire_hash(&l->key, apex.octets, apex.len), (uint32_t)i);
}

/* ---- zones in zones ---- */

static void find_parent(struct loading *l, size_t i)
{
    const struct wire_name *apex = l->frozen[i].apex;

    for (size_t at = 0; apex->octets[at] != 0 && l->frozen[i].parent == ZONE_NONE;) {
        at += 1u + apex->octets[at];
        l->frozen[i].parent = zone_named(l, apex->octets + at, apex->len - at);
    }
}

static bool is_delegated(const struct zone_freeze_source *parent, const struct wire_name *name)
{
    if (parent->draft == NULL) {
        const struct zone_node *node =
            zone_node_at(parent->former, &parent->former->zones[parent->former_zone], name);
        return node != NULL && (node->flags & ZONE_NODE_CUT) != 0;
    }
    uint32_t node = zone_draft_find(parent->draft, name->octets, name->len);
    return node != ZONE_NONE && (parent->draft->nodes[node].flags & ZONE_NODE_CUT) != 0;
}

/* Is the name, of zone i, at or below another zone's apex? Then it is not what a query finds. */
static bool is_shadowed(const struct loading *l, size_t i, const uint8_t *name)
{
    size_t len = zone_name_len(name);

    for (; len > l->frozen[i].apex->len; len -= 1u + *name, name += 1u + *name)
        if (zone_named(l, name, len) != ZONE_NONE)
            return true;
    return false;
}

static bool mark_shadowed(struct loading *l, size_t i)
{
    struct zone_freeze_source *f = &l->frozen[i];
    uint32_t n = zone_freeze_source_nodes(f);

    if (f->is_shadowed != NULL)
        return true; /* for an earlier child */
    f->is_shadowed = calloc(n, sizeof *f->is_shadowed);
    for (uint32_t node = 0; f->is_shadowed != NULL && node < n; node++)
        f->is_shadowed[node] = is_shadowed(l, i, zone_freeze_source_name(f, node));
    return f->is_shadowed != NULL;
}

static bool settle_parent(struct loading *l, size_t i)
{
    const struct zone_freeze_source *child = &l->frozen[i];

    find_parent(l, i);
    if (child->parent == ZONE_NONE)
        return true;
    const struct zone_freeze_source *parent = &l->frozen[child->parent];
    if (!is_delegated(parent, child->apex))
        report_warning(l->report, parent->file, 0,
                       "the zone %s has no NS records at %s, which is a zone here: resolvers "
                       "elsewhere will not find it",
                       parent->name, child->name);
    return mark_shadowed(l, child->parent);
}

static struct zone_set *freeze(struct loading *l)
{
    struct zone_set *set = NULL;
    size_t i = 0;

    while (i < l->n && settle_parent(l, i))
        i++;
    if (i == l->n)
        set = zone_set_freeze(l->frozen, l->n, &l->key, l->began_ms);
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
    l->began_ms = clock_wall_ms();
    if (l->frozen == NULL || slots == NULL || rng_secret(secret, sizeof secret) != 0) {
        free(slots);
        return false;
    }
    if (l->former != NULL)
        l->key = l->former->key;
    else
        wire_hash_key_init(&l->key, secret);
    zone_table_init(&l->apexes, slots, n_slots);
    return true;
}

/* What many zones were read into lies below what was made of it, where the C library keeps it. */
static void end(struct loading *l)
{
    size_t names = 0;

    for (size_t i = 0; i < l->n && l->frozen != NULL; i++) {
        struct zone_draft *draft = l->frozen[i].draft;
        names += draft == NULL ? 0 : draft->n_nodes;
        zone_draft_free(draft);
        free(l->frozen[i].is_shadowed);
    }
    free(l->frozen);
    free(l->apexes.slots);
    if (names > TRIM_NAMES)
        malloc_trim(0);
}

struct zone_set *zone_set_from_sources_after(const struct zone_set *former,
                                             const struct zone_source *sources, size_t n,
                                             struct report *report)
{
    struct loading l = { .sources = sources, .n = n, .former = former, .report = report };
    struct zone_set *set = NULL;
    size_t errors = report_errors(report);

    if (n > UINT16_MAX) {
        report_error(report, NULL, 0, "%zu zones; at most %d are served", n, UINT16_MAX);
        return NULL;
    }
    if (begin(&l)) {
        for (size_t i = 0; i < n; i++)
            add_zone(&l, i);
        if (report_errors(report) == errors)
            set = freeze(&l);
    } else {
        report_error(report, NULL, 0, "the zones: out of memory");
    }
    end(&l);
    return set;
}

struct zone_set *zone_set_from_sources(const struct zone_source *sources, size_t n,
                                       struct report *report)
{
    return zone_set_from_sources_after(NULL, sources, n, report);
}

struct zone_set *zone_set_load(const struct conf *conf, struct report *report)
{
    return zone_set_load_after(NULL, conf, report);
}

struct zone_set *zone_set_load_after(const struct zone_set *former, const struct conf *conf,
                                     struct report *report)
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
    set = zone_set_from_sources_after(former, sources, conf->n_zones, report);
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

size_t zone_set_taken_over(const struct zone_set *set)
{
    return set->n_taken_over;
}

size_t zone_set_nodes(const struct zone_set *set)
{
    return set->n_nodes;
}

size_t zone_set_bytes(const struct zone_set *set)
{
    return sizeof *set + arena_bytes(set->arena);
}
