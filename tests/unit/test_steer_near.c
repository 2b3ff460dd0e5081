/* test_steer_near.c - who is left out before distances are taken: the order of the rest must be the
 * one that all sites come to, for random policies, and for those where rounding decides. */
#include "cm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/conf.h>
#include <waymark/report.h>
#include <waymark/rng.h>

#include "steer/steer_near.h"

enum { SITES_MAX = STEER_SITES_MAX, CLIENTS = 120, CONFIGS = 500 };

/* Where sites and clients are, so that some of them are each other's neighbours, twins or
 * antipodes. */
struct map {
    size_t n, n_known;
    double at[SITES_MAX][2];
    double spread; /* degrees around the first one; 0: all over the world */
};

static unsigned below(struct rng *rng, unsigned n)
{
    return (unsigned)(rng_next(rng) % n);
}

static void anywhere(struct rng *rng, double at[2])
{
    at[0] = rng_unit(rng) * 180 - 90;
    at[1] = rng_unit(rng) * 360 - 180;
}

static void opposite(const double of[2], double at[2])
{
    at[0] = -of[0];
    at[1] = of[1] > 0 ? of[1] - 180 : of[1] + 180;
}

static double inside(double x, double most)
{
    return x > most ? most : x < -most ? -most : x;
}

static void beside(const double of[2], double spread, struct rng *rng, double at[2])
{
    at[0] = inside(of[0] + (rng_unit(rng) - 0.5) * spread, 90);
    at[1] = inside(of[1] + (rng_unit(rng) - 0.5) * spread, 180);
}

static void roll_point(const struct map *m, struct rng *rng, double at[2])
{
    const double *of = m->n_known > 0 ? m->at[below(rng, (unsigned)m->n_known)] : NULL;
    unsigned kind = below(rng, 8);

    if (of == NULL)
        anywhere(rng, at);
    else if (kind == 0)
        memcpy(at, of, 2 * sizeof *at);
    else if (kind == 1)
        opposite(of, at);
    else if (m->spread > 0)
        beside(m->at[0], m->spread, rng, at);
    else if (kind == 2)
        beside(of, 1e-3, rng, at);
    else
        anywhere(rng, at);
}

static void roll_map(struct map *m, struct rng *rng)
{
    static const double spreads[] = { 0, 0, 0, 40, 1, 1e-6, 1e-7 };

    m->n = below(rng, 12) == 0 ? 65 + below(rng, SITES_MAX - 64) : 2 + below(rng, 60);
    m->spread = spreads[below(rng, COUNT_OF(spreads))];
    for (m->n_known = 0; m->n_known < m->n; m->n_known++)
        roll_point(m, rng, m->at[m->n_known]);
}

static void write_target(FILE *out, const struct map *m, size_t i, unsigned biases, bool any_cname,
                         struct rng *rng)
{
    unsigned kind = below(rng, any_cname ? 7 : 6);

    fprintf(out, "  t%zu: { check = \"%s\"; ", i, kind == 6 ? "n" : "a");
    if (biases > 0)
        fprintf(out, "bias = %d; ", (int)below(rng, biases) - (int)biases / 2);
    if (below(rng, 10) > 0)
        fprintf(out, "at = (%.17e, %.17e); ", m->at[i][0], m->at[i][1]);
    if (kind == 6)
        fprintf(out, "cname = \"t%zu.cdn.example\"; };\n", i);
    else if (kind >= 4)
        fprintf(out, "addresses = [\"%s%zu\"]; };\n", kind == 4 ? "10.0.0." : "2001:db8::", i);
    else
        fprintf(out, "addresses = [\"10.0.0.%zu\", \"2001:db8::%zu\"]; };\n", i, i);
}

static double roll_tie(struct rng *rng)
{
    switch (below(rng, 4)) {
    case 0:
        return rng_unit(rng) * 100;
    case 1:
        return rng_unit(rng) * 1e-5;
    default:
        return 0;
    }
}

static struct conf *parse(const char *text, size_t len)
{
    struct report *report = report_new();
    struct conf *conf = conf_parse(text, len, "rolled", report);

    if (conf == NULL)
        report_print(report, stderr);
    report_free(report);
    assert_non_null(conf);
    return conf;
}

