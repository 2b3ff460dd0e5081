/* udp_loop.c - the loop of a UDP thread. What a port is, and where it is from, is not known here.
 */
#include "udp_loop.h"

#include <poll.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>

enum { BATCHES_PER_PORT = 16 }; /* then the other ports have their turn */

static void note_turn(struct udp_loop *loop)
{
    counter_bump(&loop->turns, 1);
}

/* Offline while it may sleep: an online thread that sleeps stalls every writer. */
size_t udp_loop_turn(struct udp_loop *loop, struct udp_port *port, bool may_sleep)
{
    struct udp_batch *b = port->batch;
    size_t n = udp_port_receive(port, may_sleep, &loop->counts);

    if (b->n == 0)
        return n;
    note_turn(loop);
    loop->desk->now_ms = clock_tick_ms();
    rcu_online();
    dns_answer_batch(rcu_read(loop->world), loop->desk, b->in, b->out, b->n);
    rcu_offline();
    udp_port_send(port, &loop->counts);
    note_turn(loop);
    return n;
}

static bool is_stopping(const struct udp_loop *loop)
{
    return __atomic_load_n(&loop->is_stopping, __ATOMIC_RELAXED);
}

static void serve_waiting(struct udp_loop *loop)
{
    if (poll(loop->waiting, loop->n_ports, -1) <= 0)
        return;
    for (size_t i = 0; i < loop->n_ports; i++)
        for (int n = 0; n < BATCHES_PER_PORT && loop->waiting[i].revents != 0; n++)
            if (udp_loop_turn(loop, loop->ports[i], false) < UDP_BATCH)
                break;
}

void udp_loop_run(struct udp_loop *loop)
{
    for (size_t i = 0; i < loop->n_ports && loop->waiting != NULL; i++)
        loop->waiting[i] = (struct pollfd){ .fd = loop->ports[i]->fd, .events = POLLIN };
    while (!is_stopping(loop)) {
        if (loop->waiting == NULL)
            udp_loop_turn(loop, loop->ports[0], true);
        else
            serve_waiting(loop);
    }
}

void udp_loop_stop(struct udp_loop *loop)
{
    __atomic_store_n(&loop->is_stopping, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < loop->n_ports; i++)
        udp_port_interrupt(loop->ports[i]);
}

int64_t udp_loop_turned_us(struct udp_loop *loop, int64_t now_us)
{
    uint64_t turns = __atomic_load_n(&loop->turns, __ATOMIC_RELAXED);

    if (turns % 2 == 0 || turns != loop->seen_turns || loop->seen_us == 0) {
        loop->seen_turns = turns;
        loop->seen_us = now_us;
    }
    return loop->seen_us;
}
