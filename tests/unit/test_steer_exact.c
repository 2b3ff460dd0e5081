/* test_steer_exact.c - random configurations: the compiled tables against a slow evaluation of its own,
 * written from the manual page and not from the code; scopes, which must be exact and as short as can
 * be; and two servers, which must agree. */
#include "cm.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/steer.h>

#include "steer/steer_choose.h"

enum { N_NETWORKS = 90, TARGETS_MAX = 10, CONFIGS = 160, ROUNDS = 6 };

/* ---- random configurations ---- */

struct world_of {
    struct conf *conf;
    struct geo *geo;
    struct steer_plans *plans;
    struct steer_health health[CONF_TARGETS_MAX];
    struct hash_key key;
    struct prefix networks[N_NETWORKS];
};

static const char *const countries[] = { "DE", "FR", "GB", "JP", "AU", "US", "BR" };
static const char *const continents[] = { "EU", "EU", "EU", "AS", "OC", "NA", "SA" };

static unsigned below(struct rng *rng, unsigned n)
{
    return (unsigned)(rng_next(rng) % n);
}

static void write_countries(const char *path)
{
    FILE *out = fopen(path, "w");

    for (size_t i = 0; i < COUNT_OF(countries); i++)
        fprintf(out, "%s,%s,%zu.5,%zu.25\n", countries[i], continents[i], i * 9, i * 20);
    fclose(out);
}

static void write_networks(struct world_of *w, const char *path, struct rng *rng)
{
    FILE *out = fopen(path, "w");
    char text[PREFIX_TEXT_LEN];

    for (unsigned i = 0; i < N_NETWORKS; i++) {
        struct prefix *p = &w->networks[i];
        bool is_six = i % 3 == 0;
        *p = (struct prefix){ .addr = { .family = is_six ? 6 : 4 } };
        p->addr.octets[0] = is_six ? 0x2a : (uint8_t)(20 + i % 2);
        p->addr.octets[1] = (uint8_t)(i * 2);
        p->bits = (uint8_t)(is_six ? 20 + below(rng, 40) : 16 + below(rng, 14));
        fprintf(out, "%s country=%s", prefix_format(p, text),
                countries[below(rng, COUNT_OF(countries))]);
        if (below(rng, 3) > 0)
            fprintf(out, " at=%.2f,%.2f", rng_unit(rng) * 170 - 85, rng_unit(rng) * 359 - 179);
        if (below(rng, 3) == 0)
            fprintf(out, " asn=%u", 100 + below(rng, 5));
        if (below(rng, 4) == 0)
            fprintf(out, " region=r%u", below(rng, 2));
        fputc('\n', out);
    }
    fclose(out);
}

static void write_prefix(FILE *out, const struct world_of *w, struct rng *rng)
{
    struct prefix p = w->networks[below(rng, N_NETWORKS)];
    char text[PREFIX_TEXT_LEN];

    p.bits = (uint8_t)(p.bits + below(rng, 4));
    fprintf(out, "prefixes = [\"%s\"]; ", prefix_format(&p, text));
}

/* Never empty. */
static void write_match(FILE *out, const struct world_of *w, bool has_regions, struct rng *rng)
{
    unsigned kinds = 1 + below(rng, has_regions ? 31 : 15);

    if (kinds & 1)
        fprintf(out, "continents = [\"%s\"]; ", continents[below(rng, COUNT_OF(continents))]);
    if (kinds & 2)
        fprintf(out, "countries = [\"%s\"]; ", countries[below(rng, COUNT_OF(countries))]);
    if (kinds & 4)
        fprintf(out, "asns = [%u]; ", 100 + below(rng, 5));
    if (kinds & 8)
        write_prefix(out, w, rng);
    if (kinds & 16)
        fprintf(out, "region = \"r%u\"; ", below(rng, 2));
}

static void write_target(FILE *out, const struct world_of *w, unsigned i, bool any_cname,
                         struct rng *rng)
{
    static const unsigned weights[] = { 0, 1, 25, 100, 100, 300 };
    unsigned kind = below(rng, any_cname ? 5 : 4);

    fprintf(out, "  t%u: { weight = %u; bias = %d; check = \"%s\"; ", i,
            weights[below(rng, COUNT_OF(weights))],
            below(rng, 3) == 0 ? (int)below(rng, 120) - 60 : 0, kind == 4 ? "n" : "a");
    if (below(rng, 5) > 0)
        fprintf(out, "at = (%.3f, %.3f); ", rng_unit(rng) * 170 - 85, rng_unit(rng) * 359 - 179);
    if (kind == 4)
        fprintf(out, "cname = \"t%u.cdn.example\"; ", i);
    else if (kind == 3)
        fprintf(out, "addresses = [\"%s%u\"]; ", below(rng, 2) ? "192.0.2." : "2001:db8::", i + 1);
    else
        fprintf(out, "addresses = [\"192.0.2.%u\", \"2001:db8::%u\"]; ", i + 1, i + 1);
    if (below(rng, 3) == 0) {
        fputs("serves = { ", out);
        write_match(out, w, true, rng);
        fputs("}; ", out);
    }
    fputs("};\n", out);
}

