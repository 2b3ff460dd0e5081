/* loopback.h - sockets for tests that talk to themselves over loopback. cmocka.h comes first. */
#pragma once

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <waymark/addr.h>

/* Every wait in a test ends: a receive that takes longer fails. */
static inline void loopback_limit(int fd, int seconds)
{
    struct timeval limit = { .tv_sec = seconds };

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
}

/* An address with port 0: the kernel picks. `text` like "127.0.0.1" or "::1". */
static inline int loopback_bind(const char *text, int type, struct endpoint *out)
{
    struct sockaddr_storage sa;
    struct endpoint at = { .port = 0 };

    assert_true(addr_parse(text, &at.addr));
    socklen_t len = endpoint_to_sockaddr(&at, &sa);
    int fd = socket(sa.ss_family, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    len = sizeof sa;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    out->addr = addr_from_sockaddr((struct sockaddr *)&sa, &out->port);
    loopback_limit(fd, 10);
    return fd;
}

/* A port that was free a moment ago, for UDP and TCP. */
static inline struct endpoint loopback_free_port(const char *text)
{
    struct sockaddr_storage sa;
    struct endpoint at;

    for (int i = 0; i < 50; i++) {
        int udp = loopback_bind(text, SOCK_DGRAM, &at);
        int tcp = socket(at.addr.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
        socklen_t len = endpoint_to_sockaddr(&at, &sa);
        int err = bind(tcp, (struct sockaddr *)&sa, len);
        close(tcp);
        close(udp);
        if (err == 0)
            return at;
    }
    fail_msg("no free port");
    return at;
}

static inline int loopback_connect(const struct endpoint *to, int type)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(to, &sa);
    int fd = socket(sa.ss_family, type, 0);

    assert_true(fd >= 0);
    loopback_limit(fd, 10);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

static inline void loopback_send(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

/* All of it: streams come in pieces. */
static inline void loopback_expect(int fd, void *to, size_t len)
{
    assert_int_equal(recv(fd, to, len, MSG_WAITALL), len);
}
