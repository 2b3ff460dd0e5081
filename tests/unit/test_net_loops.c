/* test_net_loops.c - whole workers on loopback, with an answer path that sends back what it got. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/net.h>
#include <waymark/rcu.h>

#include "loopback.h"

enum { WORKERS = 2, ADDRESSES = 6, THREADS = WORKERS * (ADDRESSES + 1), BIG = 0xb1, SILENT = 0x51, HOLD = 0x40 };

/* HOLD makes its worker wait for the test. Relaxed atomics. */
static struct {
    bool is_held, is_released;
} gate;

static void nap(int ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

    nanosleep(&t, NULL);
}

static void await(const bool *flag)
{
    for (int i = 0; i < 10000 && !__atomic_load_n(flag, __ATOMIC_RELAXED); i++)
        nap(1);
    assert_true(__atomic_load_n(flag, __ATOMIC_RELAXED));
}

static void pass_gate(const struct dns_in *in)
{
    if (in->octets[0] == HOLD) {
        __atomic_store_n(&gate.is_held, true, __ATOMIC_RELAXED);
        await(&gate.is_released);
    }
}

/* The answer to everything is the same with the first octet's upper bit set; some kinds differ. */
void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    assert_non_null(world);
    assert_true(desk->now_ms > 0);
    for (size_t i = 0; i < n; i++) {
        pass_gate(&in[i]);
        if (in[i].octets[0] == SILENT)
            continue;
        assert_true(in[i].len <= out[i].cap);
        memcpy(out[i].octets, in[i].octets, in[i].len);
        out[i].len = in[i].len;
        if (in[i].octets[0] == BIG) {
            memset(out[i].octets, BIG, out[i].cap);
            out[i].len = out[i].cap;
        }
        out[i].octets[0] |= 0x80;
    }
}

struct play {
    struct endpoint at[ADDRESSES];
    struct dns_desk *desks[THREADS];
    void *world;
    struct net *net;
};

static void set_up_addresses(struct play *p, size_t n_listen, size_t n_workers, int tcp_clients,
                             int tcp_idle_s)
{
    char why[WHY_LEN], text[] = "127.0.0.1";

    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < n_listen; i++, text[8]++)
        p->at[i] = loopback_free_port(text);
    p->world = p;
    assert_in_range(net_n_threads(n_listen, n_workers), 2 * n_workers, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        p->desks[i] = calloc(1, sizeof *p->desks[i]);
    struct net_config config = { .listen = p->at,
                                 .n_listen = n_listen,
                                 .desks = p->desks,
                                 .n_workers = n_workers,
                                 .world = &p->world,
                                 .tcp_clients = tcp_clients,
                                 .tcp_idle_s = tcp_idle_s,
                                 .tcp_life_s = 600,
                                 .tcp_per_client = 10000 };
    assert_int_equal(net_open(&config, &p->net, why), 0);
    assert_int_equal(net_start(p->net, why), 0);
}

static void set_up_workers(struct play *p, size_t n_workers, int tcp_clients, int tcp_idle_s)
{
    set_up_addresses(p, 2, n_workers, tcp_clients, tcp_idle_s);
}

static void set_up_with(struct play *p, int tcp_clients, int tcp_idle_s)
{
    set_up_workers(p, WORKERS, tcp_clients, tcp_idle_s);
}

static void set_up(struct play *p)
{
    set_up_with(p, 100, 10);
}

static void tear_down(struct play *p)
{
    net_close(p->net);
    for (size_t i = 0; i < THREADS; i++)
        free(p->desks[i]);
}

/* Counters follow the answers by a moment. */
static void expect_count(const struct play *p, size_t offset, uint64_t wanted)
{
    uint64_t got = 0;

    for (int i = 0; i < 500; i++) {
        struct net_counts c = net_counts(p->net);
        memcpy(&got, (char *)&c + offset, sizeof got);
        if (got == wanted)
            return;
        nap(10);
    }
    assert_int_equal(got, wanted);
}

