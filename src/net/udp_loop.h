/* udp_loop.h - answers what comes in at some ports, until it is stopped.
 *
 * Threads: one runs it, registered with rcu.h and offline; stop and turned_us are called from one
 *          other, counts are read from any.
 * With one port it sleeps in the port's own receive, which is one system call less for each wake
 * than any waiting beside it (docs/decisions/udp-threads.md); with many it polls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/net.h>

#include "net_thread.h"
#include "udp_port.h"

struct dns_desk;
struct pollfd;

struct udp_loop {
    void *const *world; /* what rcu_read takes */
    struct dns_desk *desk;
    struct udp_port **ports;
    struct pollfd *waiting; /* of each port; NULL: there is only one */
    size_t n_ports;
    bool is_stopping; /* relaxed atomic */

    /* Written by the thread for each batch. Lines of their own: whoever reads the rest, or writes
     * what follows, is in nobody's way. */
    _Alignas(NET_CACHE_LINE) struct net_counts counts;
    uint64_t turns; /* relaxed atomic; even while it sleeps, or is about to */

    _Alignas(NET_CACHE_LINE) uint64_t seen_turns; /* of whoever watches */
    int64_t seen_us;
};

void udp_loop_run(struct udp_loop *loop);

/* Ends the run after the batch it is at, for good. */
void udp_loop_stop(struct udp_loop *loop);

/* One batch: receive, answer, send. Returns how many datagrams there were. Offline before and
 * after.
 */
size_t udp_loop_turn(struct udp_loop *loop, struct udp_port *port, bool may_sleep);

/* The last time at which it was seen to turn or to sleep, as of now. It reads no clock itself: a
 * loop that sleeps is not late, and one that is at the same batch as the last time one looked is.
 */
int64_t udp_loop_turned_us(struct udp_loop *loop, int64_t now_us);
