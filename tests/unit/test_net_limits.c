/* test_net_limits.c - what one client, one connection and all of them may take of a worker. */
#include "cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/net.h>

#include "net/tcp_session.h"

#include "loopback.h"

enum { BIG = 0xb1, KEEPALIVE = 0x4a };

/* The answer is the question, or as large as it can be, or whether the client is told to leave. */
void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i].len = in[i].octets[0] == BIG ? out[i].cap : in[i].len;
        memset(out[i].octets, in[i].octets[0], out[i].len);
        if (in[i].octets[0] == KEEPALIVE)
            out[i].octets[0] = in[i].keepalive_ds == 0 ? 'g' : 's'; /* go, stay */
    }
}

struct play {
    struct endpoint at;
    struct dns_desk *desks[2]; /* a thread for UDP, one for TCP */
    void *world;
    struct net_config config;
    struct net *net;
};

/* One worker, so that all meet. */
static struct play *set_up_with(int clients, int per_client, int idle_s, int life_s, int queries)
{
    struct play *p = calloc(1, sizeof *p);
    char why[WHY_LEN];

    p->at = loopback_free_port("127.0.0.1");
    for (size_t i = 0; i < 2; i++)
        p->desks[i] = calloc(1, sizeof *p->desks[i]);
    p->world = p;
    p->config = (struct net_config){ .listen = &p->at,
                                     .n_listen = 1,
                                     .desks = p->desks,
                                     .n_workers = 1,
                                     .world = &p->world,
                                     .tcp_clients = clients,
                                     .tcp_per_client = per_client,
                                     .tcp_idle_s = idle_s,
                                     .tcp_life_s = life_s,
                                     .tcp_queries = queries };
    assert_int_equal(net_open(&p->config, &p->net, why), 0);
    assert_int_equal(net_start(p->net, why), 0);
    return p;
}

static struct play *set_up(int clients, int per_client, int idle_s, int life_s)
{
    return set_up_with(clients, per_client, idle_s, life_s, 0);
}

static void tear_down(struct play *p)
{
    net_close(p->net);
    for (size_t i = 0; i < 2; i++)
        free(p->desks[i]);
    free(p);
}

static void nap(int ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

    nanosleep(&t, NULL);
}

static int connect_from(const struct play *p, const char *source)
{
    struct endpoint from = loopback_at(source, 0);
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(&from, &sa);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    loopback_limit(fd, 10);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    len = endpoint_to_sockaddr(&p->at, &sa);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

static void ask(int fd)
{
    uint8_t got[3];

    loopback_send(fd, "\0\1a", 3);
    loopback_expect(fd, got, 3);
}

static bool is_closed(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);

    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void one_clients_crowd_pushes_out_none_but_its_own(void **state)
{
    enum { CROWD = 50 };
    struct play *p = set_up(100, 4, 60, 600);
    int other = connect_from(p, "127.0.0.9"), crowd[CROWD];

    ask(other);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = connect_from(p, "127.0.0.1");
        ask(crowd[i]);
    }
    struct net_counts c = net_counts(p->net);
    assert_int_equal(c.tcp_client_evicted, CROWD - 4);
    assert_int_equal(c.tcp_evicted, 0);
    for (int i = 0; i < CROWD - 4; i++)
        assert_true(is_closed(crowd[i]));
    for (int i = CROWD - 4; i < CROWD; i++)
        ask(crowd[i]);
    ask(other);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    close(other);
    tear_down(p);
}

static void of_a_clients_own_the_longest_idle_gives_way(void **state)
{
    struct play *p = set_up(100, 2, 60, 600);
    int first = connect_from(p, "127.0.0.1"), second, third;

    ask(first);
    second = connect_from(p, "127.0.0.1");
    ask(second);
    ask(first); /* now the second is the idler one */
    third = connect_from(p, "127.0.0.1");
    ask(third);
    assert_true(is_closed(second));
    ask(first);
    close(first), close(second), close(third);
    tear_down(p);
}

