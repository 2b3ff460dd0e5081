/* test_steer_draws.c - the shares of each kind of draw, over resolvers and over windows, by the chi-square
 * test; and what moves under `sticky` when a weight changes or a target goes. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/report.h>
#include <waymark/steer.h>

#include "steer/steer_log.h"
#include "steer/steer_plans.h"

enum { N = 5, DRAWS = 60000 };

struct bench {
    struct conf *conf;
    struct geo *geo;
    struct steer_plans *plans;
    struct steer_health health[N];
    struct hash_key key;
};

static struct bench *open_bench(const int weights[N], const char *policy, const char *options)
{
    struct bench *b = calloc(1, sizeof *b);
    struct report *report = report_new();
    char text[2048];
    int at = snprintf(text, sizeof text, "zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
                                         "checks: { c: { url = \"tcp://{address}:1\"; }; };\n"
                                         "providers: {\n");

    for (int i = 0; i < N; i++)
        at += snprintf(text + at, sizeof text - (size_t)at,
                       "t%d: { addresses = [\"192.0.2.%d\"]; weight = %d; check = \"c\"; };\n", i,
                       i + 1, weights[i]);
    snprintf(text + at, sizeof text - (size_t)at,
             "};\nservices: ( { name = \"s\"; hosts = [\"s.x.example\"]; targets = [\"t0\", \"t1\", "
             "\"t2\", \"t3\", \"t4\"]; %s policy = (%s); } );\n", options, policy);
    b->conf = conf_parse(text, strlen(text), "test", report);
    b->geo = b->conf == NULL ? NULL : geo_load(&b->conf->geo, report);
    b->plans = b->geo == NULL ? NULL : steer_plans_build(b->conf, b->geo, report);
    if (b->plans == NULL)
        report_print(report, stderr);
    assert_non_null(b->plans);
    report_free(report);
    for (int i = 0; i < N; i++)
        b->health[i] = (struct steer_health){ .up = 1, .horizon_s = STEER_STEADY };
    hash_key_init(&b->key, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    return b;
}

static void close_bench(struct bench *b)
{
    steer_plans_free(b->plans);
    geo_free(b->geo);
    conf_unref(b->conf);
    free(b);
}

static struct steer_table *compile(const struct bench *b)
{
    struct steer_inputs *inputs = steer_inputs_new(b->conf, b->health);
    struct steer_table *table = steer_table_compile(b->plans, 0, inputs);

    steer_inputs_free(inputs);
    return table;
}

static struct steer_client resolver(unsigned i)
{
    return (struct steer_client){
        .resolver = { .family = 4,
                      .octets = { (uint8_t)(30 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i, 7 } }
    };
}

static struct steer_client subnet(unsigned i)
{
    struct steer_client c = resolver(0);

    c.subnet = addr_mask(&(struct addr){ .family = 4, .octets = { (uint8_t)(60 + (i >> 16)),
                                           (uint8_t)(i >> 8), (uint8_t)i } }, 24);
    return c;
}

static int drawn(const struct bench *b, const struct steer_table *table,
                 const struct steer_client *client, int64_t now_ms, struct rng *rng)
{
    struct steer_moment moment = { .now_ms = now_ms, .rng = rng };
    struct steer_choice choice;

    steer_choose(b->plans, table, 0, WIRE_A, client, &b->key, &moment, &choice);
    return choice.targets[0];
}

/* 99.9 % of draws stay below these, for 1 to 4 degrees of freedom. */
static void assert_shares(const unsigned got[N], const double wanted[N], unsigned n)
{
    static const double limit[] = { 0, 10.83, 13.82, 16.27, 18.47 };
    double chi = 0;
    int freedom = -1;

    for (int i = 0; i < N; i++) {
        if (wanted[i] <= 0) {
            assert_int_equal(got[i], 0);
            continue;
        }
        double expected = wanted[i] * n;
        chi += (got[i] - expected) * (got[i] - expected) / expected;
        freedom++;
    }
    assert_true(chi <= limit[freedom]);
}

enum over { OVER_RESOLVERS, OVER_SUBNETS, OVER_WINDOWS };

static void draw_many(const struct bench *b, enum over over, unsigned got[N])
{
    struct steer_table *table = compile(b);
    struct rng rng;

    rng_seed(&rng, 11);
    memset(got, 0, N * sizeof *got);
    for (unsigned i = 0; i < DRAWS; i++) {
        struct steer_client c = over == OVER_RESOLVERS ? resolver(i)
                                : over == OVER_SUBNETS ? subnet(i)
                                                       : resolver(1);
        int64_t now_ms = over == OVER_WINDOWS ? (int64_t)i * 120000 : 1700000000000;
        got[drawn(b, table, &c, now_ms, &rng)]++;
    }
    steer_table_unref(table);
}

static const int even[N] = { 500, 250, 150, 99, 1 };
static const double even_shares[N] = { .5, .25, .15, .099, .001 };