static bool is_closed(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);

    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void ask_every_address(size_t n_listen)
{
    struct play p;
    char got[4];

    set_up_addresses(&p, n_listen, WORKERS, 100, 10);
    for (int i = 0; i < 200; i++) { /* many source ports: every worker gets some */
        int fd = loopback_connect(&p.at[(size_t)i % n_listen], SOCK_DGRAM);
        loopback_send(fd, "ping", 4);
        loopback_expect(fd, got, 4);
        assert_int_equal((uint8_t)got[0], 'p' | 0x80);
        close(fd);
    }
    expect_count(&p, offsetof(struct net_counts, udp_received), 200);
    expect_count(&p, offsetof(struct net_counts, udp_sent), 200);
    assert_true(net_oldest_turn_us(p.net) > clock_steady_us() - 5000000);
    tear_down(&p);
}

static void datagrams_are_answered_on_every_address(void **state)
{
    ask_every_address(1); /* the thread sleeps in its socket */
    ask_every_address(2); /* a thread for each */
    ask_every_address(ADDRESSES); /* one that polls them all */
}

static int64_t ms_since(int64_t us)
{
    return (clock_steady_us() - us) / 1000;
}

/* Nobody asks: the threads sleep, and wake to end. */
static void workers_at_rest_stop_at_once(void **state)
{
    for (size_t n = 1; n <= ADDRESSES; n += ADDRESSES - 1) {
        struct play p;
        set_up_addresses(&p, n, WORKERS, 100, 10);
        nap(20);
        int64_t start_us = clock_steady_us();
        net_stop(p.net);
        assert_in_range(ms_since(start_us), 0, 5000);
        assert_int_equal(net_counts(p.net).udp_received, 0);
        tear_down(&p);
    }
}

/* The watchdog's view: who sleeps is not late, who is at one batch for long is. */
static void a_thread_that_hangs_is_seen_and_one_that_rests_is_not(void **state)
{
    struct play p;
    char got[4];

    set_up_addresses(&p, 1, 1, 100, 10);
    memset(&gate, 0, sizeof gate);
    nap(1200);
    int64_t now_us = clock_steady_us();
    assert_true(net_oldest_turn_us(p.net) > now_us - 1000000);
    int fd = loopback_connect(&p.at[0], SOCK_DGRAM);
    loopback_send(fd, (uint8_t[]){ HOLD, 0, 0, 0 }, 4);
    await(&gate.is_held);
    net_oldest_turn_us(p.net);
    int64_t looked_us = clock_steady_us();
    nap(1500);
    assert_true(net_oldest_turn_us(p.net) <= looked_us);
    __atomic_store_n(&gate.is_released, true, __ATOMIC_RELAXED);
    loopback_expect(fd, got, 4);
    expect_count(&p, offsetof(struct net_counts, udp_sent), 1);
    nap(1000); /* and the thread for TCP has turned */
    assert_true(net_oldest_turn_us(p.net) > looked_us);
    close(fd);
    tear_down(&p);
}

static void pipelined_queries_are_answered_in_order(void **state)
{
    enum { QUERIES = 3000 };
    struct play p;
    static uint8_t stream[QUERIES * 6];

    set_up(&p);
    for (int i = 0; i < QUERIES; i++)
        memcpy(stream + 6 * i, (uint8_t[]){ 0, 4, 1, (uint8_t)(i >> 8), (uint8_t)i, 7 }, 6);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(fd, stream, sizeof stream);
    for (int i = 0; i < QUERIES; i++) {
        uint8_t got[6], wanted[6] = { 0, 4, 0x81, (uint8_t)(i >> 8), (uint8_t)i, 7 };
        loopback_expect(fd, got, 6);
        assert_memory_equal(got, wanted, 6);
    }
    expect_count(&p, offsetof(struct net_counts, tcp_queries), QUERIES);
    close(fd);
    tear_down(&p);
}