static void one_connection_a_client_is_a_limit_like_any(void **state)
{
    struct play *p = set_up(1, 1, 60, 600);

    for (int i = 0; i < 20; i++) {
        int fd = connect_from(p, "127.0.0.1");
        ask(fd);
        close(fd);
    }
    int first = connect_from(p, "127.0.0.1");
    ask(first);
    int other = connect_from(p, "127.0.0.2");
    ask(other);
    assert_true(is_closed(first));
    close(first), close(other);
    tear_down(p);
}

static void a_connection_ends_with_its_life_however_busy(void **state)
{
    struct play *p = set_up(100, 100, 60, 1);
    int fd = connect_from(p, "127.0.0.1");
    int64_t start_us = clock_steady_us();
    uint8_t got[3];

    for (int i = 0; i < 100; i++) {
        if (send(fd, "\0\1a", 3, MSG_NOSIGNAL) != 3 || recv(fd, got, 3, MSG_WAITALL) != 3)
            break;
        nap(50);
    }
    int64_t lived_us = clock_steady_us() - start_us;
    assert_in_range(lived_us, 900000, 4900000);
    struct net_counts c = net_counts(p->net);
    assert_int_equal(c.tcp_expired, 1);
    assert_int_equal(c.tcp_timeouts, 0);
    close(fd);
    tear_down(p);
}

/* What it sent beyond the bound is neither answered nor a reason for a reset, which could take answers
 * with it. */
static void after_its_last_query_a_client_gets_all_answers_and_an_end(void **state)
{
    enum { MAY = 5, ASKED = 2000 };
    struct play *p = set_up_with(100, 100, 60, 600, MAY);
    int fd = connect_from(p, "127.0.0.1");
    uint8_t got[3];

    for (int i = 0; i < ASKED; i++)
        loopback_send(fd, (uint8_t[]){ 0, 1, KEEPALIVE }, 3);
    for (int i = 0; i < MAY; i++) {
        loopback_expect(fd, got, 3);
        assert_int_equal(got[2], i < MAY - 1 ? 's' : 'g');
    }
    assert_int_equal(recv(fd, got, 1, 0), 0);
    loopback_send(fd, "\0\1a", 3);
    close(fd);
    for (int i = 0; i < 500 && net_counts(p->net).tcp_closed == 0; i++)
        nap(10);
    struct net_counts c = net_counts(p->net);
    assert_int_equal(c.tcp_closed, 1);
    assert_int_equal(c.tcp_exhausted, 1);
    assert_int_equal(c.tcp_queries, MAY);
    assert_int_equal(c.tcp_timeouts, 0);
    tear_down(p);
}

static void who_asked_enough_and_stays_is_dropped(void **state)
{
    struct play *p = set_up_with(100, 100, 1, 600, 1);
    int fd = connect_from(p, "127.0.0.1");
    uint8_t got[3];

    ask(fd);
    assert_int_equal(recv(fd, got, 1, 0), 0);
    for (int i = 0; i < 500 && net_counts(p->net).tcp_closed == 0; i++) {
        send(fd, "\0\1a", 3, MSG_NOSIGNAL);
        nap(10);
    }
    assert_int_equal(net_counts(p->net).tcp_timeouts, 1);
    assert_int_equal(net_counts(p->net).tcp_queries, 1);
    close(fd);
    tear_down(p);
}

/* Each asks for more than any buffer holds and takes nothing. */
static void readers_that_stay_away_hold_a_bounded_memory(void **state)
{
    enum { READERS = 400, QUERIES = 60 };
    struct play *p = set_up(1000, 1000, 60, 600);
    static int fds[READERS];
    int udp = loopback_connect(&p->at, SOCK_DGRAM);
    uint8_t got;

    for (int i = 0; i < READERS; i++) {
        fds[i] = connect_from(p, "127.0.0.1");
        for (int j = 0; j < QUERIES; j++)
            if (send(fds[i], "\0\1\xb1", 3, MSG_NOSIGNAL | MSG_DONTWAIT) != 3)
                break;
    }
    for (int i = 0; i < 500 && net_counts(p->net).tcp_overfull == 0; i++) {
        loopback_send(udp, "u", 1);
        loopback_expect(udp, &got, 1);
        nap(10);
    }
    struct net_counts c = net_counts(p->net);
    assert_in_range(c.tcp_overfull, 1, READERS - TCP_HELD_MAX / TCP_ANSWERS);
    ask(connect_from(p, "127.0.0.2"));
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
    close(udp);
    tear_down(p);
}

