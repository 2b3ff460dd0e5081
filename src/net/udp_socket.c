/* udp_socket.c - recvmmsg and sendmmsg around a batch; the thread of a UDP loop. Which options a
 * socket has is for net_bind.c. */
#include "udp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <waymark/net.h>

#include "net_bind.h"

enum {
    CONTROL = 64,   /* CMSG_SPACE(struct in6_pktinfo), and some */
    ALONE = 4,      /* after so many datagrams in a row that came alone */
    ALONE_END = 36, /* those up to here are received one by one */
    PAUSE_MS = 10   /* after an error of the socket's: never turn at full speed */
};

_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= CONTROL, "room for where it was sent");
_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) <= CONTROL, "room for where it was sent");
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "one port");

union peer {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* Once per thread. The headers are made once; what the kernel writes over is mended before the next
 * batch, for as many as it wrote. */
struct udp_room {
    struct udp_batch batch;
    bool has_control; /* the headers of `received` ask where a datagram was sent to */
    size_t n_received; /* the last time */
    uint8_t datagram_of[UDP_BATCH]; /* the i-th query came as this datagram */
    struct mmsghdr received[UDP_BATCH], sending[UDP_BATCH];
    struct iovec query_iov[UDP_BATCH], answer_iov[UDP_BATCH];
    union peer peers[UDP_BATCH];
    _Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][CONTROL];
    uint8_t queries[UDP_BATCH][UDP_STRIDE];
    uint8_t answers[UDP_BATCH][UDP_STRIDE];
};

struct udp_socket {
    struct udp_port port;
    struct udp_room *room;
    bool is_wildcard;
    unsigned n_alone; /* in a row */
};

struct udp_room *udp_room_new(void)
{
    struct udp_room *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    for (size_t i = 0; i < UDP_BATCH; i++) {
        r->query_iov[i] = (struct iovec){ r->queries[i], UDP_BUFFER };
        r->answer_iov[i].iov_base = r->answers[i];
        r->received[i].msg_hdr = (struct msghdr){ .msg_name = &r->peers[i],
                                                  .msg_namelen = sizeof r->peers[i],
                                                  .msg_iov = &r->query_iov[i],
                                                  .msg_iovlen = 1 };
        r->sending[i].msg_hdr = (struct msghdr){ .msg_iov = &r->answer_iov[i], .msg_iovlen = 1 };
        r->batch.in[i].transport = DNS_UDP;
        r->batch.out[i] = (struct dns_out){ .octets = r->answers[i], .cap = UDP_BUFFER };
    }
    return r;
}

void udp_room_free(struct udp_room *room)
{
    free(room);
}

static struct udp_socket *socket_of(struct udp_port *port)
{
    return (struct udp_socket *)((char *)port - offsetof(struct udp_socket, port));
}

/* ---- in ---- */

/* The headers of the next datagrams, for a socket that is told where each was sent to or is not:
 * the sockets of one thread share them. */
static void ask_for_control(struct udp_room *r, bool is_asked)
{
    for (size_t i = 0; i < UDP_BATCH; i++) {
        struct msghdr *m = &r->received[i].msg_hdr;
        m->msg_control = is_asked ? r->control[i] : NULL;
        m->msg_controllen = is_asked ? CONTROL : 0;
        r->sending[i].msg_hdr.msg_control = NULL;
        r->sending[i].msg_hdr.msg_controllen = 0;
    }
    r->has_control = is_asked;
}

/* What the kernel wrote over the last time. */
static void mend(struct udp_room *r)
{
    for (size_t i = 0; i < r->n_received; i++) {
        struct msghdr *m = &r->received[i].msg_hdr;
        m->msg_namelen = sizeof r->peers[i];
        if (r->has_control)
            m->msg_controllen = CONTROL;
    }
    r->n_received = 0;
}

static void set_from(struct addr *out, const union peer *peer)
{
    uint16_t port;

    if (peer->any.sa_family != AF_INET) {
        *out = addr_from_sockaddr(&peer->any, &port);
        return;
    }
    out->family = 4;
    memset(out->octets, 0, sizeof out->octets);
    memcpy(out->octets, &peer->in.sin_addr, 4);
}

/* Port 0 cannot be answered, and only a forger sends from it. */
static bool take(struct udp_room *r, size_t datagram)
{
    const struct mmsghdr *m = &r->received[datagram];
    struct udp_batch *b = &r->batch;
    struct dns_in *in = &b->in[b->n];

    if (r->peers[datagram].in.sin_port == 0 || (m->msg_hdr.msg_flags & MSG_TRUNC) != 0)
        return false;
    in->octets = r->queries[datagram];
    in->len = m->msg_len;
    set_from(&in->from, &r->peers[datagram]);
    b->out[b->n].len = 0;
    r->datagram_of[b->n++] = (uint8_t)datagram;
    return true;
}

/* Nothing that we know of does; but a socket that fails at once, every time, must not take a core.
 */
static void pause_after(int err)
{
    static const struct timespec a_while = { .tv_nsec = PAUSE_MS * 1000000L };

    if (err != EAGAIN && err != EINTR)
        nanosleep(&a_while, NULL);
}

/* 0.4 us less than recvmmsg, which looks for a second one. */
static int receive_one(int fd, struct udp_room *r)
{
    struct mmsghdr *m = &r->received[0];
    ssize_t len = recvfrom(fd, r->queries[0], UDP_BUFFER, MSG_TRUNC, &r->peers[0].any,
                           &m->msg_hdr.msg_namelen);

    if (len < 0)
        return -1;
    m->msg_len = (unsigned)len;
    m->msg_hdr.msg_flags = len > UDP_BUFFER ? MSG_TRUNC : 0;
    return 1;
}