static void a_query_in_pieces_is_answered_once(void **state)
{
    struct play p;
    uint8_t got[5];

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(fd, "\0", 1);
    nap(20);
    loopback_send(fd, "\3a", 2);
    nap(20);
    loopback_send(fd, "bc", 2);
    loopback_expect(fd, got, 5);
    assert_memory_equal(got,
                        "\0\3\xe1"
                        "bc",
                        5);
    close(fd);
    tear_down(&p);
}

static void a_client_that_shut_its_half_down_gets_its_answers(void **state)
{
    struct play p;
    uint8_t got[6];

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(fd, "\0\1a\0\1b", 6);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    loopback_expect(fd, got, 6);
    assert_true(is_closed(fd));
    close(fd);
    expect_count(&p, offsetof(struct net_counts, tcp_closed), 1);
    expect_count(&p, offsetof(struct net_counts, tcp_timeouts), 0);
    tear_down(&p);
}

static void a_frame_of_no_octets_closes_after_the_answers_before_it(void **state)
{
    struct play p;
    uint8_t got[3];

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(fd, "\0\1a\0\0", 5);
    loopback_expect(fd, got, 3);
    assert_true(is_closed(fd));
    close(fd);
    expect_count(&p, offsetof(struct net_counts, tcp_malformed), 1);
    tear_down(&p);
}

static void silence_on_tcp_keeps_the_connection(void **state)
{
    struct play p;
    uint8_t got[3];

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(fd, "\0\1\x51\0\1a", 6);
    loopback_expect(fd, got, 3);
    assert_memory_equal(got, "\0\1\xe1", 3);
    close(fd);
    tear_down(&p);
}

/* 400 x 64 KiB do not fit into any socket's buffer: the server has to stop reading, then go on. */
static void a_reader_that_was_slow_gets_every_octet_in_the_end(void **state)
{
    enum { QUERIES = 400 };
    struct play p;
    static uint8_t got[2 + 65535];

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    for (int i = 0; i < QUERIES; i++)
        loopback_send(fd, "\0\1\xb1", 3);
    nap(300);
    assert_true(net_counts(p.net).tcp_queries < QUERIES);
    for (int i = 0; i < QUERIES; i++) {
        loopback_expect(fd, got, sizeof got);
        assert_int_equal(got[0] << 8 | got[1], 65535);
        assert_int_equal(got[sizeof got - 1], BIG);
    }
    close(fd);
    tear_down(&p);
}

static void a_reader_that_stays_slow_is_dropped(void **state)
{
    struct play p;

    set_up_with(&p, 100, 1);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    for (int i = 0; i < 400; i++)
        loopback_send(fd, "\0\1\xb1", 3);
    expect_count(&p, offsetof(struct net_counts, tcp_timeouts), 1);
    expect_count(&p, offsetof(struct net_counts, tcp_closed), 1);
    close(fd);
    tear_down(&p);
}

/* Octets alone are no sign of life: whole queries are. */
static void a_client_that_drips_is_dropped_one_that_asks_is_not(void **state)
{
    struct play p;
    uint8_t got[3];

    set_up_with(&p, 100, 1);
    int asks = loopback_connect(&p.at[0], SOCK_STREAM);
    int drips = loopback_connect(&p.at[0], SOCK_STREAM);
    int idles = loopback_connect(&p.at[0], SOCK_STREAM);
    loopback_send(drips, "\1", 1);
    for (int i = 0; i < 10; i++) {
        nap(250);
        send(drips, "x", 1, MSG_NOSIGNAL);
        loopback_send(asks, "\0\1a", 3);
        loopback_expect(asks, got, 3);
    }
    assert_true(is_closed(drips));
    assert_true(is_closed(idles));
    expect_count(&p, offsetof(struct net_counts, tcp_timeouts), 2);
    close(asks);
    close(drips);
    close(idles);
    tear_down(&p);
}

/* Which worker a connection goes to is the kernel's choice: with room for 4 at each of two, 40 idle
 * ones leave at most 8, and whoever comes next is let in. */
