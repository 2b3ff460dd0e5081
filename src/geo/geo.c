/* geo.c - makes a base: databases in their order, AS numbers merged in, the overlay on top.
 * Runs on whatever thread loads; the result never changes. Views are in view.c. */
#include <waymark/geo.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/clock.h>
#include <waymark/conf.h>
#include <waymark/report.h>

#include "geo/base.h"
#include "geo/countries.h"
#include "geo/map.h"
#include "geo/mmdb.h"
#include "geo/networks.h"
#include "geo/overlay.h"
#include "geo/record.h"

enum { BUDGET_PER_OCTET = 32, BUDGET_FLOOR = 1 << 20 };

struct load {
    const struct conf_geo *conf;
    struct report *report;
    struct geo *geo;
    struct geo_countries countries;
    struct geo_networks networks;
    struct geo_map asn_pairs; /* (place, AS number) -> place */
    bool has_failed;          /* out of memory */
};

/* One database while it is read. */
struct reading {
    struct load *load;
    struct geo_mmdb mmdb;
    struct geo_layout layout;
    struct geo_shape shape;
    const char *source;
    bool is_asn;
    bool has_any;   /* some record said something */
    bool has_place; /* and more than an AS number */
};

/* ---- one record ---- */

/* A record without a city stands for its country, whose point the operator may have moved. */
static void complete(const struct geo_countries *countries, struct geo_place *p)
{
    const struct geo_country *c = geo_country_of(countries, p->country);

    if (p->continent[0] == '\0')
        memcpy(p->continent, c->continent, sizeof p->continent);
    if (p->city[0] != '\0')
        return;
    p->is_country_level = p->country[0] != '\0' || p->has_point;
    if (c->has_point) {
        p->has_point = true;
        p->latitude = c->latitude;
        p->longitude = c->longitude;
    }
}

static bool is_nowhere(const struct geo_place *p)
{
    return p->continent[0] == '\0' && p->country[0] == '\0' && !p->has_point &&
           p->city[0] == '\0' && p->subdivision[0] == '\0' && p->subdivision_code[0] == '\0';
}

static int read_record(struct reading *r, uint32_t offset, struct geo_place *place,
                       char why[static WHY_LEN])
{
    int err = geo_record_read(&r->layout, &r->shape, offset, r->load->geo->places, place, why);

    if (err != 0 || (is_nowhere(place) && place->asn == 0))
        return err;
    r->has_any = true;
    r->has_place |= !is_nowhere(place);
    if (!r->is_asn) {
        complete(&r->load->countries, place);
        place->source = r->source;
    }
    return 0;
}

/* All are read before the first is looked for among the known ones, so that the waits for the table
 * overlap. */
static int on_records(void *ctx, const uint32_t offsets[], uint32_t values[], size_t n,
                      char why[static WHY_LEN])
{
    struct reading *r = ctx;
    struct geo_places *places = r->load->geo->places;
    struct geo_place read[GEO_RECORDS_MAX];
    uint32_t hashes[GEO_RECORDS_MAX];
    int err = 0;

    for (size_t i = 0; i < n && err == 0; i++) {
        err = read_record(r, offsets[i], &read[i], why);
        hashes[i] = r->is_asn ? 0 : geo_places_ask(places, &read[i]);
    }
    for (size_t i = 0; i < n && err == 0; i++) {
        values[i] = r->is_asn ? read[i].asn : geo_places_add_asked(places, &read[i], hashes[i]);
        if (!r->is_asn && values[i] == GEO_PLACES_FULL)
            err = why_set(why, -ENOMEM, "out of memory");
    }
    return err;
}

/* ---- one database ---- */

static void warn_of_useless_paths(const struct reading *r, const char *path)
{
    for (size_t i = 0; i < r->layout.n; i++) {
        if ((r->layout.named & ~r->layout.hits & 1u << i) != 0)
            report_warning(r->load->report, path, 0,
                           "no record has the field \"%s\" that "
                           "geo.fields names",
                           r->layout.paths[i].text);
    }
}

/* Fills v4 and v6, which are empty, with places or AS numbers. 0 or -errno with `why`. */
static int read_database(struct reading *r, const char *path, struct geo_seq *v4,
                         struct geo_seq *v6, size_t *n, char why[static WHY_LEN])
{
    int err = geo_layout_init(&r->layout, &r->load->conf->fields, r->is_asn, why);

    if (err == 0)
        err = geo_mmdb_open(path, &r->mmdb, why);
    if (err != 0)
        return err;
    r->shape = (struct geo_shape){
        .data = r->mmdb.db.data_section,
        .size = r->mmdb.data_size,
        .paths = r->layout.paths,
        .n_paths = r->layout.n,
        .budget = BUDGET_FLOOR + (uint64_t)BUDGET_PER_OCTET * r->mmdb.data_size,
    };
    r->source = geo_places_text(r->load->geo->places, path, strlen(path));
    if (r->source == NULL)
        return why_set(why, -ENOMEM, "out of memory");
    err = geo_mmdb_walk(&r->mmdb, on_records, r, v4, v6, n, why);
    if (err == 0 && r->has_any && !r->is_asn && !r->has_place)
        return why_set(why, -EINVAL,
                       "holds no places, only AS numbers: it belongs to geo.asn_databases");
    if (err == 0 && !r->has_any)
        err = why_set(why, -EINVAL,
                      r->is_asn ? "no record has an AS number: is it a city or country "
                                  "database? Those belong in geo.databases"
                                : "no record has a country or coordinates; name their "
                                  "fields in geo.fields");
    return err;
}