/* A policy with `nearest` between the two, or without. */
struct stages {
    const char *before, *after;
    bool has_no_nearest;
};

static struct conf *roll_conf(const struct map *m, const struct stages *stages, struct rng *rng)
{
    static const unsigned biases[] = { 0, 0, 3, 60, 199 };
    unsigned some = biases[below(rng, COUNT_OF(biases))];
    unsigned depth = 1 + below(rng, m->n < 64 ? (unsigned)m->n : 64);
    bool any_cname = below(rng, 4) == 0;
    char nearest[128], *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    depth = below(rng, 2) && depth > 4 ? 4 : depth;
    snprintf(nearest, sizeof nearest, "{ stage = \"nearest\"; tie_pct = %.9f; depth = %u; }",
             roll_tie(rng), depth);
    fputs("zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
          "checks: { a: { url = \"tcp://{address}:1\"; }; n: { url = \"tcp://{cname}:1\"; }; };\n"
          "providers: {\n", out);
    for (size_t i = 0; i < m->n; i++)
        write_target(out, m, i, some, any_cname, rng);
    fputs("};\nservices: ( { name = \"s\"; hosts = [\"s.x.example\"]; targets = [", out);
    for (size_t i = 0; i < m->n; i++)
        fprintf(out, "%s\"t%zu\"", i > 0 ? ", " : "", i);
    fputs("]; policy = (", out);
    fprintf(out, "%s%s%s", stages->before, stages->has_no_nearest ? "" : nearest, stages->after);
    fputs("); } );\n", out);
    fclose(out);
    struct conf *conf = parse(text, len);
    free(text);
    return conf;
}

/* ---- policies over which the order is built ---- */

struct desk {
    struct map map;
    struct conf *conf;
    struct arena *arena;
    struct steer_policy policy;
    struct steer_near near;
    struct steer_trace trace;
    struct steer_order all, some;
    struct steer_few few;
    size_t n_sites, n_picked; /* of all clients so far, for what nearest alone decides */
};

static void desk_fill(struct desk *d, struct conf *conf)
{
    d->conf = conf;
    d->arena = arena_new();
    assert_true(steer_policy_init(&d->policy, d->conf, &d->conf->services[0], d->arena));
    steer_near_init(&d->near, &d->policy);
}

static void desk_roll(struct desk *d, const struct stages *stages, struct rng *rng)
{
    roll_map(&d->map, rng);
    desk_fill(d, roll_conf(&d->map, stages, rng));
}

static void desk_clear(struct desk *d)
{
    arena_free(d->arena);
    conf_unref(d->conf);
}

static struct geo_place roll_place(const struct map *m, struct rng *rng)
{
    struct geo_place place = { .has_point = true };
    double at[2];

    if (below(rng, 3) == 0)
        anywhere(rng, at);
    else
        roll_point(m, rng, at);
    place.latitude = (float)at[0];
    place.longitude = (float)at[1];
    return place;
}

static void assert_same_order(const struct steer_order *a, const struct steer_order *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->items[i].site, b->items[i].site);
        assert_int_equal(a->items[i].tier, b->items[i].tier);
        assert_memory_equal(&a->items[i].km, &b->items[i].km, sizeof a->items[i].km);
    }
}

static void assert_place(struct desk *d, const struct geo_place *place)
{
    struct steer_spot spot = steer_spot(place, NULL);

    for (unsigned g = 0; g < d->policy.n_groups; g++) {
        if (!steer_near_pick(&d->near, g, &spot, &d->few))
            continue;
        d->trace = (struct steer_trace){ 0 };
        steer_order_build(&d->policy, g, &spot, NULL, &d->all, &d->trace);
        steer_order_build(&d->policy, g, &spot, &d->few, &d->some, NULL);
        assert_same_order(&d->all, &d->some);
        d->n_sites += d->policy.n_sites;
        d->n_picked += d->few.n;
    }
}