static void weighted_keeps_its_shares_over_resolvers_and_windows(void **state)
{
    struct bench *b = open_bench(even, "\"healthy\", \"weighted\"", "");
    unsigned got[N];

    draw_many(b, OVER_RESOLVERS, got);
    assert_shares(got, even_shares, DRAWS);
    draw_many(b, OVER_WINDOWS, got);
    assert_shares(got, even_shares, DRAWS);
    close_bench(b);
}

static void a_draw_per_query_keeps_them_query_by_query(void **state)
{
    struct bench *b = open_bench(even, "\"healthy\", \"weighted\"", "draw = \"query\";");
    unsigned got[N];

    draw_many(b, OVER_WINDOWS, got);
    assert_shares(got, even_shares, DRAWS);
    close_bench(b);
}

static void sticky_keeps_them_over_resolvers_and_over_subnets(void **state)
{
    struct bench *b = open_bench(even, "\"healthy\", \"sticky\"", "");
    unsigned got[N];

    draw_many(b, OVER_RESOLVERS, got);
    assert_shares(got, even_shares, DRAWS);
    draw_many(b, OVER_SUBNETS, got);
    assert_shares(got, even_shares, DRAWS);
    close_bench(b);
}

static void sticky_never_moves_for_the_time(void **state)
{
    struct bench *b = open_bench(even, "\"healthy\", \"sticky\"", "");
    struct steer_table *table = compile(b);

    for (unsigned i = 0; i < 500; i++) {
        struct steer_client c = subnet(i);
        int first = drawn(b, table, &c, 0, NULL);
        for (int64_t day = 1; day < 50; day++)
            assert_int_equal(drawn(b, table, &c, day * 86400000, NULL), first);
    }
    steer_table_unref(table);
    close_bench(b);
}

static void a_floor_is_a_share_whatever_draws(void **state)
{
    static const int weights[N] = { 300, 100, 0, 0, 0 };
    static const char *const draws[] = { "weighted", "sticky" };
    unsigned got[N];

    for (size_t i = 0; i < COUNT_OF(draws); i++) {
        char policy[200];
        snprintf(policy, sizeof policy,
                 "\"healthy\", \"%s\", { stage = \"floor\"; targets = [\"t2\"]; pct = 10; }",
                 draws[i]);
        struct bench *b = open_bench(weights, policy, "");
        draw_many(b, OVER_RESOLVERS, got);
        assert_shares(got, (const double[N]){ .75 * .9, .25 * .9, .1, 0, 0 }, DRAWS);
        close_bench(b);
    }
}

static void weights_of_zero_share_evenly_once_they_serve(void **state)
{
    static const int weights[N] = { 100, 0, 0, 0, 0 };
    struct bench *b = open_bench(weights, "\"healthy\", \"weighted\"", "");
    unsigned got[N];

    draw_many(b, OVER_RESOLVERS, got);
    assert_shares(got, (const double[N]){ 1, 0, 0, 0, 0 }, DRAWS);
    b->health[0].up = 0;
    draw_many(b, OVER_RESOLVERS, got);
    assert_shares(got, (const double[N]){ 0, .25, .25, .25, .25 }, DRAWS);
    close_bench(b);
}

/* How many of the clients whom `a` and `b` send to different targets; each must have come to, or gone
 * from, target `only`. */
static unsigned count_moved(const struct bench *a, const struct bench *b, int only, bool is_gain)
{
    struct steer_table *ta = compile(a), *tb = compile(b);
    unsigned n = 0;

    for (unsigned i = 0; i < DRAWS; i++) {
        struct steer_client c = subnet(i);
        int was = drawn(a, ta, &c, 0, NULL), is = drawn(b, tb, &c, 0, NULL);
        if (was == is)
            continue;
        assert_int_equal(is_gain ? is : was, only);
        n++;
    }
    steer_table_unref(ta);
    steer_table_unref(tb);
    return n;
}

static void a_changed_weight_moves_just_its_own_share(void **state)
{
    static const int was[N] = { 100, 100, 100, 100, 100 }, is[N] = { 100, 100, 175, 100, 100 };
    struct bench *a = open_bench(was, "\"healthy\", \"sticky\"", "");
    struct bench *b = open_bench(is, "\"healthy\", \"sticky\"", "");
    double gain = 175.0 / 575 - 0.2; /* and five deviations either way */

    unsigned moved = count_moved(a, b, 2, true);
    assert_in_range(moved, (unsigned)(gain * DRAWS - 380), (unsigned)(gain * DRAWS + 380));
    assert_int_equal(count_moved(b, a, 2, false), moved);
    close_bench(a);
    close_bench(b);
}

static void who_dies_leaves_only_its_own_clients(void **state)
{
    struct bench *a = open_bench(even, "\"healthy\", \"sticky\"", "");
    struct bench *b = open_bench(even, "\"healthy\", \"sticky\"", "");

    b->health[1].up = 0;
    unsigned moved = count_moved(a, b, 1, false);
    assert_in_range(moved, DRAWS / 4 - 530, DRAWS / 4 + 530);
    close_bench(a);
    close_bench(b);
}

