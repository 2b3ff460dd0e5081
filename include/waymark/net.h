/* net.h - sockets: UDP in batches, TCP in sessions, one worker per core.
 *
 * Threads: open, start, stop and close from one thread (main). A worker is a few threads, one for
 *          TCP, the others for UDP, each with its own sockets, desk and counters. Counters may be read
 *          from any thread.
 * Owner:   whoever opens it closes it; everything in the config outlives it.
 * The loops read the clock, take the world under rcu.h and call dns_answer_batch; what an answer says
 * is not decided here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/why.h>

struct dns_desk;
struct net;

struct net_config {
    const struct endpoint *listen;
    size_t n_listen;
    struct dns_desk *const *desks; /* net_n_threads of them; each has one writer from start to stop */
    size_t n_workers;
    void *const *world; /* what rcu_read takes; published before the start */
    int tcp_clients;    /* per worker; one more closes the one that was idle the longest */
    int tcp_idle_s;     /* to send a whole query, and to take the answers to it */
    int tcp_life_s;     /* of a connection, however busy */
    int tcp_per_client; /* connections of one address, per worker */
    int tcp_queries;    /* of one connection; 0: as many as it likes */
    bool pins_threads;  /* the UDP threads of each worker to a CPU of its own */
    bool steers_by_cpu; /* datagrams go to the worker of the CPU at which they arrive; not on loopback */
};

/* One writer, relaxed atomics, see counters.h. Only uint64_t. */
struct net_counts {
    uint64_t udp_received; /* datagrams */
    uint64_t udp_sent;
    uint64_t udp_send_failures; /* answers lost to a full buffer or a missing route */
    uint64_t udp_dropped;       /* from port 0, or longer than a query can be */
    uint64_t tcp_accepted;
    uint64_t tcp_closed;   /* for any reason */
    uint64_t tcp_timeouts; /* closed: no whole query in time, or answers not taken */
    uint64_t tcp_evicted;  /* closed to make room for another client */
    uint64_t tcp_client_evicted; /* closed for another connection of the same client */
    uint64_t tcp_expired;  /* closed: older than tcp_life_s */
    uint64_t tcp_exhausted; /* closed: had asked tcp_queries times */
    uint64_t tcp_overfull; /* closed: queries and answers under way took too much memory */
    uint64_t tcp_refused;  /* not accepted: no descriptors or no memory */
    uint64_t tcp_queries;
    uint64_t tcp_malformed; /* closed: a frame of no octets */
};

/* How many threads so many workers are. */
size_t net_n_threads(size_t n_listen, size_t n_workers);

/* Binds every endpoint for UDP and TCP, once per worker: what needs privileges is done here.
 * 0, or -errno with `why`. */
int net_open(const struct net_config *config, struct net **out, char why[static WHY_LEN]);

/* Starts the workers. Signals are blocked in them. 0, or -errno with `why`. */
int net_start(struct net *net, char why[static WHY_LEN]);

/* Ends the workers after the batch each is at, and joins them. They do not start again. */
void net_stop(struct net *net);
void net_close(struct net *net); /* stops first; NULL is fine */

/* Sum over the threads. */
struct net_counts net_counts(const struct net *net);

/* When the thread that is most behind was last seen to turn its loop, or to sleep until somebody asks
 * (clock_steady_us). One that hangs has this come to a halt at the second look. Main only. */
int64_t net_oldest_turn_us(struct net *net);