/* A server that is not at its limit finds one datagram each time it wakes: after some that came
 * alone it expects the next to do the same, and looks now and then whether they come in numbers. */
static int receive_some(struct udp_socket *s, bool may_sleep)
{
    if (may_sleep && s->n_alone >= ALONE) {
        if (++s->n_alone == ALONE_END)
            s->n_alone = 0;
        return receive_one(s->port.fd, s->room);
    }
    int got = recvmmsg(s->port.fd, s->room->received, UDP_BATCH,
                       may_sleep ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
    s->n_alone = got == 1 && !s->is_wildcard && may_sleep ? s->n_alone + 1 : 0;
    return got;
}

static size_t receive(struct udp_port *port, bool may_sleep, struct net_counts *counts)
{
    struct udp_socket *s = socket_of(port);
    struct udp_room *r = s->room;

    r->batch.n = 0;
    mend(r);
    if (r->has_control != s->is_wildcard)
        ask_for_control(r, s->is_wildcard);
    int got = receive_some(s, may_sleep);
    if (got <= 0) {
        pause_after(errno);
        return 0;
    }
    r->n_received = (size_t)got;
    if (r->received[0].msg_hdr.msg_namelen == 0) /* nobody's: the socket was interrupted */
        return 0;
    for (size_t i = 0; i < r->n_received; i++)
        if (!take(r, i))
            counter_bump(&counts->udp_dropped, 1);
    counter_bump(&counts->udp_received, r->n_received);
    return r->n_received;
}

/* ---- out ---- */

/* The note that told where the query was sent to tells, on its way back, where the answer comes
 * from. The interface is left to routing, unless the address means nothing without it. */
static void reply_from_where_asked(struct msghdr *m, const struct msghdr *received)
{
    struct cmsghdr *note = received->msg_controllen > 0 ? CMSG_FIRSTHDR(received) : NULL;
    bool is_known = false;

    if (note != NULL && note->cmsg_level == IPPROTO_IP && note->cmsg_type == IP_PKTINFO) {
        ((struct in_pktinfo *)CMSG_DATA(note))->ipi_ifindex = 0;
        is_known = true;
    } else if (note != NULL && note->cmsg_level == IPPROTO_IPV6 &&
               note->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(note);
        if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
            info->ipi6_ifindex = 0;
        is_known = !IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
    }
    m->msg_control = is_known ? received->msg_control : NULL;
    m->msg_controllen = is_known ? received->msg_controllen : 0;
}

static size_t line_up(struct udp_room *r)
{
    const struct udp_batch *b = &r->batch;
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        if (b->out[i].len == 0)
            continue;
        const struct msghdr *received = &r->received[r->datagram_of[i]].msg_hdr;
        struct msghdr *m = &r->sending[n].msg_hdr;
        r->answer_iov[n++] = (struct iovec){ b->out[i].octets, b->out[i].len };
        m->msg_name = received->msg_name;
        m->msg_namelen = received->msg_namelen;
        if (r->has_control)
            reply_from_where_asked(m, received);
    }
    return n;
}

/* How many of them went, or -1. */
static int send_some(int fd, struct mmsghdr *messages, size_t n)
{
    const struct msghdr *m = &messages->msg_hdr;

    if (n > 1 || m->msg_controllen > 0)
        return sendmmsg(fd, messages, (unsigned)n, MSG_DONTWAIT);
    /* An answer that goes alone: 0.2 us less than by sendmmsg. */
    ssize_t len = sendto(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, MSG_DONTWAIT, m->msg_name,
                         m->msg_namelen);
    return len < 0 ? -1 : 1;
}

/* A full socket buffer drops the rest, as a network would; one answer that cannot be sent (no
 * route, a firewall) is passed over. */
static void send_answers(struct udp_port *port, struct net_counts *counts)
{
    struct udp_room *r = socket_of(port)->room;
    size_t n = line_up(r), sent = 0, at = 0;

    while (at < n) {
        int done = send_some(port->fd, &r->sending[at], n - at);
        if (done > 0) {
            at += (size_t)done;
            sent += (size_t)done;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            break;
        } else if (errno != EINTR) {
            at++;
        }
    }
    counter_bump(&counts->udp_sent, sent);
    if (sent < n)
        counter_bump(&counts->udp_send_failures, n - sent);
}

/* ---- open and close ---- */

/* An unconnected socket complains (ENOTCONN), and wakes all the same, for good. */
static void interrupt(struct udp_port *port)
{
    shutdown(port->fd, SHUT_RD);
}

static void close_socket(struct udp_port *port)
{
    close(port->fd);
    free(socket_of(port));
}

int udp_socket_open(const struct endpoint *at, struct udp_room *room, struct udp_port **out,
                    char why[static WHY_LEN])
{
    static const struct udp_port_kind kind = { receive, send_answers, interrupt, close_socket };
    struct udp_socket *s = calloc(1, sizeof *s);

    if (s == NULL)
        return why_set(why, -ENOMEM, "cannot listen: out of memory");
    int err = net_bind_udp(at, &s->port.fd, why);
    if (err != 0) {
        free(s);
        return err;
    }
    s->port.kind = &kind;
    s->port.batch = &room->batch;
    s->room = room;
    s->is_wildcard = net_is_wildcard(at);
    *out = &s->port;
    return 0;
}