static void the_order_of_those_picked_is_the_order_of_all(void **state)
{
    static const struct stages policies[] = { { "", "", false },
                                              { "\"healthy\", ", "", false },
                                              { "\"healthy\", ", ", \"weighted\"", false },
                                              { "", ", \"sticky\"", false } };
    struct desk *d = calloc(1, sizeof *d);
    unsigned n_groups = 0;

    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        desk_roll(d, &policies[seed % COUNT_OF(policies)], &rng);
        n_groups += d->policy.n_groups;
        for (int i = 0; i < CLIENTS; i++) {
            struct geo_place place = roll_place(&d->map, &rng);
            assert_place(d, &place);
        }
        desk_clear(d);
    }
    assert_in_range(n_groups, CONFIGS + CONFIGS / 3, 2 * CONFIGS); /* of one family, and of two */
    assert_true(d->n_sites > CONFIGS * CLIENTS * 10);
    assert_in_range(d->n_picked, d->n_sites / 10, d->n_sites * 6 / 10);
    free(d);
}

/* How many clients had more sites than the depth, for ties. */
static unsigned assert_crowd(struct desk *d, const double around[2], double spread, double client,
                             struct rng *rng)
{
    unsigned n_tied = 0;

    d->map = (struct map){ .n = 2 + below(rng, 40) };
    for (; d->map.n_known < d->map.n; d->map.n_known++)
        beside(around, spread, rng, d->map.at[d->map.n_known]);
    desk_fill(d, roll_conf(&d->map, &(struct stages){ "", "", false }, rng));
    for (int i = 0; i < CLIENTS; i++) {
        double at[2];
        beside(around, client, rng, at);
        struct geo_place place = { .has_point = true, .latitude = (float)at[0],
                                   .longitude = (float)at[1] };
        d->all.n = 0;
        assert_place(d, &place);
        n_tied += d->all.n > (size_t)d->policy.depth;
    }
    desk_clear(d);
    return n_tied;
}

/* Distances that differ are one float, so that who is beyond the last one's bound ties with it all
 * the same: sites within a centimetre, and clients some hundred kilometres away; and floats so
 * small that they have no digits left. */
static void those_who_tie_by_rounding_are_picked(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    unsigned n_tied = 0, n_tied_at_zero = 0;

    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        double around[2];
        struct rng rng;
        rng_seed(&rng, seed);
        anywhere(&rng, around);
        n_tied += assert_crowd(d, around, 1e-7, seed % 2 ? 5 : 0.1, &rng);
        n_tied_at_zero += assert_crowd(d, (const double[2]){ 0, 0 }, 1e-44, 0, &rng);
    }
    assert_true(n_tied > CONFIGS * CLIENTS / 20);
    assert_true(n_tied_at_zero > CONFIGS * CLIENTS / 20);
    free(d);
}

static void nobody_is_left_out_where_more_than_nearest_decides(void **state)
{
    static const struct stages policies[] = {
        { "\"fence\", ", "", false },
        { "{ stage = \"within\"; km = 5000; }, ", "", false },
        { "{ stage = \"priority\"; targets = (\"t1\"); }, ", "", false },
        { "", ", \"weighted\", { stage = \"floor\"; targets = [\"t0\"]; pct = 10; }", false },
        { "\"healthy\"", "", true },
    };
    struct desk *d = calloc(1, sizeof *d);
    struct rng rng;

    rng_seed(&rng, 1);
    for (size_t i = 0; i < COUNT_OF(policies) * 10; i++) {
        desk_roll(d, &policies[i % COUNT_OF(policies)], &rng);
        struct geo_place place = roll_place(&d->map, &rng);
        struct steer_spot spot = steer_spot(&place, NULL);
        assert_false(steer_near_pick(&d->near, 0, &spot, &d->few));
        desk_clear(d);
    }
    free(d);
}

static void a_client_without_a_point_has_all_sites(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    struct geo_place nowhere = { .has_point = false };
    struct steer_spot spot = steer_spot(&nowhere, NULL);
    struct rng rng;

    rng_seed(&rng, 1);
    desk_roll(d, &(struct stages){ "", "", false }, &rng);
    assert_false(steer_near_pick(&d->near, 0, &spot, &d->few));
    desk_clear(d);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_those_picked_is_the_order_of_all),
        cmocka_unit_test(those_who_tie_by_rounding_are_picked),
        cmocka_unit_test(nobody_is_left_out_where_more_than_nearest_decides),
        cmocka_unit_test(a_client_without_a_point_has_all_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
