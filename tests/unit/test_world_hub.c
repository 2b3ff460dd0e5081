/* test_world_hub.c - readers under way while verdicts flip and worlds are loaded. Run it under the
 * thread sanitizer: what it asserts is that no answer is ever torn. */
#include "cm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/dns.h>
#include <waymark/rcu.h>
#include <waymark/report.h>
#include <waymark/world.h>

enum { N_READERS = 3, N_FLIPS = 300, N_LOADS = 6, N_POPS = 4, BATCH = 8 };

static const char zone_text[] = "$ORIGIN x.example.\n$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n"
                                "@ NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2\nwww A 192.0.2.3\n";

struct stage {
    char zone[32];
    struct conf *conf;
    struct world_hub *hub;
    atomic_bool is_over;
    atomic_ulong n_answers;
};

static void load(struct stage *s)
{
    struct report *report = report_new();

    if (!world_load(s->hub, s->conf, report)) {
        report_print(report, stderr);
        abort();
    }
    report_free(report);
}

/* `p1` are the addresses of that PoP, and its check. */
static struct conf *new_conf(const struct stage *s, const char *p1)
{
    struct report *report = report_new();
    char text[4096];

    snprintf(text, sizeof text,
             "zones: ( { name = \"x.example\"; file = \"%s\"; } );\n"
             "checks: { c: { url = \"tcp://{address}:1\"; }; };\n"
             "pops: { p0: { at = [1.0, 2.0]; addresses = [\"192.0.2.10\"]; check = \"c\"; };\n"
             " p1: { at = [1.0, 2.0]; addresses = %s };\n"
             " p2: { at = [1.0, 2.0]; addresses = [\"192.0.2.12\"]; check = \"c\"; };\n"
             " p3: { at = [1.0, 2.0]; addresses = [\"192.0.2.13\"]; check = \"c\"; }; };\n"
             "services: ( { name = \"s\"; hosts = [\"www.x.example\"];\n"
             " targets = [\"p0\", \"p1\", \"p2\", \"p3\"]; policy = (\"healthy\", \"priority\"); });",
             s->zone, p1);
    struct conf *conf = conf_parse(text, strlen(text), "test.conf", report);
    if (conf == NULL)
        report_print(report, stderr);
    assert_non_null(conf);
    report_free(report);
    return conf;
}

static struct stage *open_stage(void)
{
    struct stage *s = calloc(1, sizeof *s);

    strcpy(s->zone, "/tmp/waymark-zone-XXXXXX");
    FILE *out = fdopen(mkstemp(s->zone), "w");
    fputs(zone_text, out);
    fclose(out);
    s->conf = new_conf(s, "[\"192.0.2.11\"]; check = \"c\";");
    s->hub = world_hub_new();
    load(s);
    world_set_ready(s->hub);
    return s;
}

static void close_stage(struct stage *s)
{
    world_hub_free(s->hub);
    conf_unref(s->conf);
    unlink(s->zone);
    free(s);
}

/* One of ours, with the header that belongs to it. */
static void check_answer(const struct dns_out *out)
{
    const uint8_t *o = out->octets;

    if (out->len < 16 + 12 || o[7] != 1 || (o[3] & 15) != 0)
        abort();
    const uint8_t *address = o + out->len - 4;
    if (address[0] != 192 || address[1] != 0 || address[2] != 2 || address[3] < 10 ||
        address[3] > 13)
        abort();
}

static void *read_worlds(void *arg)
{
    struct stage *s = arg;
    struct counter_bank *bank = counter_bank_new();
    struct dns_desk *desk = calloc(1, sizeof *desk);
    struct wire_query q = { .type = WIRE_A, .class = WIRE_CLASS_IN };
    uint8_t packet[512], answers[BATCH][512];
    struct dns_in in[BATCH];
    struct dns_out out[BATCH];
    uint64_t version = 0;

    wire_name_from_text("www.x.example", &q.name);
    size_t len = wire_query_write(packet, sizeof packet, &q);
    desk->bank = bank;
    for (int i = 0; i < BATCH; i++) {
        in[i] = (struct dns_in){ .octets = packet, .len = len, .from = { .family = 4 } };
        out[i] = (struct dns_out){ .octets = answers[i], .cap = sizeof answers[i] };
    }
    rcu_thread_enter();
    rcu_online();
    while (!atomic_load(&s->is_over)) {
        const struct world *world = rcu_read(world_hub_slot(s->hub));
        if (world->version < version)
            abort();
        version = world->version;
        dns_answer_batch(world, desk, in, out, BATCH);
        for (int i = 0; i < BATCH; i++)
            check_answer(&out[i]);
        atomic_fetch_add(&s->n_answers, BATCH);
        rcu_quiescent();
    }
    rcu_offline();
    rcu_thread_leave();
    free(desk);
    counter_bank_free(bank);
    return NULL;
}

