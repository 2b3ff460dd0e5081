/* test_net_udp_loop.c - the loop of a UDP thread over memory: no kernel, every batch as planned. */
#include "cm.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>

#include "net/tcp_thread.h"
#include "net/udp_loop.h"
#include "net/udp_memory.h"
#include "net/udp_thread.h"

#include "loopback.h"

enum { PORTS = 2, PACKETS = 100, SILENT = 7 };

struct play {
    struct dns_desk desk;
    void *world;
    struct udp_loop loop;
    struct udp_port *ports[PORTS];
    struct pollfd waiting[PORTS];
    uint8_t octets[PACKETS];
    struct udp_packet packets[PACKETS];
    size_t n_answers, n_batches, sizes[PACKETS];
    size_t n_empty, n_ports;
};

/* Each octet comes back, but SILENT. */
void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    struct play *p = (struct play *)((char *)desk - offsetof(struct play, desk));

    assert_ptr_equal(world, p);
    assert_in_range(desk->now_ms, clock_wall_ms() - 1000, clock_wall_ms());
    assert_int_equal(p->loop.turns % 2, 1);
    p->sizes[p->n_batches++] = n;
    for (size_t i = 0; i < n; i++) {
        out[i].octets[0] = in[i].octets[0];
        out[i].len = in[i].octets[0] != SILENT;
    }
}

static void on_answer(void *ctx, const struct udp_packet *to, const uint8_t *octets, size_t len)
{
    struct play *p = ctx;

    assert_int_equal(len, 1);
    assert_int_equal(octets[0], to->octets[0]);
    p->n_answers++;
}

/* Once all are empty. */
static void on_empty(void *ctx)
{
    struct play *p = ctx;

    if (++p->n_empty >= p->n_ports)
        udp_loop_stop(&p->loop);
}

static struct play *run(size_t n_ports, size_t n_packets)
{
    struct play *p = aligned_alloc(_Alignof(struct play), sizeof *p);

    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < PACKETS; i++) {
        p->octets[i] = (uint8_t)i;
        p->packets[i] = (struct udp_packet){ .octets = &p->octets[i], .len = 1, .port = 53 };
    }
    struct udp_memory_config config = { .packets = p->packets,
                                        .n_packets = PACKETS,
                                        .n = n_packets,
                                        .on_answer = on_answer,
                                        .on_empty = on_empty,
                                        .ctx = p };
    for (size_t i = 0; i < n_ports; i++)
        assert_int_equal(udp_memory_open(&config, &p->ports[i]), 0);
    p->world = p;
    p->n_ports = n_ports;
    p->loop.world = &p->world;
    p->loop.desk = &p->desk;
    p->loop.ports = p->ports;
    p->loop.n_ports = n_ports;
    p->loop.waiting = n_ports > 1 ? p->waiting : NULL;
    rcu_thread_enter();
    udp_loop_run(&p->loop);
    rcu_thread_leave();
    for (size_t i = 0; i < n_ports; i++)
        udp_port_close(p->ports[i]);
    return p;
}

static void all_are_answered_in_batches_but_who_gets_silence(void **state)
{
    struct play *p = run(1, PACKETS);

    assert_int_equal(p->n_batches, 4);
    assert_int_equal(p->sizes[0], UDP_BATCH);
    assert_int_equal(p->sizes[3], PACKETS - 3 * UDP_BATCH);
    assert_int_equal(p->n_answers, PACKETS - 1);
    assert_int_equal(p->loop.counts.udp_received, PACKETS);
    assert_int_equal(p->loop.counts.udp_sent, PACKETS - 1);
    free(p);
}

static void of_many_ports_each_has_its_turn(void **state)
{
    struct play *p = run(PORTS, PACKETS);

    assert_int_equal(p->n_answers, PORTS * (PACKETS - 1));
    assert_int_equal(p->loop.counts.udp_received, PORTS * PACKETS);
    free(p);
}

static void a_loop_that_nobody_asks_answers_nothing(void **state)
{
    struct play *p = run(1, 0);

    assert_int_equal(p->n_batches, 0);
    assert_int_equal(p->loop.turns, 0);
    free(p);
}

static void only_who_stays_at_one_batch_is_late(void **state)
{
    struct udp_loop loop = { .turns = 0 };

    assert_int_equal(udp_loop_turned_us(&loop, 100), 100);
    assert_int_equal(udp_loop_turned_us(&loop, 200), 200); /* asleep */
    loop.turns = 5;
    assert_int_equal(udp_loop_turned_us(&loop, 300), 300); /* at a batch, since when is unknown */
    assert_int_equal(udp_loop_turned_us(&loop, 400), 300);
    assert_int_equal(udp_loop_turned_us(&loop, 500), 300);
    loop.turns = 7;
    assert_int_equal(udp_loop_turned_us(&loop, 600), 600); /* at another one */
    loop.turns = 8;
    assert_int_equal(udp_loop_turned_us(&loop, 700), 700);
}

static size_t line_of(const void *p)
{
    return (uintptr_t)p / NET_CACHE_LINE;
}

/* What a thread writes for each batch, and what nobody else may write beside it. */
static void threads_share_no_line_of_what_they_write(void **state)
{
    struct endpoint at = loopback_free_port("127.0.0.1");
    struct net_config config = { .listen = &at, .n_listen = 1, .n_workers = 2, .tcp_idle_s = 1 };
    struct udp_thread *udp[2];
    struct tcp_thread *tcp[2];
    size_t first[4], last[4];
    char why[WHY_LEN];

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(udp_thread_new(&config, i, NULL, &udp[i], why), 0);
        assert_int_equal(tcp_thread_new(&config, i, NULL, &tcp[i], why), 0);
        first[i] = line_of(udp_thread_counts(udp[i]));
        last[i] = line_of((char *)udp_thread_counts(udp[i]) + sizeof(struct net_counts) - 1);
        first[2 + i] = line_of(tcp_thread_counts(tcp[i]));
        last[2 + i] = line_of((char *)tcp_thread_counts(tcp[i]) + sizeof(struct net_counts) - 1);
        assert_int_equal((uintptr_t)udp_thread_counts(udp[i]) % NET_CACHE_LINE, 0);
    }
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            assert_true(i == j || first[i] > last[j] || first[j] > last[i]);
    assert_int_equal(offsetof(struct udp_loop, seen_turns) % NET_CACHE_LINE, 0);
    assert_int_equal(sizeof(struct udp_loop) % NET_CACHE_LINE, 0);
    for (size_t i = 0; i < 2; i++) {
        udp_thread_free(udp[i]);
        tcp_thread_free(tcp[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_answered_in_batches_but_who_gets_silence),
        cmocka_unit_test(of_many_ports_each_has_its_turn),
        cmocka_unit_test(a_loop_that_nobody_asks_answers_nothing),
        cmocka_unit_test(only_who_stays_at_one_batch_is_late),
        cmocka_unit_test(threads_share_no_line_of_what_they_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
