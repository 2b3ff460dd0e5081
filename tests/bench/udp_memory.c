/* udp_memory.c - what the loop of a UDP thread adds to the answer path: prepared packets in,
 * answers out, and an answer path that does next to nothing.
 *
 *   udp_memory [PORT] [COUNT] [AT-A-TIME]
 *
 * PORT is memory (no kernel at all) or sockets (this process asks itself over loopback, AT-A-TIME
 * queries before each batch). Prints nanoseconds a query, for sockets with the kernel's part of it;
 *
 *   valgrind --tool=callgrind --toggle-collect=udp_loop_turn --toggle-collect=dns_answer_batch \
 *       udp_memory sockets 32000 32
 *
 * collects the loop's own instructions: divide by COUNT. They repeat exactly. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/net.h>
#include <waymark/rcu.h>

#include "net/udp_loop.h"
#include "net/udp_memory.h"
#include "net/udp_socket.h"

enum { QUERY_LEN = 64, PREPARED = 4096 };

struct bench {
    struct dns_desk desk;
    void *world;
    struct udp_port *port;
    struct udp_loop loop;
    struct udp_room *room;
    int client;
    size_t count, at_a_time;
    uint8_t octets[PREPARED][QUERY_LEN];
    struct udp_packet packets[PREPARED];
};

/* What dns_echo does: the question is the answer. */
void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out[i].octets, in[i].octets, in[i].len);
        out[i].octets[2] |= 0x80;
        out[i].len = in[i].len;
    }
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void on_empty(void *ctx)
{
    udp_loop_stop(ctx);
}

static void open_memory(struct bench *b)
{
    for (size_t i = 0; i < PREPARED; i++) {
        struct udp_packet *p = &b->packets[i];
        *p = (struct udp_packet){ .octets = b->octets[i], .len = QUERY_LEN, .port = 53 };
        p->from.family = 4;
        memcpy(p->from.octets, &i, 4);
    }
    struct udp_memory_config config = { .packets = b->packets,
                                        .n_packets = PREPARED,
                                        .n = b->count,
                                        .on_empty = on_empty,
                                        .ctx = &b->loop };
    if (udp_memory_open(&config, &b->port) != 0)
        give_up("udp_memory");
}

static void open_socket(struct bench *b)
{
    struct endpoint at = { .addr = { .family = 4, .octets = { 127, 0, 0, 1 } } };
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    char why[WHY_LEN];

    b->room = udp_room_new();
    b->client = socket(AF_INET, SOCK_DGRAM, 0);
    if (b->room == NULL || udp_socket_open(&at, b->room, &b->port, why) != 0 ||
        getsockname(b->port->fd, (struct sockaddr *)&sa, &len) != 0 ||
        connect(b->client, (struct sockaddr *)&sa, len) != 0)
        give_up("udp_memory");
}

/* The loop as it is, to the end of the packets. */
static double run_memory(struct bench *b)
{
    int64_t start_us = clock_steady_us();

    udp_loop_run(&b->loop);
    return (double)(clock_steady_us() - start_us) * 1000;
}

/* Only the turns of the loop are timed, not who asks. */
static double run_sockets(struct bench *b)
{
    uint8_t answer[QUERY_LEN];
    double ns = 0;

    for (size_t done = 0; done < b->count; done += b->at_a_time) {
        for (size_t i = 0; i < b->at_a_time; i++)
            if (send(b->client, b->octets[(done + i) % PREPARED], QUERY_LEN, 0) != QUERY_LEN)
                give_up("send");
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        udp_loop_turn(&b->loop, b->port, true);
        clock_gettime(CLOCK_MONOTONIC, &end);
        ns += (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
        for (size_t i = 0; i < b->at_a_time; i++)
            if (recv(b->client, answer, sizeof answer, 0) != QUERY_LEN)
                give_up("recv");
    }
    return ns;
}

int main(int argc, char **argv)
{
    bool is_memory = argc < 2 || strcmp(argv[1], "memory") == 0;
    struct bench *b = aligned_alloc(_Alignof(struct bench), sizeof *b);

    if (b == NULL)
        give_up("udp_memory");
    memset(b, 0, sizeof *b);
    b->at_a_time = argc > 3 ? (size_t)atol(argv[3]) : UDP_BATCH;
    b->count = (argc > 2 ? (size_t)atol(argv[2]) : 3200000) / b->at_a_time * b->at_a_time;
    b->world = b;
    if (is_memory)
        open_memory(b);
    else
        open_socket(b);
    b->loop.world = &b->world;
    b->loop.desk = &b->desk;
    b->loop.ports = &b->port;
    b->loop.n_ports = 1;
    rcu_thread_enter();
    double ns = is_memory ? run_memory(b) : run_sockets(b);
    rcu_thread_leave();
    if (b->loop.counts.udp_sent != b->count)
        give_up("not all were answered");
    printf("%-8s %6.1f ns a query\n", is_memory ? "memory" : "sockets", ns / (double)b->count);
    udp_port_close(b->port);
    udp_room_free(b->room);
    free(b);
    return 0;
}
