/* answer_path.c - the answer path on prepared packets in memory: no socket, no kernel.
 *
 *   answer_path KIND COUNT [CONF [WORLDS]]
 *
 * answers COUNT questions of that kind and prints nanoseconds a query; with WORLDS in as many worlds,
 * one after the other, each with other keys, since few names collide by luck or not at all. Under
 * `valgrind --tool=callgrind --toggle-collect=dns_answer_batch` the instructions collected, divided by
 * COUNT, are the figure that repeats (tests/bench/instructions.py does that). Names are 16 octets
 * long. `answer_path --kinds` prints the kinds; cookie is static with a good cookie of ours. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "dns/dns_cookie.h"

enum { BATCH = 32, PREPARED = 4096, PACKET_LEN = 96, ANSWER_LEN = 4096 };

struct bench {
    struct world_hub *hub;
    struct dns_desk *desk;
    uint8_t packets[PREPARED][PACKET_LEN];
    struct dns_in in[PREPARED];
    uint8_t answers[BATCH][ANSWER_LEN];
    struct dns_out out[BATCH];
};

struct kind {
    const char *word, *name;
    int ecs_family; /* 4, 6, or 0 */
    bool has_cookie;
};

static const struct kind kinds[] = {
    { "static", "st.cdn.example", 0, false },
    { "nearest-plain", "ge.cdn.example", 0, false },
    { "nearest-ecs4", "ge.cdn.example", 4, false },
    { "nearest-ecs6", "ge.cdn.example", 6, false },
    { "drawn", "dr.cdn.example", 0, false },
    { "nxdomain", "no.cdn.example", 0, false },
    { "cookie", "st.cdn.example", 0, true },
};

/* In place of the C library's: the same keys in each run, and names collide in the same places. */
ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    static uint64_t n_given;

    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)rng_mix(n_given++);
    return (ssize_t)len;
}

static void print_kinds(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        puts(kinds[i].word);
}

static const struct kind *find_kind(const char *word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    fprintf(stderr, "no such kind: %s\n", word);
    exit(2);
}

static struct wire_ecs random_subnet(int family, struct rng *rng)
{
    struct wire_ecs ecs = { .is_present = family != 0, .family = family == 4 ? 1 : 2 };
    uint64_t x = rng_next(rng);

    ecs.source_bits = family == 4 ? 24 : 48;
    ecs.addr.family = (uint8_t)family;
    memcpy(ecs.addr.octets, &x, family == 4 ? 3 : 6);
    if (family == 6)
        ecs.addr.octets[0] = 0x20 | (ecs.addr.octets[0] & 0x0f);
    return ecs;
}

static void prepare(struct bench *b, const struct kind *kind)
{
    struct rng rng;

    rng_seed(&rng, 1);
    for (size_t i = 0; i < PREPARED; i++) {
        struct wire_query q = { .id = (uint16_t)i, .type = WIRE_A, .class = WIRE_CLASS_IN };
        uint8_t packet[512];
        wire_name_from_text(kind->name, &q.name);
        q.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232 };
        q.edns.ecs = random_subnet(kind->ecs_family, &rng);
        size_t len = wire_query_write(packet, sizeof packet, &q);
        memcpy(b->packets[i], packet, len);
        uint32_t from = (uint32_t)rng_next(&rng);
        b->in[i] = (struct dns_in){ .octets = b->packets[i], .len = len, .transport = DNS_UDP };
        b->in[i].from.family = 4;
        memcpy(b->in[i].from.octets, &from, 4);
    }
    for (size_t i = 0; i < BATCH; i++)
        b->out[i] = (struct dns_out){ .octets = b->answers[i], .cap = ANSWER_LEN };
}

/* Each client asks as it would the second time. */
static void add_cookies(struct bench *b)
{
    struct world_hold *hold;
    const struct world *world = world_hold(b->hub, &hold);

    for (size_t i = 0; i < PREPARED; i++) {
        uint8_t *option = b->packets[i] + b->in[i].len;
        wire_put16(option - 2, 4 + DNS_COOKIE_LEN); /* the length of OPT, which has no other */
        wire_put16(option, 10);
        wire_put16(option + 2, DNS_COOKIE_LEN);
        dns_cookie_judge(&world->base->cookies, (const uint8_t *)"a client", 8, &b->in[i].from,
                         (uint32_t)(b->desk->now_ms / 1000), option + 4);
        b->in[i].len += 4 + DNS_COOKIE_LEN;
    }
    world_release(hold);
}

static void load(struct bench *b, const char *path)
{
    struct report *report = report_new();
    struct conf *conf = conf_load(path, report);

    b->hub = world_hub_new();
    b->desk = calloc(1, sizeof *b->desk);
    b->desk->bank = counter_bank_new();
    b->desk->now_ms = 1700000000000;
    rng_seed(&b->desk->rng, 1);
    if (conf == NULL || !world_load(b->hub, conf, report)) {
        report_print(report, stderr);
        exit(1);
    }
    world_set_ready(b->hub);
    conf_unref(conf);
    report_free(report);
}

static void check_answers(const struct bench *b, const struct kind *kind)
{
    unsigned wanted = strcmp(kind->word, "nxdomain") == 0 ? WIRE_NXDOMAIN : WIRE_NOERROR;

    for (size_t i = 0; i < BATCH; i++) {
        const uint8_t *o = b->answers[i];
        if (b->out[i].len == 0 || (o[3] & 15) != wanted || (wanted == 0 && o[7] != 1)) {
            fprintf(stderr, "%s: a wrong answer\n", kind->word);
            exit(1);
        }
    }
}

static void run(struct bench *b, size_t count)
{
    struct world_hold *hold;
    const struct world *world = world_hold(b->hub, &hold);

    for (size_t i = 0; i < count; i += BATCH)
        dns_answer_batch(world, b->desk, &b->in[i % PREPARED], b->out, BATCH);
    world_release(hold);
}

/* Microseconds that `count` answers took, in a world of its own. */
static int64_t measure(const struct kind *kind, size_t count, const char *conf)
{
    struct bench *b = calloc(1, sizeof *b);

    load(b, conf);
    prepare(b, kind);
    if (kind->has_cookie)
        add_cookies(b);
    int64_t start_us = clock_steady_us();
    run(b, count);
    int64_t took_us = clock_steady_us() - start_us;
    check_answers(b, kind);
    counter_bank_free(b->desk->bank);
    free(b->desk);
    world_hub_free(b->hub);
    free(b);
    return took_us;
}

/* With the stack elsewhere in its page: the C library compares in more steps near a page's end. */
static int64_t measure_shifted(size_t i, const struct kind *kind, size_t count, const char *conf)
{
    volatile uint8_t shift[i % 16 * 256 + 1];

    shift[0] = 0;
    return measure(kind, count, conf) + shift[0];
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--kinds") == 0) {
        print_kinds();
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: answer_path --kinds | KIND COUNT [CONF [WORLDS]]\n");
        return 2;
    }
    const struct kind *kind = find_kind(argv[1]);
    const char *conf = argc > 3 ? argv[3] : "tests/bench/world/waymark.conf";
    size_t n_worlds = argc > 4 ? (size_t)atol(argv[4]) : 1;
    size_t count = (size_t)atol(argv[2]) / n_worlds / BATCH * BATCH;
    int64_t took_us = 0;

    for (size_t i = 0; i < n_worlds; i++)
        took_us += measure_shifted(i, kind, count, conf);
    printf("%-14s %8.1f ns a query\n", kind->word,
           (double)took_us * 1000 / (double)(count * n_worlds));
    return 0;
}