/* Some targets in random order, in tiers of one to three. */
static void write_order(FILE *out, unsigned n_targets, unsigned least, struct rng *rng)
{
    unsigned names[TARGETS_MAX], n = least + below(rng, n_targets - least + 1);

    for (unsigned i = 0; i < n_targets; i++)
        names[i] = i;
    for (unsigned i = 0; i < n_targets; i++) {
        unsigned k = below(rng, n_targets), t = names[i];
        names[i] = names[k];
        names[k] = t;
    }
    fputc('(', out);
    for (unsigned i = 0; i < n;) {
        unsigned tier = 1 + below(rng, 3);
        fputs(i > 0 ? ", [" : "[", out);
        for (unsigned k = 0; k < tier && i < n; k++, i++)
            fprintf(out, "%s\"t%u\"", k > 0 ? ", " : "", names[i]);
        fputc(']', out);
    }
    fputc(')', out);
}

static void write_region(FILE *out, const struct world_of *w, unsigned n_targets, struct rng *rng)
{
    unsigned n = 1 + below(rng, 4);

    fputs("{ stage = \"region\"; rules = (", out);
    for (unsigned i = 0; i < n; i++) {
        fprintf(out, "%s{ ", i > 0 ? ", " : "");
        write_match(out, w, true, rng);
        fputs("targets = ", out);
        write_order(out, n_targets, 1, rng);
        fprintf(out, "; %s}", below(rng, 3) == 0 ? "fallback = []; " : "");
    }
    fputs(")", out);
    if (below(rng, 2) == 0) {
        fputs("; others = ", out);
        write_order(out, n_targets, 1, rng);
    }
    fputs("; }, ", out);
}

static void write_policy(FILE *out, const struct world_of *w, unsigned n_targets, struct rng *rng)
{
    unsigned with = below(rng, 64);

    if (below(rng, 5) > 0)
        fputs("\"healthy\", ", out);
    if (with & 1)
        fprintf(out, "{ stage = \"fence\"; hard = %s; }, ", below(rng, 2) ? "true" : "false");
    if (with & 2)
        write_region(out, w, n_targets, rng);
    if (with & 4)
        fprintf(out, "{ stage = \"within\"; km = %u; }, ", 1000 + below(rng, 12000));
    if (with & 8) {
        fputs("{ stage = \"priority\"; targets = ", out);
        write_order(out, n_targets, 1, rng);
        fputs("; }, ", out);
    }
    if (with & 16)
        fprintf(out, "{ stage = \"nearest\"; tie_pct = %u; depth = %u; }, ", below(rng, 60),
                4 + below(rng, 3));
    if (with & 32 || below(rng, 2))
        fputs(below(rng, 2) ? "\"weighted\", " : "\"sticky\", ", out);
    if (below(rng, 3) == 0)
        fprintf(out, "{ stage = \"floor\"; targets = [\"t0\"%s]; pct = %u; }, ",
                n_targets > 2 && below(rng, 2) ? ", \"t1\"" : "", 1 + below(rng, 45));
    fprintf(out, "{ stage = \"take\"; n = %u; }", below(rng, 2) ? 1 : 1 + below(rng, 4));
}

static char *conf_text(const struct world_of *w, const char *networks, const char *points,
                       struct rng *rng)
{
    unsigned n = 2 + below(rng, TARGETS_MAX - 1);
    bool any_cname = below(rng, 2);
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    fprintf(out,
            "zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
            "geo: { networks = \"%s\"; countries = \"%s\"; };\n"
            "checks: { a: { url = \"tcp://{address}:1\"; }; n: { url = \"tcp://{cname}:1\"; }; };\n"
            "regions: { r0: { ", networks, points);
    write_match(out, w, false, rng);
    fputs("}; r1: { ", out);
    write_match(out, w, false, rng);
    fputs("}; };\nproviders: {\n", out);
    for (unsigned i = 0; i < n; i++)
        write_target(out, w, i, any_cname, rng);
    fputs("};\nservices: ( { name = \"s\"; hosts = [\"s.x.example\"]; targets = [", out);
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "%s\"t%u\"", i > 0 ? ", " : "", i);
    fprintf(out, "];\n %s policy = (", below(rng, 3) == 0 ? "addresses = 1;" : "");
    write_policy(out, w, n, rng);
    fputs("); } );\n", out);
    fclose(out);
    return text;
}

/* NULL: what was rolled makes no sense, and the configuration says so. */
static struct world_of *roll(uint64_t seed)
{
    struct world_of *w = calloc(1, sizeof *w);
    struct report *report = report_new();
    char networks[64], points[64];
    struct rng rng;

