/* udp_port.h - where datagrams come from and go to: the kernel's sockets (udp_socket.h), memory
 * (udp_memory.h), and whatever comes later. A loop knows no more of them than this.
 *
 * Threads: one, the loop's, but for interrupt and for close, which comes after the thread has
 * ended. Nothing here allocates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "udp_batch.h"

struct net_counts;
struct udp_port;

struct udp_port_kind {
    /* Takes what waits and sets the batch; where nothing does, it sleeps until something comes, if
     * it may. Returns how many datagrams there were, dropped ones among them: UDP_BATCH, and there
     * may be more; less, if it may not sleep, and there were no more. 0: nothing, or interrupted. */
    size_t (*receive)(struct udp_port *port, bool may_sleep, struct net_counts *counts);
    /* Sends every out that has a length, from the address that was asked. Never sleeps. */
    void (*send)(struct udp_port *port, struct net_counts *counts);
    /* From any thread: wakes whoever sleeps in receive or on the descriptor, and nobody sleeps
     * there any more. */
    void (*interrupt)(struct udp_port *port);
    void (*close)(struct udp_port *port);
};

/* The first member of each kind's own struct. */
struct udp_port {
    const struct udp_port_kind *kind;
    struct udp_batch *batch; /* what receive sets and send reads; ports of a thread may share it */
    int fd;                  /* readable when something waits: for poll, if there are many ports */
};

static inline size_t udp_port_receive(struct udp_port *port, bool may_sleep,
                                      struct net_counts *counts)
{
    return port->kind->receive(port, may_sleep, counts);
}

static inline void udp_port_send(struct udp_port *port, struct net_counts *counts)
{
    port->kind->send(port, counts);
}

static inline void udp_port_interrupt(struct udp_port *port)
{
    port->kind->interrupt(port);
}

static inline void udp_port_close(struct udp_port *port) /* NULL is fine */
{
    if (port != NULL)
        port->kind->close(port);
}