static void *load_worlds(void *arg)
{
    for (int i = 0; i < N_LOADS; i++)
        load(arg);
    return NULL;
}

static void flip_verdicts(struct stage *s)
{
    struct rng rng;

    rng_seed(&rng, 7);
    for (int i = 0; i < N_FLIPS; i++) {
        char name[] = "p0";
        name[1] = (char)('0' + rng_next(&rng) % N_POPS);
        struct world_verdict v = { .target = name, .is_up = rng_next(&rng) & 1,
                                   .horizon_s = STEER_STEADY };
        assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    }
}

static void no_answer_is_torn_while_worlds_change(void **state)
{
    struct stage *s = open_stage();
    pthread_t readers[N_READERS], loader;

    for (int i = 0; i < N_READERS; i++)
        pthread_create(&readers[i], NULL, read_worlds, s);
    pthread_create(&loader, NULL, load_worlds, s);
    flip_verdicts(s);
    pthread_join(loader, NULL);
    atomic_store(&s->is_over, true);
    for (int i = 0; i < N_READERS; i++)
        pthread_join(readers[i], NULL);
    assert_true(atomic_load(&s->n_answers) > 0);
    close_stage(s);
}

static uint32_t up_of(struct stage *s, int target)
{
    struct world_hold *hold;
    const struct world *world = world_hold(s->hub, &hold);
    uint32_t up = steer_inputs_health(world->inputs, target)->up;

    world_release(hold);
    return up;
}

static void a_reload_brings_no_dead_target_back(void **state)
{
    struct stage *s = open_stage();
    struct world_verdict v = { .target = "p1", .horizon_s = STEER_STEADY };

    world_set_verdicts(s->hub, &v, 1, NULL);
    assert_int_equal(up_of(s, 1) & 1, 0);
    load(s);
    assert_int_equal(up_of(s, 1) & 1, 0);
    assert_int_equal(up_of(s, 0) & 1, 1);
    close_stage(s);
}

static void a_load_that_fails_leaves_the_old_world(void **state)
{
    struct stage *s = open_stage();
    struct report *report = report_new();
    struct world_hold *before, *after;
    const struct world *old = world_hold(s->hub, &before);

    assert_int_equal(truncate(s->zone, 20), 0);
    assert_false(world_load(s->hub, s->conf, report));
    assert_true(report_errors(report) > 0);
    assert_ptr_equal(world_hold(s->hub, &after), old);
    assert_int_equal(world_hub_figures(s->hub).failed_loads, 1);
    world_release(before);
    world_release(after);
    report_free(report);
    close_stage(s);
}

static void a_verdict_for_a_target_that_has_gone_is_ignored(void **state)
{
    struct stage *s = open_stage();
    struct world_verdict v = { .target = "nobody" };

    assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    for (int i = 0; i < N_POPS; i++)
        assert_int_equal(up_of(s, i) & 1, 1);
    close_stage(s);
}

/* Health hears of a reload a moment after the world: what it says until then is of the former one. */
static void a_verdict_keeps_to_its_address_across_a_reload(void **state)
{
    struct stage *s = open_stage();
    struct conf *former = s->conf;
    struct world_verdict v = { .target = "p1", .is_up = true, .horizon_s = STEER_STEADY,
                               .probed = &former->targets[1] };

    s->conf = new_conf(s, "[\"192.0.2.21\"]; check = \"c\";");
    load(s);
    assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    assert_int_equal(up_of(s, 1) & 1, 0); /* another address: nothing is known of it */
    conf_unref(s->conf);

    s->conf = new_conf(s, "[\"192.0.2.21\", \"192.0.2.11\"]; check = \"c\";");
    load(s);
    assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    assert_int_equal(up_of(s, 1) & 3, 2);
    v.is_up = false;
    assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    assert_int_equal(up_of(s, 1) & 3, 0);
    conf_unref(s->conf);

    s->conf = new_conf(s, "[\"192.0.2.11\"];");
    load(s);
    assert_int_equal(world_set_verdicts(s->hub, &v, 1, NULL), 0);
    assert_int_equal(up_of(s, 1) & 1, 1); /* without a check it stays up */
    conf_unref(former);
    close_stage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_answer_is_torn_while_worlds_change),
        cmocka_unit_test(a_reload_brings_no_dead_target_back),
        cmocka_unit_test(a_verdict_keeps_to_its_address_across_a_reload),
        cmocka_unit_test(a_load_that_fails_leaves_the_old_world),
        cmocka_unit_test(a_verdict_for_a_target_that_has_gone_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