    rng_seed(&rng, seed);
    snprintf(networks, sizeof networks, "/tmp/waymark-exact-%d.nets", (int)getpid());
    snprintf(points, sizeof points, "/tmp/waymark-exact-%d.csv", (int)getpid());
    write_networks(w, networks, &rng);
    write_countries(points);
    char *text = conf_text(w, networks, points, &rng);
    w->conf = conf_parse(text, strlen(text), "rolled", report);
    free(text);
    if (w->conf != NULL) {
        w->geo = geo_load(&w->conf->geo, report);
        assert_non_null(w->geo);
        w->plans = steer_plans_build(w->conf, w->geo, report);
        assert_non_null(w->plans);
    }
    report_free(report);
    unlink(networks);
    unlink(points);
    hash_key_init(&w->key, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    for (size_t i = 0; w->conf != NULL && i < w->conf->n_targets; i++)
        w->health[i] = (struct steer_health){ .up = UINT32_MAX, .horizon_s = STEER_STEADY };
    return w;
}

static void drop(struct world_of *w)
{
    steer_plans_free(w->plans);
    geo_free(w->geo);
    conf_unref(w->conf);
    free(w);
}

/* ---- the slow evaluation ---- */

struct candidate {
    int target, tier;
    double rank, weight;
};

struct slow {
    const struct world_of *w;
    const struct conf_service *s;
    const struct geo_place *place;
    struct addr who;
    uint16_t type;
    bool ignores_verdicts;
    struct candidate c[TARGETS_MAX];
    int n;
};

static const struct conf_target *target_of(const struct slow *e, int i)
{
    return &e->w->conf->targets[e->c[i].target];
}

static bool has_family(const struct conf_target *t, int family)
{
    for (size_t i = 0; i < t->n_addresses; i++)
        if (t->addresses[i].family == family)
            return true;
    return false;
}

/* Both families, and no CNAME that all types would have to agree with: A and AAAA go their own ways. */
static bool types_differ(const struct slow *e)
{
    bool any4 = false, any6 = false, any_cname = false;

    for (size_t i = 0; i < e->s->n_targets; i++) {
        const struct conf_target *t = &e->w->conf->targets[e->s->targets[i]];
        any4 |= has_family(t, 4);
        any6 |= has_family(t, 6);
        any_cname |= t->cname != NULL;
    }
    return any4 && any6 && !any_cname;
}

static void keep(struct slow *e, const bool kept[])
{
    int n = 0;

    for (int i = 0; i < e->n; i++)
        if (kept[i])
            e->c[n++] = e->c[i];
    e->n = n;
}

/* Members of one tier by rank; a member starts a new tier when it is over the first one's rank by more
 * than the tie. */
static void resort(struct slow *e, double tie_pct)
{
    struct candidate out[TARGETS_MAX];
    bool used[TARGETS_MAX] = { false };
    double first = 0;
    int tier = -1, former = -1;

    for (int n = 0; n < e->n; n++) {
        int best = -1;
        for (int i = 0; i < e->n; i++)
            if (!used[i] && (best < 0 || e->c[i].tier < e->c[best].tier ||
                             (e->c[i].tier == e->c[best].tier && e->c[i].rank < e->c[best].rank)))
                best = i;
        used[best] = true;
        if (n == 0 || e->c[best].tier != former || e->c[best].rank > first * (1 + tie_pct / 100)) {
            tier++;
            first = e->c[best].rank;
        }
        former = e->c[best].tier;
        out[n] = e->c[best];
        out[n].tier = tier;
    }
    memcpy(e->c, out, sizeof out);
}

static int match_one(const struct slow *e, const struct conf_match *m)
{
    int best = 0;

    for (size_t i = 0; i < m->n_continents; i++)
        if (strcmp(m->continents[i], e->place->continent) == 0)
            best = best < 1 ? 1 : best;
    for (size_t i = 0; i < m->n_countries; i++)
        if (strcmp(m->countries[i], e->place->country) == 0)
            best = best < 2 ? 2 : best;
    for (size_t i = 0; i < m->n_asns; i++)
        if (m->asns[i] == e->place->asn)
            best = best < 4 ? 4 : best;
    for (size_t i = 0; i < m->n_prefixes; i++)
        if (prefix_contains(&m->prefixes[i], &e->who) && best < 10 + m->prefixes[i].bits)
            best = 10 + m->prefixes[i].bits;
    return best;
}

static int match(const struct slow *e, const struct conf_match *m)
{
    int best = match_one(e, m);

    for (size_t i = 0; i < m->n_regions; i++) {
        const struct conf_region *r = &e->w->conf->regions[m->regions[i]];
        int score = match_one(e, &r->match);
        if (e->place->region != NULL && strcmp(e->place->region, r->name) == 0 && score < 5)
            score = 5;
        best = best < score ? score : best;
    }
    return best;
}

static double km_to(const struct slow *e, const struct conf_target *t)
{
    double r = M_PI / 180;
    double a = sin((t->latitude - (double)e->place->latitude) * r / 2);
    double b = sin((t->longitude - (double)e->place->longitude) * r / 2);

    return 2 * 6371.0088 *
           asin(sqrt(a * a + cos((double)e->place->latitude * r) * cos(t->latitude * r) * b * b));
}

static void by_order(struct slow *e, const struct conf_order *o)
{
    for (int i = 0; i < e->n; i++) {
        e->c[i].rank = 1e9;
        for (size_t k = 0; k < o->n; k++)
            if (o->targets[k] == e->c[i].target)
                e->c[i].rank = o->tiers[k];
    }
    resort(e, 0);
}

static void slow_fence(struct slow *e, const struct conf_stage *stage)
{
    bool kept[TARGETS_MAX];

    for (int i = 0; i < e->n; i++) {
        const struct conf_target *t = target_of(e, i);
        kept[i] = !t->has_serves || match(e, &t->serves) > 0;
        e->c[i].rank = !kept[i];
    }
    if (stage->is_hard)
        keep(e, kept);
    else
        resort(e, 0);
}

static void slow_region(struct slow *e, const struct conf_stage *stage)
{
    const struct conf_rule *best = NULL;
    bool kept[TARGETS_MAX] = { false };
    int score = 0;

    for (size_t i = 0; i < stage->n_rules; i++)
        if (match(e, &stage->rules[i].match) > score) {
            best = &stage->rules[i];
            score = match(e, &best->match);
        }
    for (int i = 0; best != NULL && best->is_closed && i < e->n; i++)
        for (size_t k = 0; k < best->order.n; k++)
            kept[i] |= best->order.targets[k] == e->c[i].target;
    if (best != NULL && best->is_closed)
        keep(e, kept);
    by_order(e, best != NULL ? &best->order : &stage->order);
}

static void slow_within(struct slow *e, const struct conf_stage *stage)
{
    bool kept[TARGETS_MAX];

    for (int i = 0; i < e->n; i++)
        kept[i] = !e->place->has_point || !target_of(e, i)->has_place ||
                  km_to(e, target_of(e, i)) <= stage->km;
    keep(e, kept);
}

static bool is_standby(const struct slow *e, int target)
{
    for (size_t i = 0; i < e->s->n_stages; i++)
        for (size_t k = 0;
             e->s->stages[i].kind == CONF_STAGE_FLOOR && k < e->s->stages[i].order.n; k++)
            if (e->s->stages[i].order.targets[k] == target)
                return true;
    return false;
}

static void slow_nearest(struct slow *e, const struct conf_stage *stage)
{
    if (!e->place->has_point)
        return;
    for (int i = 0; i < e->n; i++) {
        const struct conf_target *t = target_of(e, i);
        double km = t->has_place ? km_to(e, t) : INFINITY;
        e->c[i].rank = t->bias >= 0 ? km * (1 - t->bias / 100.0) : km / (1 + t->bias / 100.0);
    }
    resort(e, stage->tie_pct);
}

/* `depth` counts what all static stages have left. */
static void slow_depth(struct slow *e, int depth)
{
    bool kept[TARGETS_MAX] = { false };

    for (int i = 0; i < e->n; i++)
        kept[i] = i < depth || (kept[i - 1] && !is_standby(e, e->c[i - 1].target) &&
                                e->c[i].tier == e->c[i - 1].tier) ||
                  (i >= depth && e->c[i].tier == e->c[depth - 1].tier) ||
                  is_standby(e, e->c[i].target);
    keep(e, kept);
}

static void slow_static(struct slow *e)
{
    int depth = 0;

    for (size_t i = 0; i < e->s->n_stages; i++) {
        const struct conf_stage *stage = &e->s->stages[i];
        switch (stage->kind) {
        case CONF_STAGE_FENCE:
            slow_fence(e, stage);
            break;
        case CONF_STAGE_REGION:
            slow_region(e, stage);
            break;
        case CONF_STAGE_WITHIN:
            slow_within(e, stage);
            break;
        case CONF_STAGE_PRIORITY:
            by_order(e, &stage->order);
            break;
        case CONF_STAGE_NEAREST:
            slow_nearest(e, stage);
            depth = stage->depth;
            break;
        default:
            break;
        }
    }
    if (depth > 0 && e->n > depth)
        slow_depth(e, depth);
}

static const struct conf_stage *stage_of(const struct slow *e, enum conf_stage_kind kind)
{
    for (size_t i = 0; i < e->s->n_stages; i++)
        if (e->s->stages[i].kind == kind)
            return &e->s->stages[i];
    return NULL;
}

static bool has_draw(const struct slow *e)
{
    return stage_of(e, CONF_STAGE_WEIGHTED) != NULL || stage_of(e, CONF_STAGE_STICKY) != NULL;
}

static bool lives(const struct slow *e, int i)
{
    const struct conf_target *t = target_of(e, i);
    uint32_t up = e->w->health[e->c[i].target].up;
    bool any = false;

    if (stage_of(e, CONF_STAGE_HEALTHY) == NULL || e->ignores_verdicts)
        return true;
    if (t->cname != NULL)
        return up & 1;
    for (size_t k = 0; k < t->n_addresses; k++)
        any |= (up >> k & 1) &&
               (!types_differ(e) || (t->addresses[k].family == 6) == (e->type == WIRE_AAAA));
    return any;
}

/* Tiers as they are served: the living, those with weight 0 behind the others of their tier. */
static void slow_dynamic(struct slow *e)
{
    bool kept[TARGETS_MAX];
    int n_alive = 0;

    for (int i = 0; i < e->n; i++)
        n_alive += lives(e, i);
    e->ignores_verdicts = n_alive == 0;
    for (int i = 0; i < e->n; i++)
        kept[i] = lives(e, i);
    keep(e, kept);
    for (int i = 0; i < e->n; i++) {
        e->c[i].weight = has_draw(e) ? target_of(e, i)->weight : 0;
        e->c[i].rank = has_draw(e) && e->c[i].weight == 0;
    }
    resort(e, 0);
    for (int i = 0; has_draw(e) && i < e->n; i++)
        e->c[i].weight += e->c[i].weight == 0;
}

/* The standbys join the first tier, and its weights become shares. */
static void slow_floor(struct slow *e)
{
    const struct conf_stage *floor = stage_of(e, CONF_STAGE_FLOOR);
    double share = floor == NULL ? 0 : floor->pct / 100;
    bool is_floored[TARGETS_MAX] = { false };

    if (floor == NULL || e->n == 0)
        return;
    for (int i = 0; i < e->n; i++) {
        bool is_first = has_draw(e) ? e->c[i].tier == 0 : i == 0;
        e->c[i].rank = is_first ? 0 : is_standby(e, e->c[i].target) ? 1 : 2 + i;
        e->c[i].weight = is_first && !has_draw(e) ? 1 : is_first ? e->c[i].weight : 0;
        if (e->c[i].rank < 2)
            e->c[i].tier = 0;
    }
    resort(e, 0);
    for (int i = 0; i < e->n && e->c[i].rank < 2; i++)
        e->c[i].tier = 0;
    for (bool again = true; again;) {
        double left = 1, total = 0;
        again = false;
        for (int i = 0; i < e->n && e->c[i].tier == 0; i++) {
            left -= is_floored[i] ? share : 0;
            total += is_floored[i] ? 0 : e->c[i].weight;
        }
        for (int i = 0; i < e->n && e->c[i].tier == 0; i++)
            if (!is_floored[i] && is_standby(e, e->c[i].target) &&
                e->c[i].weight * left < share * total - 1e-12)
                is_floored[i] = again = true;
        for (int i = 0; !again && i < e->n && e->c[i].tier == 0; i++)
            e->c[i].weight = is_floored[i] ? share : e->c[i].weight * left / total;
    }
}

static void slow_evaluate(struct slow *e)
{
    e->n = 0;
    for (size_t i = 0; i < e->s->n_targets; i++) {
        const struct conf_target *t = &e->w->conf->targets[e->s->targets[i]];
        if (!types_differ(e) || has_family(t, e->type == WIRE_AAAA ? 6 : 4))
            e->c[e->n++] = (struct candidate){ .target = e->s->targets[i] };
    }
    slow_static(e);
    slow_dynamic(e);
    slow_floor(e);
}

/* ---- table against slow evaluation ---- */

static void assert_first_tier(const struct slow *e, const struct steer_policy *p,
                              const struct steer_row *row, const struct steer_entry *entries)
{
    double total = 0, slow_total = 0;
    int n = 0;

    while (n < e->n && e->c[n].tier == e->c[0].tier)
        slow_total += e->c[n++].weight;
    assert_int_equal(row->n_first, n);
    for (int i = 0; i < n; i++)
        total += entries[i].weight;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < n && e->c[k].target != p->sites[entries[i].site].target)
            k++;
        assert_in_range(k, 0, n - 1);
        if (slow_total > 0)
            assert_true(fabs(entries[i].weight / total - e->c[k].weight / slow_total) < 1e-5);
        else
            assert_int_equal(k, i);
    }
    assert_int_equal(row->is_drawn, n > 1 && slow_total > 0 ? 1 : row->is_drawn);
    if (p->take == 1)
        assert_int_equal(row->is_drawn, n > 1 && slow_total > 0);
}

