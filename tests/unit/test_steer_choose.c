/* test_steer_choose.c - choices against slow models of their own: distances by the haversine, shares
 * by counting, tables from scratch. */
#include "cm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/steer.h>

#include "steer/steer_choose.h"

enum { N_POPS = 9, N_PLACES = 300 };

struct fixture {
    struct conf *conf;
    struct geo *geo;
    struct steer_plans *plans;
    struct steer_health health[CONF_TARGETS_MAX];
    struct hash_key key;
    char networks[32];
    struct prefix where[N_PLACES]; /* the networks */
    double at[N_PLACES][2];
};

static void die(struct report *report)
{
    report_print(report, stderr);
    fail();
}

/* Networks of several lengths inside 20.0.0.0/6 and 2a00::/16, each at a random point. */
static void write_networks(struct fixture *f, struct rng *rng)
{
    strcpy(f->networks, "/tmp/waymark-nets-XXXXXX");
    FILE *out = fdopen(mkstemp(f->networks), "w");

    for (int i = 0; i < N_PLACES; i++) {
        struct prefix *p = &f->where[i];
        char text[PREFIX_TEXT_LEN];
        bool is_six = i % 3 == 0;
        *p = (struct prefix){ .addr = { .family = is_six ? 6 : 4 }, .bits = (uint8_t)(16 + i % 9) };
        p->addr.octets[0] = is_six ? 0x2a : (uint8_t)(20 + i / 100);
        p->addr.octets[1] = (uint8_t)(is_six ? i / 100 : i % 100 * 2);
        if (is_six)
            p->addr.octets[2] = (uint8_t)(i % 100);
        p->bits = (uint8_t)(is_six ? 24 + i % 9 : p->bits);
        f->at[i][0] = round((rng_unit(rng) * 170 - 85) * 100) / 100;
        f->at[i][1] = round((rng_unit(rng) * 359 - 179) * 100) / 100;
        fprintf(out, "%s country=DE at=%.2f,%.2f\n", prefix_format(p, text), f->at[i][0],
                f->at[i][1]);
    }
    fclose(out);
}

static void write_pops(FILE *out, struct rng *rng)
{
    fputs("pops: {\n", out);
    for (int i = 0; i < N_POPS; i++)
        fprintf(out,
                "  p%d: { at = [%.4f, %.4f]; addresses = [\"192.0.2.%d\"]; check = \"c\";"
                " weight = %d; bias = %d; };\n",
                i, rng_unit(rng) * 170 - 85, rng_unit(rng) * 359 - 179, i + 1, 10 + i * 20,
                i % 3 == 0 ? i * 5 - 20 : 0);
    fputs("};\n", out);
}

static struct fixture *build(const char *policy, const char *options, uint64_t seed)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct report *report = report_new();
    struct rng rng;
    char *text;
    size_t len;

    rng_seed(&rng, seed);
    write_networks(f, &rng);
    FILE *out = open_memstream(&text, &len);
    fprintf(out, "zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
                 "geo: { networks = \"%s\"; };\n"
                 "checks: { c: { url = \"tcp://{address}:1\"; }; };\n", f->networks);
    write_pops(out, &rng);
    fputs("services: ( { name = \"s\"; hosts = [\"s.x.example\"]; targets = [", out);
    for (int i = 0; i < N_POPS; i++)
        fprintf(out, "%s\"p%d\"", i > 0 ? ", " : "", i);
    fprintf(out, "]; %s policy = (%s); } );\n", options, policy);
    fclose(out);
    f->conf = conf_parse(text, len, "test", report);
    free(text);
    f->geo = f->conf == NULL ? NULL : geo_load(&f->conf->geo, report);
    f->plans = f->geo == NULL ? NULL : steer_plans_build(f->conf, f->geo, report);
    if (f->plans == NULL)
        die(report);
    report_free(report);
    for (size_t i = 0; i < f->conf->n_targets; i++)
        f->health[i] = (struct steer_health){ .up = UINT32_MAX, .horizon_s = STEER_STEADY };
    hash_key_init(&f->key, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    return f;
}

static void drop(struct fixture *f)
{
    steer_plans_free(f->plans);
    geo_free(f->geo);
    conf_unref(f->conf);
    unlink(f->networks);
    free(f);
}