static void add_source(struct load *l, const char *path, const char *type, int64_t built_s,
                       size_t networks, int64_t since_us)
{
    struct geo *g = l->geo;
    struct geo_source *s = &g->sources[g->n_sources];

    *s = (struct geo_source){ .path = arena_text(g->arena, path),
                              .type = arena_text(g->arena, type),
                              .built_s = built_s,
                              .networks = networks,
                              .load_ms = (uint32_t)((clock_steady_us() - since_us) / 1000) };
    if (s->path == NULL || s->type == NULL)
        l->has_failed = true;
    else
        g->n_sources++;
}

/* ---- joining ---- */

static uint32_t first_that_knows(void *ctx, uint32_t a, uint32_t b)
{
    return a != GEO_PLACE_EMPTY ? a : b;
}

static uint32_t with_asn(void *ctx, uint32_t place, uint32_t asn)
{
    struct load *l = ctx;
    bool is_new;

    if (asn == 0)
        return place;
    uint32_t *slot = geo_map_at(&l->asn_pairs, (uint64_t)place << 32 | asn, &is_new);
    if (slot != NULL && is_new) {
        struct geo_place p = *geo_places_at(l->geo->places, place);
        p.asn = asn;
        *slot = geo_places_add(l->geo->places, &p);
    }
    if (slot == NULL || *slot == GEO_PLACES_FULL) {
        l->has_failed = true;
        return place;
    }
    return *slot;
}

/* `base` becomes the join of both; `more` is used up. */
static void merge(struct load *l, struct geo_seq *base, struct geo_seq *more, geo_seq_join_cb *join)
{
    struct geo_seq out;
    bool is_blank = base->n == 1 && base->value[0] == GEO_PLACE_EMPTY;

    geo_seq_init(&out);
    if (more->n == 1 && more->value[0] == 0) {
        geo_seq_fini(more);
        return;
    }
    if (is_blank && join == first_that_knows) {
        geo_seq_fini(base);
        *base = *more;
        geo_seq_init(more);
        return;
    }
    if (!geo_seq_overlay(base, more, join, l, &out))
        l->has_failed = true; /* and nobody will look at the list that was cut short */
    geo_seq_fini(base);
    geo_seq_fini(more);
    *base = out;
}

static void load_database(struct load *l, const char *path, bool is_asn)
{
    struct reading r = { .load = l, .is_asn = is_asn };
    struct geo_seq v4, v6;
    char why[WHY_LEN];
    int64_t since_us = clock_steady_us();
    size_t n = 0;

    geo_seq_init(&v4);
    geo_seq_init(&v6);
    int err = read_database(&r, path, &v4, &v6, &n, why);
    if (err != 0) {
        report_error(l->report, path, 0, "%s", why);
    } else {
        warn_of_useless_paths(&r, path);
        merge(l, &l->geo->v4, &v4, is_asn ? with_asn : first_that_knows);
        merge(l, &l->geo->v6, &v6, is_asn ? with_asn : first_that_knows);
        add_source(l, path, r.mmdb.db.metadata.database_type,
                   (int64_t)r.mmdb.db.metadata.build_epoch, n, since_us);
    }
    geo_seq_fini(&v4);
    geo_seq_fini(&v6);
    geo_mmdb_close(&r.mmdb);
}

/* ---- all of it ---- */

/* The configuration's points come before the file's. */
static void set_points(struct geo_countries *countries, const struct conf_geo *conf)
{
    for (size_t i = 0; i < conf->n_points; i++)
        geo_country_move(countries, conf->points[i].country, (float)conf->points[i].latitude,
                         (float)conf->points[i].longitude);
}

/* A country that nobody knows has no continent and no point: a slip, most likely. */
static void warn_of_odd_countries(const struct load *l)
{
    for (size_t i = 0; i < l->networks.n && l->countries.n > 0; i++) {
        const struct geo_network *n = &l->networks.list[i];
        if (n->has_country && geo_country_of(&l->countries, n->country)->line == 0)
            report_warning(l->report, l->conf->networks, n->line,
                           "country %s is not in %s, so its continent is not known: a slip?",
                           n->country, l->conf->countries);
    }
}

static void load_texts(struct load *l)
{
    int64_t since_us = clock_steady_us();

    if (l->conf->countries != NULL &&
        geo_countries_load(&l->countries, l->conf->countries, l->report))
        add_source(l, l->conf->countries, "countries", 0, l->countries.n, since_us);
    set_points(&l->countries, l->conf);
    since_us = clock_steady_us();
    if (l->conf->networks != NULL && geo_networks_load(&l->networks, l->conf->networks, l->report))
        add_source(l, l->conf->networks, "networks", 0, l->networks.n, since_us);
    warn_of_odd_countries(l);
}