static void assert_row(const struct world_of *w, const struct steer_table *table,
                       const struct addr *who, uint16_t type)
{
    const struct steer_plan *plan = &w->plans->plans[0];
    const struct steer_policy *p = &plan->policy;
    struct steer_stand stand = steer_stand(plan, who, &(struct addr){ 0 });
    struct slow e = { .w = w, .s = &w->conf->services[0], .who = *who, .type = type };
    size_t r = (size_t)stand.class * p->n_groups + steer_policy_group(p, type);
    const struct steer_row *row = &table->rows[r];

    e.place = geo_locate(w->geo, who).place;
    slow_evaluate(&e);
    if (e.n == 0) {
        assert_int_equal(row->n, 0);
        return;
    }
    assert_true(row->n > 0);
    assert_int_equal(row->is_open, e.ignores_verdicts);
    assert_first_tier(&e, p, row, table->entries + row->first);
    for (unsigned i = 0; i < row->n && i < (unsigned)p->take; i++) { /* later ones tier by tier */
        const struct steer_entry *entry = &table->entries[row->first + i];
        assert_true(i == 0 || entry->tier >= entry[-1].tier);
    }
}

static struct steer_table *compile(const struct world_of *w)
{
    struct steer_inputs *inputs = steer_inputs_new(w->conf, w->health);
    struct steer_table *table = steer_table_compile(w->plans, 0, inputs);

