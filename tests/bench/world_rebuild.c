/* world_rebuild.c - what a verdict costs: the time until answers follow it, and what is left of the
 * answers while verdicts flip all the time.
 *
 *   world_rebuild CONF NAMES FLIPS
 *
 * One worker answers questions for the names of the file from memory, as the server's do, under RCU;
 * the main thread gives verdicts as the health thread does. First the worker rests as long as it works
 * and FLIPS targets die or come back one at a time; then it does not rest, and short rounds without
 * and with 100 flips a second take turns. tests/bench/rebuild.py makes the worlds and the table. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/conf.h>
#include <waymark/rcu.h>

#include "world_stage.h"

enum { PAUSE_US = 10000, ROUND_US = 500000, ROUNDS = 16, WITNESS_MAX = 256, NOBODY = -1 };

/* A target, and a client of its that will see it go. */
struct witness {
    int target;
    size_t packet;
};

struct worker {
    struct world_hub *hub;
    struct dns_desk *desk;
    struct stage_packets *packets;
    struct stage_out *out;
    atomic_bool rests, ends;
    atomic_int watched;          /* packet of the witness; NOBODY */
    atomic_int_fast64_t seen_us; /* when its answer changed */
    atomic_uint_fast64_t answers, cpu_ns;
};

static void sleep_us(int64_t us)
{
    nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

static uint64_t own_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the worker ---- */

/* The witness asks alone, in the place of the batch's last: the answer before its is remembered. */
struct memory {
    int watched;
    size_t len;
    uint8_t answer[STAGE_ANSWER_LEN];
};

static void ask_witness(struct worker *w, const struct world *world, struct memory *m)
{
    int watched = atomic_load(&w->watched);
    struct dns_out *o = &w->out->out[0];

    if (watched == NOBODY)
        return;
    dns_answer_batch(world, w->desk, &w->packets->in[watched], o, 1);
    if (m->watched == watched &&
        (m->len != o->len || memcmp(m->answer, o->octets, o->len) != 0)) {
        atomic_store(&w->watched, NOBODY);
        atomic_store(&w->seen_us, clock_steady_us());
    }
    m->watched = watched;
    m->len = o->len;
    memcpy(m->answer, o->octets, o->len);
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct memory memory = { .watched = NOBODY };

    prctl(PR_SET_TIMERSLACK, 1);
    rcu_thread_enter();
    rcu_online();
    for (size_t i = 0; !atomic_load(&w->ends); i += STAGE_BATCH) {
        int64_t start_us = clock_steady_us();
        const struct world *world = rcu_read(world_hub_slot(w->hub));
        stage_answer(world, w->desk, w->packets, i, w->out);
        ask_witness(w, world, &memory);
        rcu_quiescent();
        atomic_store_explicit(&w->answers, i, memory_order_relaxed);
        if (i / STAGE_BATCH % 64 == 0)
            atomic_store_explicit(&w->cpu_ns, own_cpu_ns(), memory_order_relaxed);
        if (!atomic_load(&w->rests))
            continue;
        rcu_offline();
        sleep_us(clock_steady_us() - start_us);
        rcu_online();
    }
    rcu_offline();
    rcu_thread_leave();
    return NULL;
}

/* ---- verdicts ---- */

/* Returns the CPU time that it took, in ms. */
static double give_verdict(struct world_hub *hub, const struct conf_target *t, bool is_up)
{
    struct world_verdict verdicts[CONF_ADDRESSES_MAX];
    uint64_t start_ns = own_cpu_ns();

    for (size_t i = 0; i < t->n_addresses; i++)
        verdicts[i] = (struct world_verdict){
            .target = t->name, .address = (uint8_t)i, .is_up = is_up, .horizon_s = STEER_STEADY
        };
    if (world_set_verdicts(hub, verdicts, t->n_addresses, NULL) != 0)
        stage_fail("out of memory", t->name);
    return (double)(own_cpu_ns() - start_ns) / 1e6;
}

static int find_packet(struct worker *w, const struct world *world, const struct addr *address)
{
    for (size_t i = 0; i < STAGE_PACKETS; i++) {
        struct dns_out *o = &w->out->out[0];
        dns_answer_batch(world, w->desk, &w->packets->in[i], o, 1);
        if (memmem(o->octets, o->len, address->octets, 4) != NULL)
            return (int)i;
    }
    return NOBODY;
}

static size_t find_witnesses(struct worker *w, const struct world *world, struct witness *out)
{
    const struct conf *conf = world->base->conf;
    size_t n = 0;

    for (size_t t = 0; t < conf->n_targets && n < WITNESS_MAX; t++) {
        int packet = find_packet(w, world, &conf->targets[t].addresses[0]);
        if (packet != NOBODY)
            out[n++] = (struct witness){ (int)t, (size_t)packet };
    }
    if (n == 0)
        stage_fail("no client sees any target", conf->file);
    return n;
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void print_spread(const char *what, double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    printf("%s %.3f %.3f %.3f %.3f\n", what, values[0], values[n / 2], values[n * 99 / 100],
           values[n - 1]);
}

static void measure_delay(struct worker *w, const struct conf *conf,
                          const struct witness *witnesses, size_t n, size_t flips)
{
    double *delay_ms = calloc(flips, sizeof *delay_ms), *cpu_ms = calloc(flips, sizeof *cpu_ms);

    for (size_t i = 0; i < flips; i++) {
        const struct witness *it = &witnesses[i / 2 % n];
        atomic_store(&w->watched, (int)it->packet);
        sleep_us(PAUSE_US);
        int64_t start_us = clock_steady_us();
        cpu_ms[i] = give_verdict(w->hub, &conf->targets[it->target], i % 2 == 1);
        while (atomic_load(&w->watched) != NOBODY && clock_steady_us() < start_us + 10000000)
            sleep_us(50);
        delay_ms[i] = (double)(atomic_load(&w->seen_us) - start_us) / 1000;
        if (delay_ms[i] < 0)
            stage_fail("no answer followed a verdict", conf->targets[it->target].name);
    }
    print_spread("verdict_to_answer_ms", delay_ms, flips);
    print_spread("rebuild_cpu_ms", cpu_ms, flips);
    free(delay_ms);
    free(cpu_ms);
}

struct pace {
    double per_s, per_cpu_s;
};

static struct pace run_round(struct worker *w, const struct conf *conf,
                             const struct witness *witnesses, size_t n, bool flips)
{
    int64_t start_us = clock_steady_us(), now_us = start_us;
    uint64_t answers = atomic_load(&w->answers), cpu_ns = atomic_load(&w->cpu_ns);

    for (size_t i = 0; now_us < start_us + ROUND_US; i++) {
        if (flips)
            give_verdict(w->hub, &conf->targets[witnesses[i / 2 % n].target], i % 2 == 1);
        int64_t next_us = start_us + (int64_t)(i + 1) * 10000;
        now_us = clock_steady_us();
        if (next_us > now_us)
            sleep_us(next_us - now_us);
        now_us = clock_steady_us();
    }
    answers = atomic_load(&w->answers) - answers;
    cpu_ns = atomic_load(&w->cpu_ns) - cpu_ns;
    for (size_t i = 0; flips && i < n; i++)
        give_verdict(w->hub, &conf->targets[witnesses[i].target], true);
    return (struct pace){ (double)answers * 1e6 / (double)(now_us - start_us),
                          (double)answers * 1e9 / (double)cpu_ns };
}

/* Pairs of neighbours in ABBA order: what else the machine does falls on both. */
static void measure_drop(struct worker *w, const struct conf *conf,
                         const struct witness *witnesses, size_t n)
{
    double wall[ROUNDS], cpu[ROUNDS], quiet[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        struct pace a = run_round(w, conf, witnesses, n, i % 2 == 1);
        struct pace b = run_round(w, conf, witnesses, n, i % 2 == 0);
        struct pace without = i % 2 == 1 ? b : a, with = i % 2 == 1 ? a : b;
        wall[i] = 100 * (1 - with.per_s / without.per_s);
        cpu[i] = 100 * (1 - with.per_cpu_s / without.per_cpu_s);
        quiet[i] = without.per_s / 1e6;
    }
    print_spread("quiet_million_per_s", quiet, ROUNDS);
    print_spread("drop_percent", wall, ROUNDS);
    print_spread("drop_per_cpu_s_percent", cpu, ROUNDS);
}

/* ---- all of it ---- */

static void measure(struct worker *w, size_t flips)
{
    struct witness witnesses[WITNESS_MAX];
    struct world_hold *hold;
    const struct world *world = world_hold(w->hub, &hold);
    size_t n = find_witnesses(w, world, witnesses);
    pthread_t thread;

    if (pthread_create(&thread, NULL, work, w) != 0)
        stage_fail("no thread", "worker");
    printf("plans %zu targets %zu\n", steer_plans_count(world->base->plans), n);
    measure_delay(w, world->base->conf, witnesses, n, flips);
    atomic_store(&w->rests, false);
    measure_drop(w, world->base->conf, witnesses, n);
    atomic_store(&w->ends, true);
    pthread_join(thread, NULL);
    world_release(hold);
}

int main(int argc, char **argv)
{
    if (argc != 4 || atol(argv[3]) < 2) {
        fprintf(stderr, "usage: world_rebuild CONF NAMES FLIPS\n");
        return 2;
    }
    struct worker w = { .desk = stage_desk(), .packets = stage_packets(argv[2]),
                        .out = stage_out(), .watched = NOBODY, .rests = true };
    struct stage_times times;

    w.hub = stage_load(argv[1], &times);
    measure(&w, (size_t)atol(argv[3]));
    world_hub_free(w.hub);
    stage_desk_free(w.desk);
    free(w.packets);
    free(w.out);
    return 0;
}
