/* test_net_udp_batch.c - batches over real sockets on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/net.h>

#include "loopback.h"
#include "net/net_bind.h"
#include "net/udp_batch.h"

struct bench {
    struct udp_batch *batch;
    struct net_counts counts;
    struct endpoint at;
    int server;
};

static void set_up(struct bench *b, const char *address)
{
    char why[WHY_LEN];

    memset(b, 0, sizeof *b);
    b->at = loopback_free_port(address);
    assert_int_equal(net_bind_udp(&b->at, &b->server, why), 0);
    b->batch = malloc(sizeof *b->batch);
    udp_batch_init(b->batch);
}

static void tear_down(struct bench *b)
{
    close(b->server);
    free(b->batch);
}

static void echo(struct udp_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        memcpy(batch->out[i].octets, batch->in[i].octets, batch->in[i].len);
        batch->out[i].len = batch->in[i].len;
    }
}

static void a_batch_takes_32_and_leaves_the_rest(void **state)
{
    struct bench b;

    set_up(&b, "127.0.0.1");
    int client = loopback_connect(&b.at, SOCK_DGRAM);
    for (int i = 0; i < 40; i++)
        loopback_send(client, &i, sizeof i);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), UDP_BATCH);
    assert_int_equal(b.batch->n, UDP_BATCH);
    assert_int_equal(b.batch->in[0].from.family, 4);
    assert_int_equal(b.batch->in[0].transport, DNS_UDP);
    echo(b.batch);
    udp_batch_send(b.batch, b.server, &b.counts);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 8);
    echo(b.batch);
    udp_batch_send(b.batch, b.server, &b.counts);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 0);
    for (int i = 0; i < 40; i++) {
        int got;
        loopback_expect(client, &got, sizeof got);
        assert_int_equal(got, i);
    }
    assert_int_equal(b.counts.udp_received, 40);
    assert_int_equal(b.counts.udp_sent, 40);
    assert_int_equal(b.counts.udp_send_failures, 0);
    close(client);
    tear_down(&b);
}

static void silence_for_one_leaves_the_others_their_answers(void **state)
{
    struct bench b;
    char got;

    set_up(&b, "127.0.0.1");
    int client = loopback_connect(&b.at, SOCK_DGRAM);
    loopback_send(client, "a", 1);
    loopback_send(client, "b", 1);
    loopback_send(client, "c", 1);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 3);
    echo(b.batch);
    b.batch->out[1].len = 0;
    udp_batch_send(b.batch, b.server, &b.counts);
    loopback_expect(client, &got, 1);
    assert_int_equal(got, 'a');
    loopback_expect(client, &got, 1);
    assert_int_equal(got, 'c');
    assert_int_equal(b.counts.udp_sent, 2);
    close(client);
    tear_down(&b);
}

static void a_datagram_longer_than_a_query_is_dropped_and_counted(void **state)
{
    static const char big[UDP_BUFFER + 1], whole[UDP_BUFFER] = "w";
    struct bench b;

    set_up(&b, "127.0.0.1");
    int client = loopback_connect(&b.at, SOCK_DGRAM);
    loopback_send(client, big, sizeof big);
    loopback_send(client, whole, sizeof whole);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 2);
    assert_int_equal(b.batch->n, 1);
    assert_int_equal(b.batch->in[0].len, UDP_BUFFER);
    assert_int_equal(b.batch->in[0].octets[0], 'w');
    assert_int_equal(b.counts.udp_dropped, 1);
    close(client);
    tear_down(&b);
}

/* A raw socket can forge port 0; who may not open one skips this. */
static void a_datagram_from_port_0_is_dropped_and_counted(void **state)
{
    struct bench b;
    struct sockaddr_storage to;
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);

    if (raw < 0) {
        print_message("skipped: a raw socket wants CAP_NET_RAW\n");
        skip();
    }
    set_up(&b, "127.0.0.1");
    uint8_t forged[12] = { 0, 0, (uint8_t)(b.at.port >> 8), (uint8_t)b.at.port, 0, 12, 0, 0, 'd' };
    socklen_t len = endpoint_to_sockaddr(&b.at, &to);
    assert_int_equal(sendto(raw, forged, sizeof forged, 0, (struct sockaddr *)&to, len), 12);
    int client = loopback_connect(&b.at, SOCK_DGRAM);
    loopback_send(client, "x", 1);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 2);
    assert_int_equal(b.batch->n, 1);
    assert_int_equal(b.batch->in[0].octets[0], 'x');
    assert_int_equal(b.counts.udp_dropped, 1);
    echo(b.batch);
    udp_batch_send(b.batch, b.server, &b.counts); /* to the right one of the two */
    char got;
    loopback_expect(client, &got, 1);
    assert_int_equal(got, 'x');
    close(client);
    close(raw);
    tear_down(&b);
}