    steer_inputs_free(inputs);
    assert_non_null(table);
    return table;
}

static void flip(struct world_of *w, struct rng *rng)
{
    for (size_t i = 0; i < w->conf->n_targets; i++)
        w->health[i].up = below(rng, 3) == 0 ? below(rng, 4) : UINT32_MAX;
}

static void every_row_is_what_the_manual_says(void **state)
{
    static const uint16_t types[] = { WIRE_A, WIRE_AAAA, WIRE_HTTPS, 15 };
    unsigned n_valid = 0;

    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct world_of *w = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed * 31);
        n_valid += w->plans != NULL;
        for (int round = 0; w->plans != NULL && round < ROUNDS; round++) {
            struct steer_table *table = compile(w);
            for (unsigned i = 0; i < N_NETWORKS; i++)
                for (size_t t = 0; t < COUNT_OF(types); t++)
                    assert_row(w, table, &w->networks[i].addr, types[t]);
            steer_table_unref(table);
            flip(w, &rng);
        }
        drop(w);
    }
    assert_in_range(n_valid, CONFIGS / 2, CONFIGS);
}

/* ---- after a verdict ---- */

/* Mostly one target, as it happens; sometimes only its horizon, sometimes nothing that counts. */
static void flip_one(struct world_of *w, struct rng *rng)
{
    struct steer_health *h = &w->health[below(rng, (unsigned)w->conf->n_targets)];

    if (below(rng, 3) > 0)
        h->up = below(rng, 4);
    if (below(rng, 3) == 0)
        h->horizon_s = below(rng, 2) ? STEER_STEADY : 1 + below(rng, 60);
}

