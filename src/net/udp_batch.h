/* udp_batch.h - up to 32 queries in, up to 32 answers out: what the answer path sees of datagrams.
 *
 * Owner: the port that fills it (udp_port.h), or the thread whose sockets share it. */
#pragma once

#include <stddef.h>

#include <waymark/dns.h>

enum {
    UDP_BATCH = 32,    /* flat beyond, while latency grows */
    UDP_BUFFER = 4096, /* no query is longer, no answer gets more room */
    /* Not a multiple of 4096: else the first lines of all buffers would fight for one cache set. */
    UDP_STRIDE = UDP_BUFFER + 192
};

struct udp_batch {
    size_t n; /* queries to answer */
    struct dns_in in[UDP_BATCH];
    struct dns_out out[UDP_BATCH];
};
