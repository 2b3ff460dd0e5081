/* udp_memory.c - batches out of an array, answers into a callback; any thread, one at a time. No
 * part of the server: nothing in it opens one. */
#include "udp_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <waymark/net.h>

struct udp_memory {
    struct udp_port port;
    struct udp_batch batch;
    struct udp_memory_config config;
    size_t at, n_left;
    const struct udp_packet *packet_of[UDP_BATCH]; /* the i-th query */
    uint8_t answers[UDP_BATCH][UDP_STRIDE];
};

static struct udp_memory *memory_of(struct udp_port *port)
{
    return (struct udp_memory *)((char *)port - offsetof(struct udp_memory, port));
}

static const struct udp_packet *next_packet(struct udp_memory *m)
{
    const struct udp_packet *p = &m->config.packets[m->at];

    if (++m->at == m->config.n_packets)
        m->at = 0;
    m->n_left--;
    return p;
}

/* The same are dropped as by a socket. */
static bool take(struct udp_memory *m, const struct udp_packet *p)
{
    struct udp_batch *b = &m->batch;
    struct dns_in *in = &b->in[b->n];

    if (p->port == 0 || p->len > UDP_BUFFER)
        return false;
    in->octets = p->octets;
    in->len = p->len;
    in->from = p->from;
    b->out[b->n].len = 0;
    m->packet_of[b->n++] = p;
    return true;
}

static size_t receive(struct udp_port *port, bool may_sleep, struct net_counts *counts)
{
    struct udp_memory *m = memory_of(port);
    size_t got = m->n_left < UDP_BATCH ? m->n_left : UDP_BATCH;

    m->batch.n = 0;
    if (got == 0) {
        if (m->config.on_empty != NULL)
            m->config.on_empty(m->config.ctx);
        return 0;
    }
    for (size_t i = 0; i < got; i++)
        if (!take(m, next_packet(m)))
            counter_bump(&counts->udp_dropped, 1);
    counter_bump(&counts->udp_received, got);
    return got;
}

static void send_answers(struct udp_port *port, struct net_counts *counts)
{
    const struct udp_memory *m = memory_of(port);
    const struct udp_batch *b = &m->batch;
    size_t sent = 0;

    for (size_t i = 0; i < b->n; i++) {
        if (b->out[i].len == 0)
            continue;
        sent++;
        if (m->config.on_answer != NULL)
            m->config.on_answer(m->config.ctx, m->packet_of[i], b->out[i].octets, b->out[i].len);
    }
    counter_bump(&counts->udp_sent, sent);
}

static void interrupt(struct udp_port *port)
{
    /* Nobody sleeps here. */
}

static void close_memory(struct udp_port *port)
{
    close(port->fd);
    free(memory_of(port));
}

int udp_memory_open(const struct udp_memory_config *config, struct udp_port **out)
{
    static const struct udp_port_kind kind = { receive, send_answers, interrupt, close_memory };
    struct udp_memory *m = calloc(1, sizeof *m);

    if (m == NULL)
        return -ENOMEM;
    m->port = (struct udp_port){ .kind = &kind, .batch = &m->batch };
    m->port.fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->port.fd < 0) {
        int err = -errno;
        free(m);
        return err;
    }
    m->config = *config;
    m->n_left = config->n;
    for (size_t i = 0; i < UDP_BATCH; i++) {
        m->batch.in[i].transport = DNS_UDP;
        m->batch.out[i] = (struct dns_out){ .octets = m->answers[i], .cap = UDP_BUFFER };
    }
    *out = &m->port;
    return 0;
}