static void assert_same_tables(const struct steer_table *a, const struct steer_table *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->n_entries, b->n_entries);
    assert_memory_equal(a->rows, b->rows, a->n_rows * sizeof *a->rows);
    assert_memory_equal(a->entries, b->entries, a->n_entries * sizeof *a->entries);
    assert_memory_equal(a->n_open, b->n_open, sizeof a->n_open);
    assert_int_equal(a->n_empty, b->n_empty);
}

/* How often the former table was good enough. */
static unsigned follow_verdicts(struct world_of *w, struct rng *rng)
{
    struct steer_inputs *was = steer_inputs_new(w->conf, w->health);
    struct steer_table *former = steer_table_compile(w->plans, 0, was);
    unsigned n_shared = 0;

    for (int round = 0; round < 4 * ROUNDS; round++) {
        for (unsigned i = 0; i <= below(rng, 3); i++)
            flip_one(w, rng);
        struct steer_inputs *is = steer_inputs_new(w->conf, w->health);
        struct steer_table *fresh = steer_table_compile(w->plans, 0, is);
        struct steer_table *table = steer_table_update(w->plans, 0, is, former, was);
        assert_same_tables(table, fresh);
        n_shared += table == former;
        steer_table_unref(fresh);
        steer_table_unref(former);
        steer_inputs_free(was);
        former = table;
        was = is;
    }
    steer_table_unref(former);
    steer_inputs_free(was);
    return n_shared;
}

static void an_updated_table_is_the_one_from_scratch(void **state)
{
    unsigned n_shared = 0, n_rounds = 0;

    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct world_of *w = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed * 37);
        if (w->plans != NULL) {
            n_shared += follow_verdicts(w, &rng);
            n_rounds += 4 * ROUNDS;
        }
        drop(w);
    }
    assert_in_range(n_shared, n_rounds / 20, n_rounds / 2);
}

/* ---- scopes ---- */

static struct addr random_client(const struct world_of *w, struct rng *rng)
{
    uint64_t x = rng_next(rng), y = rng_next(rng);
    struct addr a = { .family = x & 1 ? 4 : 6 };

