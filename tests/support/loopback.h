/* loopback.h - sockets for tests that talk to themselves over loopback. cmocka.h comes first. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <waymark/addr.h>
#include <waymark/clock.h>
#include <waymark/rng.h>

/* Every wait in a test ends: a receive that takes longer fails. */
static inline void loopback_limit(int fd, int seconds)
{
    struct timeval limit = { .tv_sec = seconds };

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
}

/* "127.0.0.1" or "::1", with a port. */
static inline struct endpoint loopback_at(const char *text, uint16_t port)
{
    struct endpoint at = { .port = port };

    assert_true(addr_parse(text, &at.addr));
    return at;
}

static inline bool loopback_is_free(const struct endpoint *at, int type)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    int fd = socket(sa.ss_family, type, 0);
    bool is_free = bind(fd, (struct sockaddr *)&sa, len) == 0;

    close(fd);
    return is_free;
}

/* A port that was free a moment ago, for UDP and TCP; below those that the kernel gives to clients,
 * other tests' among them. */
static inline struct endpoint loopback_free_port(const char *text)
{
    struct rng rng;

    rng_seed(&rng, (uint64_t)clock_steady_us() ^ (uint64_t)getpid() << 32);
    for (int i = 0; i < 200; i++) {
        struct endpoint at = loopback_at(text, (uint16_t)(10000 + rng_next(&rng) % 20000));
        if (loopback_is_free(&at, SOCK_DGRAM) && loopback_is_free(&at, SOCK_STREAM))
            return at;
    }
    fail_msg("no free port");
    return loopback_at(text, 0);
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