static struct steer_table *compile(const struct fixture *f)
{
    struct steer_inputs *inputs = steer_inputs_new(f->conf, f->health);
    struct steer_table *table = steer_table_compile(f->plans, 0, inputs);

    steer_inputs_free(inputs);
    return table;
}

static struct steer_choice choose(const struct fixture *f, const struct steer_table *table,
                                  const struct addr *who, unsigned bits, int64_t now_ms)
{
    struct steer_client client = { .resolver = { .family = 4, .octets = { 9, 9, 9, 9 } } };
    struct rng rng;
    struct steer_moment moment = { .now_ms = now_ms, .rng = &rng };
    struct steer_choice choice;

    rng_seed(&rng, (uint64_t)now_ms);
    if (bits == 0)
        client.resolver = *who;
    else
        client.subnet = addr_mask(who, bits);
    steer_choose(f->plans, table, 0, WIRE_A, &client, &f->key, &moment, &choice);
    return choice;
}

/* The textbook's haversine, as an independent check of chords. */
static double haversine_km(double lat1, double lon1, double lat2, double lon2)
{
    double r = M_PI / 180, a = sin((lat2 - lat1) * r / 2), b = sin((lon2 - lon1) * r / 2);

    return 2 * 6371.0088 * asin(sqrt(a * a + cos(lat1 * r) * cos(lat2 * r) * b * b));
}

static double felt_km(const struct fixture *f, int pop, int place)
{
    const struct conf_target *t = &f->conf->targets[pop];
    double km = haversine_km(f->at[place][0], f->at[place][1], t->latitude, t->longitude);

    return t->bias >= 0 ? km * (1 - t->bias / 100.0) : km / (1 + t->bias / 100.0);
}

/* Is it as near as any that is up, within a metre of rounding? */
static void assert_nearest(const struct fixture *f, int chosen, int place)
{
    double best = INFINITY;

    for (int i = 0; i < N_POPS; i++)
        if (f->health[i].up != 0 && felt_km(f, i, place) < best)
            best = felt_km(f, i, place);
    assert_true(felt_km(f, chosen, place) <= best + 0.01);
}

static void the_nearest_that_is_up_is_chosen(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct fixture *f = build("\"healthy\", { stage = \"nearest\"; depth = 9; }", "", seed);
        struct rng rng;
        rng_seed(&rng, seed * 77);
        for (int round = 0; round < 10; round++) {
            struct steer_table *table = compile(f);
            for (int i = 0; i < N_PLACES; i++) {
                struct steer_choice c = choose(f, table, &f->where[i].addr, f->where[i].bits, 0);
                assert_int_equal(c.n, 1);
                assert_nearest(f, c.targets[0], i);
            }
            steer_table_unref(table);
            size_t flip = rng_next(&rng) % (N_POPS - 1) + 1; /* p0 stays up */
            f->health[flip].up = f->health[flip].up != 0 ? 0 : UINT32_MAX;
        }
        drop(f);
    }
}

static struct addr random_address(struct rng *rng)
{
    uint64_t x = rng_next(rng);
    struct addr a = { .family = x & 1 ? 4 : 6 };

    memcpy(a.octets, &x, 8);
    if (a.family == 4)
        memset(a.octets + 4, 0, 12);
    a.octets[0] = a.family == 6 ? 0x2a : (uint8_t)(20 + x % 4);
    if (a.family == 6)
        a.octets[1] %= 3;
    return a;
}

/* Random bits behind the scope. */
static struct addr neighbour(const struct addr *a, unsigned bits, struct rng *rng)
{
    struct addr n = addr_mask(a, bits);

    for (unsigned i = bits; i < addr_width(a); i++)
        if (rng_next(rng) & 1)
            n.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
    return n;
}

static void any_address_inside_a_scope_gets_the_same(void **state)
{
    struct fixture *f = build("\"healthy\", { stage = \"nearest\"; tie_pct = 20.0; }, \"weighted\"",
                              "", 3);
    struct steer_table *table = compile(f);
    struct rng rng;

    rng_seed(&rng, 42);
    for (int i = 0; i < 20000; i++) {
        struct addr a = random_address(&rng);
        unsigned width = addr_width(&a);
        struct steer_choice c = choose(f, table, &a, width, 1000000);
        struct addr b = neighbour(&a, c.scope_bits, &rng);
        struct steer_choice d = choose(f, table, &b, width, 1000000);
        assert_int_equal(c.scope_bits, d.scope_bits); /* scopes never overlap and differ */
        assert_int_equal(c.targets[0], d.targets[0]);
        assert_int_equal(c.ttl_s, d.ttl_s);
    }
    steer_table_unref(table);
    drop(f);
}