    memcpy(a.octets, &x, 8);
    memcpy(a.octets + 8, &y, 8);
    if (a.family == 4)
        memset(a.octets + 4, 0, 12);
    if (y % 8 != 0) { /* mostly near the networks, half of them inside */
        const struct prefix *p = &w->networks[x % N_NETWORKS];
        struct addr near = p->addr;
        unsigned from = p->bits - (y >> 32) % 3;
        for (unsigned i = from; i < addr_width(&near); i++)
            if (a.octets[(i / 8) % 4] >> i % 8 & 1)
                near.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
        return near;
    }
    return a;
}

static struct steer_choice ask(const struct world_of *w, const struct steer_table *table,
                               const struct addr *who, unsigned source, int64_t now_ms)
{
    struct steer_client client = { .resolver = { .family = 4, .octets = { 9, 9, 9, 9 } } };
    struct rng rng;
    struct steer_moment moment = { .now_ms = now_ms, .rng = &rng };
    struct steer_choice choice;

    rng_seed(&rng, 1);
    if (source > 0)
        client.subnet = addr_mask(who, source);
    steer_choose(w->plans, table, 0, WIRE_A, &client, &w->key, &moment, &choice);
    return choice;
}

static struct addr other_inside(const struct addr *a, unsigned bits, struct rng *rng)
{
    struct addr n = addr_mask(a, bits);

    for (unsigned i = bits; i < addr_width(a); i++)
        if (rng_next(rng) & 1)
            n.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
    return n;
}

static void assert_same(const struct steer_choice *a, const struct steer_choice *b)
{
    assert_int_equal(a->n, b->n);
    for (unsigned i = 0; i < a->n; i++)
        assert_int_equal(a->targets[i], b->targets[i]);
    assert_int_equal(a->scope_bits, b->scope_bits); /* scopes never overlap and differ */
    assert_int_equal(a->ttl_s, b->ttl_s);
    assert_int_equal(a->turn, b->turn);
}

/* The network that differs from this one in its last bit only is of another class, or cut further. */
static void assert_shortest(const struct world_of *w, const struct addr *who, unsigned scope)
{
    const struct steer_plan *plan = &w->plans->plans[0];
    unsigned least = !plan->policy.is_sticky ? 0 : who->family == 4 ? 24 : 48;

    if (plan->view->geo == NULL) {
        assert_int_equal(scope, 0);
        return;
    }
    struct geo_cell cell = geo_view_find(plan->view->geo, who);
    if (plan->view->classes[cell.class].is_special)
        least = 0; /* the resolver decides, for all of the range */
    assert_int_equal(scope, cell.bits > least ? cell.bits : least);
    if (cell.bits == 0)
        return;
    struct addr sibling = addr_mask(who, cell.bits);
    sibling.octets[(cell.bits - 1) / 8] ^= (uint8_t)(0x80 >> (cell.bits - 1) % 8);
    struct geo_cell other = geo_view_find(plan->view->geo, &sibling);
    assert_true(other.bits > cell.bits || other.class != cell.class);
}

/* ---- the short way ---- */

static void roll_client(const struct world_of *w, struct rng *rng, struct steer_client *out)
{
    struct addr a = random_client(w, rng);

    *out = (struct steer_client){ .resolver = random_client(w, rng) };
    if (below(rng, 3) != 0)
        out->subnet = addr_mask(&a, 1 + below(rng, addr_width(&a)));
}

static void assert_usual(const struct world_of *w, const struct steer_table *table,
                         const struct steer_inputs *inputs, const struct steer_client *client,
                         const struct steer_asked *asked)
{
    struct steer_moment moment = { .now_ms = 1700000000000, .rng = &(struct rng){ { 1 } } };
    struct steer_choice c;

    steer_choose(w->plans, table, 0, asked->type, client, &w->key, &moment, &c);
    assert_int_equal(asked->scope_bits, c.scope_bits);
    if (asked->set == NULL)
        return;
    assert_int_equal(c.n, 1);
    assert_int_equal(c.addresses, 0);
    assert_false(c.is_open);
    assert_int_equal(asked->site, c.sites[0]);
    assert_int_equal(asked->ttl_s, c.ttl_s);
    assert_ptr_equal(asked->set, steer_records(inputs, c.targets[0], asked->type, c.is_blind));
}

static void assert_all_usual(const struct world_of *w, const struct steer_table *table,
                             const struct steer_inputs *inputs, struct rng *rng)
{
    const struct steer_table *const tables[] = { table };
    struct steer_client clients[STEER_ASKED_MAX];
    struct steer_asked asked[STEER_ASKED_MAX];
    size_t n = below(rng, STEER_ASKED_MAX + 1);

    for (size_t i = 0; i < n; i++) {
        roll_client(w, rng, &clients[i]);
        asked[i] = (struct steer_asked){ .type = i & 1 ? WIRE_A : WIRE_AAAA,
                                         .resolver = &clients[i].resolver,
                                         .subnet = &clients[i].subnet };
    }
    steer_choose_usual(w->plans, tables, inputs, asked, n);
    for (size_t i = 0; i < n; i++)
        assert_usual(w, table, inputs, &clients[i], &asked[i]);
}