static void several_sticky_targets_are_a_ranking(void **state)
{
    struct bench *b =
        open_bench(even, "\"healthy\", \"sticky\", { stage = \"take\"; n = 3; }", "");
    struct steer_table *table = compile(b);

    for (unsigned i = 0; i < 2000; i++) {
        struct steer_client c = subnet(i);
        struct steer_moment moment = { 0 };
        struct steer_choice before, after;
        steer_choose(b->plans, table, 0, WIRE_A, &c, &b->key, &moment, &before);
        assert_int_equal(before.n, 3);
        b->health[before.targets[0]].up = 0;
        struct steer_table *without = compile(b);
        steer_choose(b->plans, without, 0, WIRE_A, &c, &b->key, &moment, &after);
        assert_int_equal(after.targets[0], before.targets[1]);
        assert_int_equal(after.targets[1], before.targets[2]);
        b->health[before.targets[0]].up = 1;
        steer_table_unref(without);
    }
    steer_table_unref(table);
    close_bench(b);
}

static void turns_give_every_address_the_same_share(void **state)
{
    uint8_t wire[2 * 5 * 14];
    struct wire_set set = { .type = WIRE_A, .count = 5, .wire_len = 5 * 14, .wire = wire };
    unsigned got[N] = { 0 };
    struct rng rng;

    for (size_t i = 0; i < sizeof wire; i++)
        wire[i] = (uint8_t)(i / 14 % 5);
    rng_seed(&rng, 1);
    for (unsigned i = 0; i < DRAWS; i++) {
        struct wire_set some = steer_some(&set, 2, (uint32_t)rng_next(&rng));
        assert_int_equal(some.count, 2);
        assert_int_equal(some.wire_len, 28);
        assert_int_equal(some.wire[14], (some.wire[0] + 1) % 5);
        got[some.wire[0]]++;
    }
    assert_shares(got, (const double[N]){ .2, .2, .2, .2, .2 }, DRAWS);
    assert_ptr_equal(steer_some(&set, 5, 77).wire, wire);
    assert_ptr_equal(steer_some(&set, 0, 77).wire, wire);
}

/* What servers agree on must not depend on a machine's mathematics. */
static void logarithms_are_integers_of_known_value(void **state)
{
    assert_true(steer_minus_log2(UINT64_C(1) << 63) == UINT64_C(1) << 32);
    assert_true(steer_minus_log2(UINT64_C(1) << 60) == UINT64_C(4) << 32);
    assert_true(steer_minus_log2(1) == UINT64_C(64) << 32);
    assert_true(steer_minus_log2(0) == UINT64_C(65) << 32);
    assert_true(steer_minus_log2(UINT64_MAX) == 1);
    uint64_t three_quarters = steer_minus_log2(UINT64_C(0xc000000000000000));
    assert_in_range(three_quarters, UINT64_C(1782572485), UINT64_C(1782572488));
}

static unsigned usual_scope(const struct bench *b, const struct steer_table *table,
                            const struct steer_client *c)
{
    struct steer_asked asked = { .type = WIRE_A, .resolver = &c->resolver, .subnet = &c->subnet };
    struct steer_inputs *inputs = steer_inputs_new(b->conf, b->health);
    const struct steer_table *const tables[] = { table };

    steer_choose_usual(b->plans, tables, inputs, &asked, 1);
    steer_inputs_free(inputs);
    return asked.scope_bits;
}

/* It keys on the client's prefix, so a cache may not hand the answer further. */
static void sticky_without_geography_has_the_scope_of_its_prefix(void **state)
{
    struct bench *b = open_bench(even, "\"healthy\", \"sticky\"", "");
    struct steer_table *table = compile(b);
    struct steer_client c = subnet(1);
    struct steer_moment moment = { .now_ms = 0 };
    struct steer_choice choice;

    steer_choose(b->plans, table, 0, WIRE_A, &c, &b->key, &moment, &choice);
    assert_int_equal(choice.scope_bits, 24);
    assert_int_equal(usual_scope(b, table, &c), 24);
    c.subnet.family = 0;
    assert_int_equal(usual_scope(b, table, &c), 0);
    steer_table_unref(table);
    close_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sticky_without_geography_has_the_scope_of_its_prefix),
        cmocka_unit_test(weighted_keeps_its_shares_over_resolvers_and_windows),
        cmocka_unit_test(a_draw_per_query_keeps_them_query_by_query),
        cmocka_unit_test(sticky_keeps_them_over_resolvers_and_over_subnets),
        cmocka_unit_test(sticky_never_moves_for_the_time),
        cmocka_unit_test(a_floor_is_a_share_whatever_draws),
        cmocka_unit_test(weights_of_zero_share_evenly_once_they_serve),
        cmocka_unit_test(a_changed_weight_moves_just_its_own_share),
        cmocka_unit_test(who_dies_leaves_only_its_own_clients),
        cmocka_unit_test(several_sticky_targets_are_a_ranking),
        cmocka_unit_test(turns_give_every_address_the_same_share),
        cmocka_unit_test(logarithms_are_integers_of_known_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
