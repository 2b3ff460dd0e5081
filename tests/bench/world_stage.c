/* world_stage.c - see world_stage.h. Any thread; a desk and an out belong to one. */
#include "world_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/report.h>

void stage_fail(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", name, what);
    exit(1);
}

static void *zeroed(size_t size)
{
    void *p = calloc(1, size);

    if (p == NULL)
        stage_fail("out of memory", "stage");
    return p;
}

struct dns_desk *stage_desk(void)
{
    struct dns_desk *desk = zeroed(sizeof *desk);

    desk->bank = counter_bank_new();
    desk->now_ms = clock_wall_ms();
    rng_seed(&desk->rng, 1);
    return desk;
}

void stage_desk_free(struct dns_desk *desk)
{
    counter_bank_free(desk->bank);
    free(desk);
}

struct world_hub *stage_load(const char *conf_path, struct stage_times *times)
{
    struct report *report = report_new();
    struct world_hub *hub = world_hub_new();
    int64_t start_us = clock_steady_us();
    struct conf *conf = conf_load(conf_path, report);
    int64_t read_us = clock_steady_us();

    if (conf == NULL || !world_load(hub, conf, report)) {
        report_print(report, stderr);
        stage_fail("cannot be loaded", conf_path);
    }
    *times = (struct stage_times){ .conf_ms = (double)(read_us - start_us) / 1000,
                                   .world_ms = (double)(clock_steady_us() - read_us) / 1000 };
    world_set_ready(hub);
    conf_unref(conf);
    report_free(report);
    return hub;
}

static void write_question(struct stage_packets *p, size_t i, const char *name, struct rng *rng)
{
    struct wire_query q = { .id = (uint16_t)i, .type = WIRE_A, .class = WIRE_CLASS_IN };
    uint64_t x = rng_next(rng);
    uint8_t packet[512];

    if (!wire_name_from_text(name, &q.name) || q.name.len > 64)
        stage_fail("no name, or too long", name);
    q.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232 };
    q.edns.ecs = (struct wire_ecs){ .is_present = true, .family = 1, .source_bits = 24 };
    q.edns.ecs.addr.family = 4;
    memcpy(q.edns.ecs.addr.octets, &x, 3);
    p->in[i] = (struct dns_in){ .octets = p->octets[i], .transport = DNS_UDP };
    p->in[i].len = wire_query_write(packet, sizeof packet, &q);
    memcpy(p->octets[i], packet, p->in[i].len);
    p->in[i].from.family = 4;
    memcpy(p->in[i].from.octets, (uint8_t *)&x + 4, 4);
}

struct stage_packets *stage_packets(const char *names_path)
{
    struct stage_packets *p = zeroed(sizeof *p);
    FILE *f = fopen(names_path, "re");
    struct rng rng;
    char name[256];

    if (f == NULL)
        stage_fail("cannot be read", names_path);
    rng_seed(&rng, 1);
    for (size_t i = 0; i < STAGE_PACKETS; i++) {
        if (fscanf(f, "%255s", name) != 1) {
            if (i == 0)
                stage_fail("holds no name", names_path);
            rewind(f);
            i--;
            continue;
        }
        write_question(p, i, name, &rng);
    }
    fclose(f);
    return p;
}

struct stage_out *stage_out(void)
{
    struct stage_out *o = zeroed(sizeof *o);

    for (size_t i = 0; i < STAGE_BATCH; i++)
        o->out[i] = (struct dns_out){ .octets = o->octets[i], .cap = STAGE_ANSWER_LEN };
    return o;
}

void stage_answer(const struct world *world, struct dns_desk *desk, struct stage_packets *packets,
                  size_t first, struct stage_out *out)
{
    dns_answer_batch(world, desk, &packets->in[first % STAGE_PACKETS], out->out, STAGE_BATCH);
}