static void the_short_way_comes_to_the_same_choice(void **state)
{
    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct world_of *w = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed * 11);
        for (int round = 0; w->plans != NULL && round < ROUNDS; round++) {
            struct steer_inputs *inputs = steer_inputs_new(w->conf, w->health);
            struct steer_table *table = steer_table_compile(w->plans, 0, inputs);
            for (int i = 0; i < 32; i++)
                assert_all_usual(w, table, inputs, &rng);
            steer_table_unref(table);
            steer_inputs_free(inputs);
            flip(w, &rng);
        }
        drop(w);
    }
}

static void scopes_are_exact_and_as_short_as_can_be(void **state)
{
    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct world_of *w = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed * 7);
        struct steer_table *table = w->plans == NULL ? NULL : compile(w);
        for (int i = 0; table != NULL && i < 1500; i++) {
            struct addr a = random_client(w, &rng);
            unsigned width = addr_width(&a), source = 8 + below(&rng, width - 7);
            struct steer_choice c = ask(w, table, &a, source, 1000000);
            struct addr sent = addr_mask(&a, source), b = other_inside(&sent, c.scope_bits, &rng);
            unsigned longer = c.scope_bits < source ? source : c.scope_bits;
            struct steer_choice d = ask(w, table, &b, width, 1000000);
            struct steer_choice e = ask(w, table, &b, longer > 0 ? longer : 1, 1000000);
            assert_same(&c, &d);
            assert_same(&c, &e);
            assert_shortest(w, &sent, c.scope_bits);
        }
        steer_table_unref(table);
        drop(w);
    }
}

static struct steer_choice ask_type(const struct world_of *w, const struct steer_table *table,
                                    const struct addr *resolver, uint16_t type)
{
    struct steer_client client = { .resolver = *resolver };
    struct steer_moment moment = { .now_ms = 1700000000000 };
    struct steer_choice choice;

    steer_choose(w->plans, table, 0, type, &client, &w->key, &moment, &choice);
    return choice;
}

static bool any_cname(const struct world_of *w)
{
    for (size_t i = 0; i < w->conf->n_targets; i++)
        if (w->conf->targets[i].cname != NULL)
            return true;
    return false;
}

/* Every type but AAAA goes where A goes; where a CNAME may come AAAA does so too, whatever is up. */
static void all_types_of_one_resolver_agree(void **state)
{
    unsigned n_with_cname = 0;

    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct world_of *w = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed * 3);
        for (int round = 0; w->plans != NULL && round < 3; round++) {
            struct steer_table *table = compile(w);
            for (int i = 0; i < 100; i++) {
                struct addr who = random_client(w, &rng);
                struct steer_choice a = ask_type(w, table, &who, WIRE_A);
                struct steer_choice https = ask_type(w, table, &who, WIRE_HTTPS);
                struct steer_choice cname = ask_type(w, table, &who, WIRE_CNAME);
                assert_same(&a, &https);
                assert_same(&a, &cname);
                if (!any_cname(w))
                    continue;
                struct steer_choice aaaa = ask_type(w, table, &who, WIRE_AAAA);
                assert_same(&a, &aaaa);
                n_with_cname++;
            }
            steer_table_unref(table);
            flip(w, &rng);
        }
        drop(w);
    }
    assert_true(n_with_cname > 1000);
}

static void servers_of_one_configuration_agree(void **state)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world_of *w = roll(seed), *v = roll(seed);
        struct rng rng;
        rng_seed(&rng, seed);
        struct steer_table *tw = w->plans == NULL ? NULL : compile(w);
        struct steer_table *tv = w->plans == NULL ? NULL : compile(v);
        for (int i = 0; tw != NULL && i < 500; i++) {
            struct addr a = random_client(w, &rng);
            struct steer_choice c = ask(w, tw, &a, addr_width(&a), i * 7000);
            struct steer_choice d = ask(v, tv, &a, addr_width(&a), i * 7000);
            assert_same(&c, &d);
        }
        steer_table_unref(tw);
        steer_table_unref(tv);
        drop(w);
        drop(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_what_the_manual_says),
        cmocka_unit_test(an_updated_table_is_the_one_from_scratch),
        cmocka_unit_test(the_short_way_comes_to_the_same_choice),
        cmocka_unit_test(scopes_are_exact_and_as_short_as_can_be),
        cmocka_unit_test(all_types_of_one_resolver_agree),
        cmocka_unit_test(servers_of_one_configuration_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
