/* udp_batch.h - up to 32 datagrams in, up to 32 answers out.
 *
 * The answer path sees in, out and n; where datagrams come from and go to is known here alone, so
 * that another way in (AF_XDP, memory) is another pair of receive and send.
 *
 * Threads: one owner, the worker, in which it lives. Nothing here blocks or allocates. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <waymark/dns.h>

struct net_counts;

enum {
    UDP_BATCH = 32,    /* flat beyond, while latency grows */
    UDP_BUFFER = 4096, /* no query is longer, no answer gets more room */
    /* Not a multiple of 4096: else the first lines of all buffers would fight for one cache set. */
    UDP_STRIDE = UDP_BUFFER + 192,
    UDP_CONTROL = 64 /* CMSG_SPACE(struct in6_pktinfo), and some */
};

union udp_peer {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct udp_batch {
    size_t n; /* queries to answer */
    struct dns_in in[UDP_BATCH];
    struct dns_out out[UDP_BATCH];

    uint8_t datagram_of[UDP_BATCH]; /* the i-th query came as this datagram */
    struct mmsghdr received[UDP_BATCH], sending[UDP_BATCH];
    struct iovec query_iov[UDP_BATCH], answer_iov[UDP_BATCH];
    union udp_peer peers[UDP_BATCH];
    _Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][UDP_CONTROL];
    uint8_t queries[UDP_BATCH][UDP_STRIDE];
    uint8_t answers[UDP_BATCH][UDP_STRIDE];
};

void udp_batch_init(struct udp_batch *b);

/* Takes what waits in the socket, sets in, out and n. Returns how many datagrams there were: less
 * than UDP_BATCH, and the socket is empty. */
size_t udp_batch_receive(struct udp_batch *b, int fd, bool is_wildcard, struct net_counts *counts);

/* Sends every out that has a length, from the address that was asked. */
void udp_batch_send(struct udp_batch *b, int fd, struct net_counts *counts);
