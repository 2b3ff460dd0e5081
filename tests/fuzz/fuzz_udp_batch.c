/* fuzz_udp_batch.c - whole batches of hostile packets, mixed, through the loop of a UDP thread and
 * the answer path, from memory. What is held: each answer is for its query, and each query gets,
 * among whatever else, the answer that it gets alone.
 *
 * Input: for each packet KIND, an octet of the sender's address and
 *   KIND under 64    a well-formed query: NAME, TYPE, SOURCE and three octets of a client subnet
 *   else             LEN, and so many octets as they are (fewer at the end of the input)
 * KIND's lowest bit makes the sender IPv6's; 63 comes from port 0. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "net/udp_loop.h"
#include "net/udp_memory.h"

enum { PACKETS = 3 * UDP_BATCH, BUILT_LEN = 6, RAW_FROM = 64, FROM_PORT_0 = 63 };

static const char *const names[] = {
    "cdn.example",       "www.cdn.example",   "near.cdn.example",   "where.cdn.example",
    "drawn.cdn.example", "mixed.cdn.example", "nodata.cdn.example", "to-near.cdn.example",
    "x.img.cdn.example", "x.old.cdn.example", "sub.cdn.example",    "x.star.cdn.example",
    "big.cdn.example",   "no.cdn.example",    "else.example",       ".",
};

static const uint16_t types[] = { WIRE_A,  WIRE_AAAA, WIRE_CNAME, WIRE_HTTPS,
                                  WIRE_NS, WIRE_SOA,  WIRE_TXT,   WIRE_ANY };

/* Made once, until the process ends. */
struct server {
    struct world_hub *hub;
    struct dns_desk *desk;
};

struct answer {
    size_t n, len;
    int64_t now_ms; /* of its batch */
    uint8_t octets[UDP_BUFFER];
};

struct play {
    struct server *server;
    struct udp_loop loop;
    struct udp_packet packets[PACKETS];
    size_t n;
    struct answer answers[PACKETS];
};

static struct server *the_server(void)
{
    static struct server server;
    static const char path[] = "tests/fuzz/world/waymark.conf";

    if (server.desk != NULL)
        return &server;
    struct report *report = report_new();
    struct conf *conf = conf_load(path, report);
    server.hub = world_hub_new();
    server.desk = calloc(1, sizeof *server.desk);
    if (conf == NULL || server.hub == NULL || !world_load(server.hub, conf, report)) {
        report_print(report, stderr);
        fprintf(stderr, "run me in the project's root\n");
        exit(2);
    }
    assert(server.desk != NULL);
    world_set_ready(server.hub);
    conf_unref(conf);
    report_free(report);
    rcu_thread_enter();
    return &server;
}

/* ---- the packets ---- */

/* Exactly as long, for the sanitizer. */
static void add(struct play *p, const uint8_t *octets, size_t len, uint8_t kind, uint8_t from)
{
    struct udp_packet *packet = &p->packets[p->n++];
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert(copy != NULL);
    memcpy(copy, octets, len);
    *packet =
        (struct udp_packet){ .octets = copy, .len = len, .port = kind == FROM_PORT_0 ? 0 : 53 };
    packet->from.family = kind & 1 ? 6 : 4;
    memcpy(packet->from.octets, (uint8_t[]){ 198, 51, 100, from }, 4);
}

static size_t build(const uint8_t *p, uint8_t number, uint8_t packet[static WIRE_UDP_PLAIN])
{
    struct wire_query q = { .id = (uint16_t)(number << 8 | p[0]), .class = WIRE_CLASS_IN };
    bool is_name = wire_name_from_text(names[p[0] % (sizeof names / sizeof *names)], &q.name);

    assert(is_name);
    q.type = types[p[1] % (sizeof types / sizeof *types)];
    q.edns = (struct wire_edns){ .is_present = p[1] & 0x80, .udp_size = 1232 };
    q.edns.ecs =
        (struct wire_ecs){ .is_present = p[1] & 0x40, .family = 1, .source_bits = p[2] % 25 };
    if (q.edns.ecs.source_bits > 0) {
        struct addr a = { .family = 4 };
        memcpy(a.octets, p + 3, 3);
        q.edns.ecs.addr = addr_mask(&a, q.edns.ecs.source_bits);
    }
    return wire_query_write(packet, WIRE_UDP_PLAIN, &q);
}

