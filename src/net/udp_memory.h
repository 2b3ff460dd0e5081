/* udp_memory.h - a port over memory: prepared packets in, answers handed to whoever asked for them.
 * For tests, benches and fuzzers; see udp_port.h.
 *
 * Queries are read where they lie, as a network card's ring would be: nothing is copied, and a
 * sanitizer sees the first octet beyond each. */
#pragma once

#include <waymark/addr.h>

#include "udp_port.h"

/* Lives as long as the port. */
struct udp_packet {
    const uint8_t *octets;
    size_t len;
    struct addr from;
    uint16_t port;
};

/* An answer, and the query that it is for; nobody's to keep. */
typedef void udp_answer_cb(void *ctx, const struct udp_packet *to, const uint8_t *octets,
                           size_t len);
/* There is no packet left; called in place of a sleep, as often as somebody looks. The descriptor
 * is always readable. */
typedef void udp_empty_cb(void *ctx);

struct udp_memory_config {
    const struct udp_packet *packets;
    size_t n_packets;
    size_t n;                 /* packets to hand out, from the first to the last and around again */
    udp_answer_cb *on_answer; /* NULL: nobody asks */
    udp_empty_cb *on_empty;   /* NULL likewise */
    void *ctx;
};

/* 0, or -errno. */
int udp_memory_open(const struct udp_memory_config *config, struct udp_port **out);
