/* test_world_exact.c - worlds that share with their predecessor what did not change: after any run of
 * verdicts every table is what compiling from scratch gives. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/world.h>

#include "steer/steer_table.h"

enum { N_TARGETS = 12, N_SERVICES = 10, ROUNDS = 200 };

static const char *const policies[] = {
    "\"healthy\", \"priority\"",
    "\"healthy\", \"weighted\"",
    "\"healthy\", \"sticky\", { stage = \"take\"; n = 2; }",
    "\"healthy\", { stage = \"nearest\"; tie_pct = 25; }, \"weighted\"",
    "\"healthy\", \"priority\", { stage = \"floor\"; targets = [\"%s\"]; pct = 5; }",
};

/* %s stands for the standby. */
static void write_policy(FILE *out, const char *policy, const char *standby)
{
    const char *at = strstr(policy, "%s");

    if (at == NULL)
        fputs(policy, out);
    else
        fprintf(out, "%.*s%s%s", (int)(at - policy), policy, standby, at + 2);
}

static void write_services(FILE *out, struct rng *rng)
{
    fputs("services: (\n", out);
    for (unsigned i = 0; i < N_SERVICES; i++) {
        unsigned from = (unsigned)(rng_next(rng) % 8), n = 2 + (unsigned)(rng_next(rng) % 4);
        char standby[8];
        fprintf(out, "%s{ name = \"s%u\"; hosts = [\"s%u.x.example\"]; targets = [", i ? ", " : "",
                i, i);
        for (unsigned k = from; k < from + n && k < N_TARGETS; k++)
            fprintf(out, "%s\"t%u\"", k > from ? ", " : "", k);
        snprintf(standby, sizeof standby, "t%u", from + 1);
        fputs("]; policy = (", out);
        write_policy(out, policies[i % COUNT_OF(policies)], standby);
        fputs("); }\n", out);
    }
    fputs(");\n", out);
}

static char *conf_text(const char *zone, struct rng *rng)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    fprintf(out,
            "zones: ( { name = \"x.example\"; file = \"%s\"; } );\n"
            "checks: { c: { url = \"tcp://{address}:1\"; }; };\npops: {\n", zone);
    for (unsigned i = 0; i < N_TARGETS; i++)
        fprintf(out,
                "t%u: { at = [%u.5, %u.0]; addresses = [\"192.0.2.%u\", \"2001:db8::%u\"]; "
                "check = \"c\"; weight = %u; };\n", i, i * 5, i * 11, i + 1, i + 1, i % 4 * 50);
    fputs("};\n", out);
    write_services(out, rng);
    fclose(out);
    return text;
}

static void write_zone(const char *path)
{
    FILE *out = fopen(path, "w");

    fputs("$ORIGIN x.example.\n$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ NS ns2\n"
          "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n", out);
    for (int i = 0; i < N_SERVICES; i++)
        fprintf(out, "s%d A 192.0.2.3\n", i);
    fclose(out);
}

static struct world_hub *load(const char *zone, struct rng *rng)
{
    struct report *report = report_new();
    struct world_hub *hub = world_hub_new();
    char *text = conf_text(zone, rng);
    struct conf *conf = conf_parse(text, strlen(text), "test.conf", report);

    if (conf == NULL || !world_load(hub, conf, report))
        report_print(report, stderr);
    assert_int_equal(report_errors(report), 0);
    conf_unref(conf);
    report_free(report);
    free(text);
    return hub;
}

static void set_random_verdicts(struct world_hub *hub, struct rng *rng)
{
    struct world_verdict v[4];
    char names[4][8];
    size_t n = 1 + rng_next(rng) % COUNT_OF(v);

    for (size_t i = 0; i < n; i++) {
        uint64_t x = rng_next(rng);
        snprintf(names[i], sizeof names[i], "t%u", (unsigned)(x % N_TARGETS));
        v[i] = (struct world_verdict){ .target = names[i],
                                       .address = x >> 8 & 1,
                                       .is_up = x >> 9 & 1,
                                       .horizon_s = x >> 10 & 1 ? STEER_STEADY : 20 };
    }
    assert_int_equal(world_set_verdicts(hub, v, n, NULL), 0);
}

static void assert_from_scratch(const struct world *world)
{
    for (size_t p = 0; p < steer_plans_count(world->base->plans); p++) {
        struct steer_table *fresh = steer_table_compile(world->base->plans, p, world->inputs);
        const struct steer_table *t = world->tables[p];
        assert_int_equal(t->n_rows, fresh->n_rows);
        assert_int_equal(t->n_entries, fresh->n_entries);
        assert_memory_equal(t->rows, fresh->rows, t->n_rows * sizeof *t->rows);
        assert_memory_equal(t->entries, fresh->entries, t->n_entries * sizeof *t->entries);
        steer_table_unref(fresh);
    }
}

static void shared_tables_are_those_from_scratch(void **state)
{
    char zone[64];
    struct rng rng;

    snprintf(zone, sizeof zone, "/tmp/waymark-exact-%d.zone", (int)getpid());
    write_zone(zone);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        rng_seed(&rng, seed);
        struct world_hub *hub = load(zone, &rng);
        for (int round = 0; round < ROUNDS; round++) {
            struct world_hold *hold;
            set_random_verdicts(hub, &rng);
            assert_from_scratch(world_hold(hub, &hold));
            world_release(hold);
        }
        world_hub_free(hub);
    }
    unlink(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_tables_are_those_from_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
