/* net_bind.c - opens and binds sockets; main thread, before privileges drop. What is read and
 * written on them is for udp_socket.c and tcp_server.c. */
#include "net_bind.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECEIVE_BUFFER = 1 << 20, /* rides out a thread that waits for a core; the kernel may cap it */
    SEND_BUFFER = 1 << 17,    /* of one TCP client: what a slow reader can hold of the kernel's */
    BACKLOG = 511,
    FAST_OPEN_QUEUE = 256 /* connections whose first query came before the handshake was over */
};

static int explain(const struct endpoint *at, int type, int err, char why[static WHY_LEN])
{
    char text[ENDPOINT_TEXT_LEN];
    const char *kind = type == SOCK_DGRAM ? "UDP" : "TCP";

    endpoint_format(at, text);
    switch (err) {
    case EADDRINUSE:
        return why_set(why, -err,
                       "cannot listen on %s (%s): another program does; stop it (`ss -lnp` shows "
                       "which) or change server.listen",
                       text, kind);
    case EACCES:
    case EPERM:
        return why_set(why, -err,
                       "cannot listen on %s (%s): ports below 1024 need root or "
                       "CAP_NET_BIND_SERVICE; start as root with server.user set, or take a port "
                       "from 1024 up",
                       text, kind);
    case EADDRNOTAVAIL:
        return why_set(why, -err,
                       "cannot listen on %s (%s): no interface has this address; add it to one, or "
                       "correct server.listen",
                       text, kind);
    case EAFNOSUPPORT:
        return why_set(why, -err,
                       "cannot listen on %s (%s): this kernel has no %s; remove it from "
                       "server.listen",
                       text, kind, at->addr.family == 6 ? "IPv6" : "IPv4");
    case EMFILE:
    case ENFILE:
        return why_set(why, -err,
                       "cannot listen on %s (%s): out of file descriptors; raise the limit "
                       "(LimitNOFILE=, `ulimit -n`) or lower server.threads",
                       text, kind);
    default:
        return why_set(why, -err, "cannot listen on %s (%s): %s", text, kind, strerror(err));
    }
}

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Threads sleep in their datagram socket, and in no other. */
static int open_socket(const struct endpoint *at, int type)
{
    int family = at->addr.family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, type | SOCK_CLOEXEC | (type == SOCK_STREAM ? SOCK_NONBLOCK : 0), 0);

    if (fd < 0)
        return -1;
    if (family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static bool bind_to(int fd, const struct endpoint *at)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(at, &sa);

    return bind(fd, (struct sockaddr *)&sa, len) == 0;
}

bool net_is_wildcard(const struct endpoint *at)
{
    static const uint8_t zero[16];

    return memcmp(at->addr.octets, zero, sizeof zero) == 0;
}

static int try_type(const struct endpoint *at, int type, char why[static WHY_LEN])
{
    int fd = open_socket(at, type);
    int err = 0;

    if (fd < 0)
        return explain(at, type, errno, why);
    /* Connections of an earlier server that still say goodbye (TIME_WAIT) are in nobody's way. */
    if (type == SOCK_STREAM && !set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        err = explain(at, type, errno, why);
    else if (!bind_to(fd, at) || (type == SOCK_STREAM && listen(fd, 1) != 0))
        err = explain(at, type, errno, why);
    close(fd);
    return err;
}

int net_bind_try(const struct endpoint *at, char why[static WHY_LEN])
{
    int err = try_type(at, SOCK_DGRAM, why);

    return err != 0 ? err : try_type(at, SOCK_STREAM, why);
}

/* On a wildcard address each datagram says where it was sent to, and the answer says where it comes
 * from. Elsewhere that would cost 60 ns for nothing. */
static bool ask_for_destination(int fd, const struct endpoint *at)
{
    if (!net_is_wildcard(at))
        return true;
    if (at->addr.family == 4)
        return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* Forged "packet too big" messages must not make us send fragments (RFC 9715): ignore them. */
static bool ignore_path_mtu(int fd, const struct endpoint *at)
{
    if (at->addr.family == 4)
        return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

int net_bind_udp(const struct endpoint *at, int *out, char why[static WHY_LEN])
{
    int fd = open_socket(at, SOCK_DGRAM);

    if (fd < 0)
        return explain(at, SOCK_DGRAM, errno, why);
    set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER); /* best effort */
    if (!set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) || !ask_for_destination(fd, at) ||
        !ignore_path_mtu(fd, at) || !bind_to(fd, at)) {
        int err = explain(at, SOCK_DGRAM, errno, why);
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}

/* Best effort. Fast Open (RFC 7413) saves known clients a round trip; the kernel heeds it where
 * net.ipv4.tcp_fastopen has the server's bit, 2. A client that takes nothing is given up by the kernel
 * soon after we did, instead of minutes later. */
static void be_quick_and_strict(int fd, int patience_s)
{
    set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPEN_QUEUE);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, patience_s * 2000);
}

int net_bind_tcp(const struct endpoint *at, int patience_s, int *out, char why[static WHY_LEN])
{
    int fd = open_socket(at, SOCK_STREAM);

    if (fd < 0)
        return explain(at, SOCK_STREAM, errno, why);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER); /* best effort */
    be_quick_and_strict(fd, patience_s);
    /* Accepted sockets inherit all this. An answer is one write and must not wait for an ACK. */
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
        !set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) || !bind_to(fd, at) ||
        listen(fd, BACKLOG) != 0) {
        int err = explain(at, SOCK_STREAM, errno, why);
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}