static void apply_overlay(struct load *l)
{
    struct geo_overlay overlay = { .networks = &l->networks,
                                   .countries = &l->countries,
                                   .places = l->geo->places };
    const char *path = l->conf->networks == NULL ? "" : l->conf->networks;

    geo_map_init(&overlay.by_pair);
    overlay.networks_path = geo_places_text(l->geo->places, path, strlen(path));
    if (overlay.networks_path == NULL || !geo_overlay_apply(&overlay, 4, &l->geo->v4) ||
        !geo_overlay_apply(&overlay, 6, &l->geo->v6))
        l->has_failed = true;
    geo_overlay_fini(&overlay);
}

static struct geo *geo_new(const struct conf_geo *conf)
{
    struct geo *g = calloc(1, sizeof *g);

    if (g == NULL)
        return NULL;
    atomic_init(&g->refs, 1);
    geo_seq_init(&g->v4);
    geo_seq_init(&g->v6);
    g->places = geo_places_new();
    g->arena = arena_new();
    g->sources = calloc(conf->n_databases + conf->n_asn_databases + 2, sizeof *g->sources);
    if (g->places == NULL || g->arena == NULL || g->sources == NULL ||
        !geo_reuse_init(&g->reuse, conf, g->arena) || !geo_seq_add(&g->v4, 0, GEO_PLACE_EMPTY) ||
        !geo_seq_add(&g->v6, 0, GEO_PLACE_EMPTY)) {
        geo_free(g);
        return NULL;
    }
    return g;
}

static void load_all(struct load *l)
{
    const struct conf_geo *conf = l->conf;
    size_t before = report_errors(l->report);

    load_texts(l);
    for (size_t i = 0; i < conf->n_databases && !l->has_failed; i++)
        load_database(l, conf->databases[i], false);
    for (size_t i = 0; i < conf->n_asn_databases && !l->has_failed; i++)
        load_database(l, conf->asn_databases[i], true);
    if (!l->has_failed && report_errors(l->report) == before) {
        apply_overlay(l);
        if (!l->has_failed && (!geo_seq_finish(&l->geo->v4) || !geo_seq_finish(&l->geo->v6)))
            l->has_failed = true;
        geo_places_finish(l->geo->places);
    }
    if (l->has_failed)
        report_error(l->report, "", 0, "out of memory while loading the geographic databases");
}

struct geo *geo_load(const struct conf_geo *conf, struct report *report)
{
    return geo_load_after(NULL, conf, report);
}

struct geo *geo_load_after(struct geo *former, const struct conf_geo *conf, struct report *report)
{
    if (former != NULL && geo_reuse_is_possible(&former->reuse, conf)) {
        atomic_fetch_add(&former->refs, 1);
        return former;
    }

    struct load l = { .conf = conf, .report = report, .geo = geo_new(conf) };
    size_t before = report_errors(report), warnings = report_warnings(report);

    if (l.geo == NULL) {
        report_error(report, "", 0, "out of memory while loading the geographic databases");
        return NULL;
    }
    geo_map_init(&l.asn_pairs);
    load_all(&l);
    geo_map_fini(&l.asn_pairs);
    geo_networks_free(&l.networks);
    l.geo->reuse.is_firm &= report_warnings(report) == warnings;
    if (report_errors(report) == before)
        return l.geo;
    geo_free(l.geo);
    return NULL;
}

void geo_free(struct geo *geo)
{
    if (geo == NULL || atomic_fetch_sub(&geo->refs, 1) != 1)
        return;
    geo_reuse_fini(&geo->reuse);
    geo_places_free(geo->places);
    geo_seq_fini(&geo->v4);
    geo_seq_fini(&geo->v6);
    free(geo->sources);
    arena_free(geo->arena);
    free(geo);
}

struct geo_location geo_locate(const struct geo *geo, const struct addr *who)
{
    const struct geo_seq *seq = who->family == 4 ? &geo->v4 : &geo->v6;

    if (who->family == 0)
        return (struct geo_location){ .place = geo_places_at(geo->places, GEO_PLACE_EMPTY) };
    size_t i = geo_seq_find(seq, geo_pos_of(who));
    return (struct geo_location){ .place = geo_places_at(geo->places, seq->value[i]),
                                  .bits = seq->bits[i] };
}

size_t geo_sources(const struct geo *geo)
{
    return geo->n_sources;
}

const struct geo_source *geo_source_at(const struct geo *geo, size_t i)
{
    return &geo->sources[i];
}

size_t geo_bytes(const struct geo *geo)
{
    return sizeof *geo + geo_places_bytes(geo->places) + geo_seq_bytes(&geo->v4) +
           geo_seq_bytes(&geo->v6) + arena_bytes(geo->arena);
}

size_t geo_places(const struct geo *geo)
{
    return geo_places_count(geo->places);
}

const struct geo_place *geo_place_at(const struct geo *geo, size_t i)
{
    return geo_places_at(geo->places, (uint32_t)i);
}