static void read_packets(struct play *p, const uint8_t *data, size_t size)
{
    uint8_t packet[WIRE_UDP_PLAIN];

    while (size >= 3 && p->n < PACKETS) {
        uint8_t kind = data[0], from = data[1];
        size_t taken = 2 + BUILT_LEN;
        if (kind < RAW_FROM) {
            if (size < taken)
                return;
            add(p, packet, build(data + 2, (uint8_t)p->n, packet), kind, from);
        } else {
            size_t len = data[2] < size - 3 ? data[2] : size - 3;
            add(p, data + 3, len, kind, from);
            taken = 3 + len;
        }
        data += taken;
        size -= taken;
    }
}

/* ---- the answers ---- */

static void on_answer(void *ctx, const struct udp_packet *to, const uint8_t *octets, size_t len)
{
    struct play *p = ctx;
    struct answer *a = &p->answers[to - p->packets];

    assert(to >= p->packets && to < p->packets + p->n && to->port != 0);
    assert(len >= WIRE_HEADER_LEN && len <= UDP_BUFFER && to->len >= WIRE_HEADER_LEN);
    assert(memcmp(octets, to->octets, 2) == 0 && (octets[2] & 0x80) != 0);
    memcpy(a->octets, octets, len);
    a->len = len;
    a->now_ms = p->server->desk->now_ms;
    a->n++;
}

static void on_empty(void *ctx)
{
    struct play *p = ctx;

    udp_loop_stop(&p->loop);
}

static void run_batches(struct play *p)
{
    struct udp_memory_config config = { .packets = p->packets,
                                        .n_packets = p->n,
                                        .n = p->n,
                                        .on_answer = on_answer,
                                        .on_empty = on_empty,
                                        .ctx = p };
    struct udp_port *port = NULL;
    int err = udp_memory_open(&config, &port);

    assert(err == 0);
    p->loop = (struct udp_loop){ .world = world_hub_slot(p->server->hub),
                                 .desk = p->server->desk,
                                 .ports = &port,
                                 .n_ports = 1 };
    udp_loop_run(&p->loop);
    udp_port_close(port);
    assert(p->loop.counts.udp_received == p->n);
}

/* At the same time; but where chance had a say, it says something else each time. */
static void is_answered_alone_alike(const struct play *p, const struct world *world, size_t i,
                                    bool had_chance)
{
    static uint8_t octets[UDP_BUFFER];
    const struct udp_packet *q = &p->packets[i];
    struct dns_in in = {
        .octets = q->octets, .len = q->len, .from = q->from, .transport = DNS_UDP
    };
    struct dns_out out = { .octets = octets, .cap = sizeof octets };

    if (p->answers[i].n == 1)
        p->server->desk->now_ms = p->answers[i].now_ms;
    dns_answer_batch(world, p->server->desk, &in, &out, 1);
    assert(p->answers[i].n == (q->port != 0 && out.len > 0));
    if (p->answers[i].n == 1 && !had_chance)
        assert(out.len == p->answers[i].len && memcmp(octets, p->answers[i].octets, out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct play *p = calloc(1, sizeof *p);
    struct world_hold *hold;

    assert(p != NULL);
    p->server = the_server();
    read_packets(p, data, size);
    struct rng before = p->server->desk->rng;
    if (p->n > 0)
        run_batches(p);
    bool had_chance = memcmp(&before, &p->server->desk->rng, sizeof before) != 0;
    const struct world *world = world_hold(p->server->hub, &hold);
    for (size_t i = 0; i < p->n; i++)
        is_answered_alone_alike(p, world, i, had_chance);
    world_release(hold);
    for (size_t i = 0; i < p->n; i++)
        free((void *)p->packets[i].octets);
    free(p);
    return 0;
}