static void beyond_the_limit_the_longest_idle_gives_way(void **state)
{
    enum { CLIENTS = 40 };
    struct play p;
    int fds[CLIENTS];
    uint8_t got[3];

    set_up_with(&p, 4, 10);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = loopback_connect(&p.at[0], SOCK_STREAM);
        loopback_send(fds[i], "\0\1a", 3);
        loopback_expect(fds[i], got, 3);
    }
    expect_count(&p, offsetof(struct net_counts, tcp_accepted), CLIENTS);
    struct net_counts c = net_counts(p.net);
    assert_true(c.tcp_evicted >= CLIENTS - 8);
    assert_int_equal(c.tcp_closed, c.tcp_evicted);
    assert_true(is_closed(fds[0]));
    loopback_send(fds[CLIENTS - 1], "\0\1a", 3);
    loopback_expect(fds[CLIENTS - 1], got, 3);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    tear_down(&p);
}

static void open_connections_are_closed_at_the_stop(void **state)
{
    struct play p;

    set_up(&p);
    int fd = loopback_connect(&p.at[0], SOCK_STREAM);
    expect_count(&p, offsetof(struct net_counts, tcp_accepted), 1);
    net_stop(p.net);
    assert_true(is_closed(fd));
    close(fd);
    tear_down(&p);
}

/* Once, datagrams waited until every client that pipelined had had its turn. Now they are answered while
 * the thread of all streams stands still in the midst of one. */
static void bug_streams_kept_datagrams_waiting(void **state)
{
    struct play p;
    char got[4];

    set_up_workers(&p, 1, 2, 10);
    memset(&gate, 0, sizeof gate);
    int holder = loopback_connect(&p.at[0], SOCK_STREAM);
    int datagrams = loopback_connect(&p.at[0], SOCK_DGRAM);
    loopback_send(holder, (uint8_t[]){ 0, 1, HOLD }, 3);
    await(&gate.is_held);
    for (int i = 0; i < 100; i++) {
        loopback_send(datagrams, "ping", 4);
        loopback_expect(datagrams, got, 4);
    }
    __atomic_store_n(&gate.is_released, true, __ATOMIC_RELAXED);
    expect_count(&p, offsetof(struct net_counts, tcp_queries), 1);
    close(holder);
    close(datagrams);
    tear_down(&p);
}

static void free_flag(void *flag)
{
    __atomic_store_n((bool *)flag, true, __ATOMIC_RELEASE);
}

/* The trap: a worker that sleeps in its loop while online would hold every grace period up. */
static void idle_workers_stall_no_writer(void **state)
{
    struct play p;
    bool is_freed = false;

    set_up(&p);
    nap(50);
    rcu_defer(&is_freed, free_flag);
    for (int i = 0; i < 300 && !__atomic_load_n(&is_freed, __ATOMIC_ACQUIRE); i++)
        nap(10);
    assert_true(__atomic_load_n(&is_freed, __ATOMIC_ACQUIRE));
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_answered_on_every_address),
        cmocka_unit_test(workers_at_rest_stop_at_once),
        cmocka_unit_test(a_thread_that_hangs_is_seen_and_one_that_rests_is_not),
        cmocka_unit_test(pipelined_queries_are_answered_in_order),
        cmocka_unit_test(a_query_in_pieces_is_answered_once),
        cmocka_unit_test(a_client_that_shut_its_half_down_gets_its_answers),
        cmocka_unit_test(a_frame_of_no_octets_closes_after_the_answers_before_it),
        cmocka_unit_test(silence_on_tcp_keeps_the_connection),
        cmocka_unit_test(a_reader_that_was_slow_gets_every_octet_in_the_end),
        cmocka_unit_test(a_reader_that_stays_slow_is_dropped),
        cmocka_unit_test(a_client_that_drips_is_dropped_one_that_asks_is_not),
        cmocka_unit_test(beyond_the_limit_the_longest_idle_gives_way),
        cmocka_unit_test(open_connections_are_closed_at_the_stop),
        cmocka_unit_test(bug_streams_kept_datagrams_waiting),
        cmocka_unit_test(idle_workers_stall_no_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