static void an_answer_that_cannot_be_sent_is_passed_over(void **state)
{
    struct bench b;
    char got;

    set_up(&b, "127.0.0.1");
    int client = loopback_connect(&b.at, SOCK_DGRAM);
    loopback_send(client, "a", 1);
    loopback_send(client, "b", 1);
    assert_int_equal(udp_batch_receive(b.batch, b.server, false, &b.counts), 2);
    echo(b.batch);
    b.batch->peers[0].in.sin_port = 0; /* EINVAL */
    udp_batch_send(b.batch, b.server, &b.counts);
    loopback_expect(client, &got, 1);
    assert_int_equal(got, 'b');
    assert_int_equal(b.counts.udp_sent, 1);
    assert_int_equal(b.counts.udp_send_failures, 1);
    close(client);
    tear_down(&b);
}

/* A connected socket takes datagrams from nowhere else: getting the answer proves its source. */
static void check_wildcard(const char *wildcard, const char *asked)
{
    struct bench b;
    char got;

    set_up(&b, wildcard);
    struct endpoint to = loopback_at(asked, b.at.port);
    int client = loopback_connect(&to, SOCK_DGRAM);
    for (int i = 0; i < 3; i++) {
        loopback_send(client, "q", 1);
        assert_int_equal(udp_batch_receive(b.batch, b.server, true, &b.counts), 1);
        echo(b.batch);
        udp_batch_send(b.batch, b.server, &b.counts);
        loopback_expect(client, &got, 1);
    }
    close(client);
    tear_down(&b);
}

static void on_a_wildcard_the_answer_leaves_from_the_asked_address(void **state)
{
    struct endpoint here = loopback_at("::1", 0);
    char why[WHY_LEN];

    check_wildcard("0.0.0.0", "127.0.0.1");
    check_wildcard("0.0.0.0", "127.3.2.1");
    if (net_bind_try(&here, why) == 0) /* this machine has IPv6 */
        check_wildcard("::", "::1");
}

static void a_port_that_is_taken_gets_a_sentence(void **state)
{
    char why[WHY_LEN], text[ENDPOINT_TEXT_LEN];
    struct sockaddr_storage sa;
    struct endpoint at = loopback_free_port("127.0.0.1");
    socklen_t len = endpoint_to_sockaddr(&at, &sa);
    int other = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(other, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(net_bind_try(&at, why), -EADDRINUSE);
    assert_non_null(strstr(why, endpoint_format(&at, text)));
    assert_non_null(strstr(why, "server.listen"));
    close(other);
    assert_int_equal(net_bind_try(&at, why), 0);
}

/* Sockets with SO_REUSEPORT would let the second one in. */
static void a_second_server_of_our_own_is_noticed(void **state)
{
    struct bench b;
    char why[WHY_LEN];

    set_up(&b, "127.0.0.1");
    assert_int_equal(net_bind_try(&b.at, why), -EADDRINUSE);
    tear_down(&b);
    assert_int_equal(net_bind_try(&b.at, why), 0);
}

static void an_address_of_another_machine_gets_a_sentence(void **state)
{
    struct endpoint at;
    char why[WHY_LEN];

    assert_true(endpoint_parse("198.51.100.254:5300", &at));
    assert_int_equal(net_bind_try(&at, why), -EADDRNOTAVAIL);
    assert_non_null(strstr(why, "no interface"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_takes_32_and_leaves_the_rest),
        cmocka_unit_test(silence_for_one_leaves_the_others_their_answers),
        cmocka_unit_test(a_datagram_longer_than_a_query_is_dropped_and_counted),
        cmocka_unit_test(a_datagram_from_port_0_is_dropped_and_counted),
        cmocka_unit_test(an_answer_that_cannot_be_sent_is_passed_over),
        cmocka_unit_test(on_a_wildcard_the_answer_leaves_from_the_asked_address),
        cmocka_unit_test(a_port_that_is_taken_gets_a_sentence),
        cmocka_unit_test(a_second_server_of_our_own_is_noticed),
        cmocka_unit_test(an_address_of_another_machine_gets_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