/* What is unsent is not left to the kernel, which would go on trying. */
static void who_takes_nothing_is_reset(void **state)
{
    struct play *p = set_up(100, 100, 1, 600);
    int fd = connect_from(p, "127.0.0.1");
    static uint8_t got[65536];
    ssize_t n;

    for (int i = 0; i < 400; i++)
        loopback_send(fd, "\0\1\xb1", 3);
    for (int i = 0; i < 500 && net_counts(p->net).tcp_timeouts == 0; i++)
        nap(10);
    assert_int_equal(net_counts(p->net).tcp_timeouts, 1);
    while ((n = recv(fd, got, sizeof got, 0)) > 0)
        continue;
    assert_int_equal(n, -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    tear_down(p);
}

/* The one whose growth is too much can be the one that began first. */
static void who_grows_beyond_the_bound_may_be_the_first(void **state)
{
    enum { WRITERS = 450, SENT = 50000 };
    struct play *p = set_up(1000, 1000, 60, 600);
    struct rng rng;
    static int fds[WRITERS];
    static uint8_t half[SENT] = { 0xff, 0xff };

    for (int i = 0; i < WRITERS; i++)
        fds[i] = connect_from(p, "127.0.0.1");
    for (int i = 0; i < WRITERS; i++)
        loopback_send(fds[i], half, SENT / 10);
    rng_seed(&rng, 1);
    for (int i = 0; i < 9 * WRITERS; i++) /* soon one that grows is the one to go */
        if (send(fds[rng_next(&rng) % WRITERS], half + 2, SENT / 10,
                 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            continue;
    for (int i = 0; i < 500 && net_counts(p->net).tcp_overfull == 0; i++)
        nap(10);
    assert_true(net_counts(p->net).tcp_overfull > 0);
    int other = connect_from(p, "127.0.0.2");
    ask(other);
    close(other);
    for (int i = 0; i < WRITERS; i++)
        close(fds[i]);
    tear_down(p);
}

/* Half a query of the longest kind from many: as much memory as each may make us take. */
static void writers_that_never_end_hold_a_bounded_memory(void **state)
{
    enum { WRITERS = 400, SENT = 60000 };
    struct play *p = set_up(1000, 1000, 60, 600);
    static int fds[WRITERS];
    static uint8_t half[SENT] = { 0xff, 0xff };

    for (int i = 0; i < WRITERS; i++) {
        fds[i] = connect_from(p, "127.0.0.1");
        for (size_t at = 0; at < SENT;) {
            ssize_t n = send(fds[i], half + at, SENT - at, MSG_NOSIGNAL);
            if (n <= 0)
                break;
            at += (size_t)n;
        }
    }
    for (int i = 0; i < 500 && net_counts(p->net).tcp_overfull == 0; i++)
        nap(10);
    assert_true(net_counts(p->net).tcp_overfull > 0);
    int other = connect_from(p, "127.0.0.2");
    ask(other);
    close(other);
    for (int i = 0; i < WRITERS; i++)
        close(fds[i]);
    tear_down(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_clients_crowd_pushes_out_none_but_its_own),
        cmocka_unit_test(of_a_clients_own_the_longest_idle_gives_way),
        cmocka_unit_test(one_connection_a_client_is_a_limit_like_any),
        cmocka_unit_test(a_connection_ends_with_its_life_however_busy),
        cmocka_unit_test(after_its_last_query_a_client_gets_all_answers_and_an_end),
        cmocka_unit_test(who_asked_enough_and_stays_is_dropped),
        cmocka_unit_test(readers_that_stay_away_hold_a_bounded_memory),
        cmocka_unit_test(who_takes_nothing_is_reset),
        cmocka_unit_test(who_grows_beyond_the_bound_may_be_the_first),
        cmocka_unit_test(writers_that_never_end_hold_a_bounded_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