static void a_source_shorter_than_the_leaf_is_padded(void **state)
{
    struct fixture *f = build("\"healthy\", \"nearest\"", "", 4);
    struct steer_table *table = compile(f);

    for (int i = 0; i < N_PLACES; i++) {
        struct addr a = f->where[i].addr;
        struct addr padded = addr_mask(&a, 12);
        struct steer_choice c = choose(f, table, &a, 12, 0);
        struct steer_choice d = choose(f, table, &padded, addr_width(&a), 0);
        assert_int_equal(c.scope_bits, d.scope_bits);
        assert_int_equal(c.targets[0], d.targets[0]);
    }
    steer_table_unref(table);
    drop(f);
}

/* Chi-square with 8 degrees of freedom: 26.1 is exceeded by chance once in a thousand. */
static void assert_shares(const unsigned got[N_POPS], const struct fixture *f, unsigned n)
{
    double total = 0, chi = 0;

    for (int i = 0; i < N_POPS; i++)
        total += f->conf->targets[i].weight;
    for (int i = 0; i < N_POPS; i++) {
        double wanted = n * f->conf->targets[i].weight / total;
        chi += (got[i] - wanted) * (got[i] - wanted) / wanted;
    }
    assert_true(chi < 26.1);
}

static void weights_come_out_over_resolvers_and_over_windows(void **state)
{
    struct fixture *f = build("\"healthy\", \"weighted\"", "ttl_s = 30;", 5);
    struct steer_table *table = compile(f);
    unsigned over_resolvers[N_POPS] = { 0 }, over_windows[N_POPS] = { 0 };
    struct addr one = { .family = 4, .octets = { 20, 1, 1, 1 } };

    for (unsigned i = 0; i < 50000; i++) {
        struct addr a = { .family = 4, .octets = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        over_resolvers[choose(f, table, &a, 0, 0).targets[0]]++;
        over_windows[choose(f, table, &one, 0, (int64_t)i * 120000).targets[0]]++;
    }
    assert_shares(over_resolvers, f, 50000);
    assert_shares(over_windows, f, 50000);
    steer_table_unref(table);
    drop(f);
}

static void the_ttl_never_outlives_the_window(void **state)
{
    struct fixture *f = build("\"healthy\", \"weighted\"", "ttl_s = 30; window_s = 60;", 6);
    struct steer_table *table = compile(f);
    struct addr who = { .family = 4, .octets = { 20, 1, 1, 1 } };

    for (int64_t s = 0; s < 3000; s++) {
        struct steer_choice c = choose(f, table, &who, 0, s * 1000);
        assert_in_range(c.ttl_s, 1, 30);
        struct steer_choice last = choose(f, table, &who, 0, (s + c.ttl_s - 1) * 1000 + 999);
        assert_int_equal(c.targets[0], last.targets[0]);
    }
    steer_table_unref(table);
    drop(f);
}

static void windows_do_not_end_for_all_at_once(void **state)
{
    struct fixture *f = build("\"healthy\", \"weighted\"", "ttl_s = 1000; window_s = 100;", 7);
    struct steer_table *table = compile(f);
    unsigned ends[100] = { 0 };

    for (unsigned i = 0; i < 20000; i++) {
        struct addr a = { .family = 4, .octets = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        ends[choose(f, table, &a, 0, 0).ttl_s - 1]++;
    }
    for (int i = 0; i < 100; i++)
        assert_in_range(ends[i], 120, 280); /* 200 each, five deviations */
    steer_table_unref(table);
    drop(f);
}

static void two_servers_with_one_key_agree_and_another_key_differs(void **state)
{
    struct fixture *f = build("\"healthy\", \"weighted\"", "", 8);
    struct fixture *g = build("\"healthy\", \"weighted\"", "", 8);
    struct steer_table *tf = compile(f), *tg = compile(g);
    unsigned n_differ = 0;

    for (unsigned i = 0; i < 1000; i++) {
        struct addr a = { .family = 4, .octets = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        assert_int_equal(choose(f, tf, &a, 0, 5000).targets[0],
                         choose(g, tg, &a, 0, 5000).targets[0]);
    }
    hash_key_init(&g->key, (const uint8_t *)"another key of 32 octets........");
    for (unsigned i = 0; i < 1000; i++) {
        struct addr a = { .family = 4, .octets = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        n_differ += choose(f, tf, &a, 0, 5000).targets[0] != choose(g, tg, &a, 0, 5000).targets[0];
    }
    assert_in_range(n_differ, 500, 1000);
    steer_table_unref(tf);
    steer_table_unref(tg);
    drop(f);
    drop(g);
}

/* The draw is a contract between servers: this value must never change by accident. */
static void the_draw_is_the_same_on_every_machine(void **state)
{
    struct fixture *f = build("\"healthy\", \"weighted\"", "", 9);
    struct steer_table *table = compile(f);
    char drawn[33] = { 0 };

    for (unsigned i = 0; i < 32; i++) {
        struct addr a = { .family = 4, .octets = { 30, 0, (uint8_t)i, 1 } };
        drawn[i] = (char)('0' + choose(f, table, &a, 0, 1700000000000).targets[0]);
    }
    assert_string_equal(drawn, "58487735488384506843587726687885");
    steer_table_unref(table);
    drop(f);
}

static void several_are_drawn_without_repeats(void **state)
{
    struct fixture *f =
        build("\"healthy\", \"weighted\", { stage = \"take\"; n = 4; }", "", 10);
    struct steer_table *table = compile(f);
    unsigned first[N_POPS] = { 0 };

    for (unsigned i = 0; i < 50000; i++) {
        struct addr a = { .family = 4, .octets = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        struct steer_choice c = choose(f, table, &a, 0, 0);
        unsigned seen = 0;
        assert_int_equal(c.n, 4);
        for (unsigned k = 0; k < 4; k++)
            seen |= 1u << c.targets[k];
        assert_int_equal(__builtin_popcount(seen), 4);
        first[c.targets[0]]++;
    }
    assert_shares(first, f, 50000);
    steer_table_unref(table);
    drop(f);
}

static void the_explanation_comes_to_the_same_choice(void **state)
{
    struct fixture *f = build("\"healthy\", { stage = \"within\"; km = 9000; },"
                              " { stage = \"nearest\"; tie_pct = 30.0; depth = 3; }, \"weighted\"",
                              "", 11);
    struct steer_explanation *e = calloc(1, sizeof *e);
    struct rng rng, drawn;

    rng_seed(&rng, 1);
    f->health[2].up = 0;
    struct steer_inputs *inputs = steer_inputs_new(f->conf, f->health);
    struct steer_table *table = steer_table_compile(f->plans, 0, inputs);
    for (int i = 0; i < 2000; i++) {
        struct addr a = random_address(&rng);
        struct steer_client client = { .resolver = a };
        struct steer_moment moment = { .now_ms = i * 1000, .rng = &drawn };
        steer_explain(f->plans, table, inputs, f->geo, 0, WIRE_A, &client, &f->key, &moment, e);
        struct steer_choice c = choose(f, table, &a, 0, i * 1000);
        assert_int_equal(e->choice.n, c.n);
        assert_int_equal(e->choice.ttl_s, c.ttl_s);
        if (c.n > 0)
            assert_int_equal(e->choice.targets[0], c.targets[0]);
        assert_false(e->trace.is_truncated);
    }
    steer_table_unref(table);
    steer_inputs_free(inputs);
    free(e);
    drop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_that_is_up_is_chosen),
        cmocka_unit_test(any_address_inside_a_scope_gets_the_same),
        cmocka_unit_test(a_source_shorter_than_the_leaf_is_padded),
        cmocka_unit_test(weights_come_out_over_resolvers_and_over_windows),
        cmocka_unit_test(the_ttl_never_outlives_the_window),
        cmocka_unit_test(windows_do_not_end_for_all_at_once),
        cmocka_unit_test(two_servers_with_one_key_agree_and_another_key_differs),
        cmocka_unit_test(the_draw_is_the_same_on_every_machine),
        cmocka_unit_test(several_are_drawn_without_repeats),
        cmocka_unit_test(the_explanation_comes_to_the_same_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
