/* udp_batch.c - recvmmsg and sendmmsg around one batch; a worker's thread. */
#include "udp_batch.h"

#include <errno.h>
#include <string.h>

#include <waymark/net.h>

_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= UDP_CONTROL, "room for where it was sent");
_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) <= UDP_CONTROL, "room for where it was sent");

void udp_batch_init(struct udp_batch *b)
{
    memset(b, 0, sizeof *b);
    for (size_t i = 0; i < UDP_BATCH; i++) {
        b->query_iov[i] = (struct iovec){ b->queries[i], UDP_BUFFER };
        b->received[i].msg_hdr.msg_iov = &b->query_iov[i];
        b->received[i].msg_hdr.msg_iovlen = 1;
        b->received[i].msg_hdr.msg_name = &b->peers[i];
        b->answer_iov[i].iov_base = b->answers[i];
        b->out[i] = (struct dns_out){ .octets = b->answers[i], .cap = UDP_BUFFER };
    }
}

/* What the kernel wrote over the last time. */
static void refresh(struct udp_batch *b, bool is_wildcard)
{
    for (size_t i = 0; i < UDP_BATCH; i++) {
        struct msghdr *m = &b->received[i].msg_hdr;
        m->msg_namelen = sizeof b->peers[i];
        m->msg_control = is_wildcard ? b->control[i] : NULL;
        m->msg_controllen = is_wildcard ? UDP_CONTROL : 0;
    }
}

/* Port 0 cannot be answered, and only a forger sends from it. */
static bool take(struct udp_batch *b, size_t datagram)
{
    const struct mmsghdr *m = &b->received[datagram];
    uint16_t port;
    struct addr from = addr_from_sockaddr(&b->peers[datagram].any, &port);

    if (port == 0 || (m->msg_hdr.msg_flags & MSG_TRUNC) != 0)
        return false;
    b->in[b->n] = (struct dns_in){
        .octets = b->queries[datagram], .len = m->msg_len, .from = from, .transport = DNS_UDP
    };
    b->out[b->n].len = 0;
    b->datagram_of[b->n++] = (uint8_t)datagram;
    return true;
}

size_t udp_batch_receive(struct udp_batch *b, int fd, bool is_wildcard, struct net_counts *counts)
{
    int got;

    b->n = 0;
    refresh(b, is_wildcard);
    do
        got = recvmmsg(fd, b->received, UDP_BATCH, MSG_DONTWAIT, NULL);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;

    for (size_t i = 0; i < (size_t)got; i++)
        if (!take(b, i))
            counter_bump(&counts->udp_dropped, 1);
    counter_bump(&counts->udp_received, (uint64_t)got);
    return (size_t)got;
}

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

static size_t line_up(struct udp_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        if (b->out[i].len == 0)
            continue;
        const struct msghdr *received = &b->received[b->datagram_of[i]].msg_hdr;
        struct msghdr *m = &b->sending[n++].msg_hdr;
        b->answer_iov[i].iov_len = b->out[i].len;
        m->msg_iov = &b->answer_iov[i];
        m->msg_iovlen = 1;
        m->msg_name = received->msg_name;
        m->msg_namelen = received->msg_namelen;
        reply_from_where_asked(m, received);
    }
    return n;
}

/* A full socket buffer drops the rest, as a network would; one answer that cannot be sent (no
 * route, a firewall) is passed over. */
void udp_batch_send(struct udp_batch *b, int fd, struct net_counts *counts)
{
    size_t n = line_up(b), sent = 0, at = 0;

    while (at < n) {
        int done = sendmmsg(fd, &b->sending[at], (unsigned)(n - at), MSG_DONTWAIT);
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
    counter_bump(&counts->udp_send_failures, n - sent);
}
