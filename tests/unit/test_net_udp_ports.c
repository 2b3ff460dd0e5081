/* test_net_udp_ports.c - batches of datagrams, over sockets on loopback and over memory: what holds
 * of one port holds of any. */
#include "cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/net.h>

#include "loopback.h"
#include "net/net_bind.h"
#include "net/udp_memory.h"
#include "net/udp_socket.h"

enum { MANY = 64 };

/* A port and whoever asks at it. Memory must know all packets before it opens. */
struct stage {
    struct udp_port *port;
    struct net_counts counts;
    struct endpoint at;
    /* sockets */
    struct udp_room *room;
    int client;
    /* memory */
    struct udp_packet packets[MANY];
    size_t n_packets;
    size_t n_heard, n_read;
    size_t lens[MANY];
    uint8_t heard[MANY][16];
};

struct kind {
    void (*say)(struct stage *s, const void *octets, size_t len, uint16_t port);
    void (*open)(struct stage *s);
    void (*hear)(struct stage *s, void *octets, size_t len);
    void (*close)(struct stage *s);
};

/* ---- sockets ---- */

static void open_socket_at(struct stage *s, const char *address)
{
    char why[WHY_LEN];

    s->at = loopback_free_port(address);
    s->room = udp_room_new();
    assert_int_equal(udp_socket_open(&s->at, s->room, &s->port, why), 0);
}

static void socket_say(struct stage *s, const void *octets, size_t len, uint16_t port)
{
    if (s->port == NULL) {
        open_socket_at(s, "127.0.0.1");
        s->client = loopback_connect(&s->at, SOCK_DGRAM);
    }
    if (port != 0) {
        loopback_send(s->client, octets, len);
        return;
    }
    struct sockaddr_storage to; /* a raw socket can forge port 0 */
    uint8_t forged[8 + 16] = {
        0, 0, (uint8_t)(s->at.port >> 8), (uint8_t)s->at.port, 0, (uint8_t)(8 + len)
    };
    memcpy(forged + 8, octets, len);
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    assert_true(raw >= 0);
    socklen_t to_len = endpoint_to_sockaddr(&s->at, &to);
    assert_int_equal(sendto(raw, forged, 8 + len, 0, (struct sockaddr *)&to, to_len), 8 + len);
    close(raw);
}

static void socket_open(struct stage *s)
{
    assert_non_null(s->port);
}

static void socket_hear(struct stage *s, void *octets, size_t len)
{
    loopback_expect(s->client, octets, len);
}

static void socket_close(struct stage *s)
{
    udp_port_close(s->port);
    udp_room_free(s->room);
    close(s->client);
}

/* ---- memory ---- */

static void memory_say(struct stage *s, const void *octets, size_t len, uint16_t port)
{
    struct udp_packet *p = &s->packets[s->n_packets++];
    uint8_t *copy = malloc(len > 0 ? len : 1); /* exactly as long, for the sanitizer */

    assert_true(s->n_packets <= MANY);
    memcpy(copy, octets, len);
    *p = (struct udp_packet){ .octets = copy, .len = len, .port = port };
    assert_true(addr_parse("127.0.0.1", &p->from));
}

static void on_answer(void *ctx, const struct udp_packet *to, const uint8_t *octets, size_t len)
{
    struct stage *s = ctx;

    assert_true(to >= s->packets && to < s->packets + s->n_packets);
    s->lens[s->n_heard] = len;
    memcpy(s->heard[s->n_heard++], octets, len < 16 ? len : 16);
}

static void memory_open(struct stage *s)
{
    struct udp_memory_config config = { .packets = s->packets,
                                        .n_packets = s->n_packets,
                                        .n = s->n_packets,
                                        .on_answer = on_answer,
                                        .ctx = s };

    assert_int_equal(udp_memory_open(&config, &s->port), 0);
}

static void memory_hear(struct stage *s, void *octets, size_t len)
{
    assert_true(s->n_read < s->n_heard);
    assert_int_equal(s->lens[s->n_read], len);
    memcpy(octets, s->heard[s->n_read++], len);
}

static void memory_close(struct stage *s)
{
    assert_int_equal(s->n_read, s->n_heard);
    udp_port_close(s->port);
    for (size_t i = 0; i < s->n_packets; i++)
        free((void *)s->packets[i].octets);
}

static struct kind kinds[] = {
    { socket_say, socket_open, socket_hear, socket_close },
    { memory_say, memory_open, memory_hear, memory_close },
};

/* ---- what holds of both ---- */

static size_t receive(struct stage *s)
{
    return udp_port_receive(s->port, false, &s->counts);
}

static void echo(struct stage *s)
{
    struct udp_batch *b = s->port->batch;

    for (size_t i = 0; i < b->n; i++) {
        memcpy(b->out[i].octets, b->in[i].octets, b->in[i].len);
        b->out[i].len = b->in[i].len;
    }
}

static void answer(struct stage *s)
{
    echo(s);
    udp_port_send(s->port, &s->counts);
}

static void expect(const struct kind *k, struct stage *s, char wanted)
{
    char got;

    k->hear(s, &got, 1);
    assert_int_equal(got, wanted);
}

static void a_batch_takes_32_and_leaves_the_rest(void **state)
{
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    for (int i = 0; i < 40; i++)
        k->say(&s, &i, sizeof i, 53);
    k->open(&s);
    assert_int_equal(receive(&s), UDP_BATCH);
    assert_int_equal(s.port->batch->n, UDP_BATCH);
    assert_int_equal(s.port->batch->in[0].from.family, 4);
    assert_int_equal(s.port->batch->in[31].transport, DNS_UDP);
    answer(&s);
    assert_int_equal(receive(&s), 8);
    answer(&s);
    assert_int_equal(receive(&s), 0);
    assert_int_equal(s.port->batch->n, 0);
    for (int i = 0; i < 40; i++) {
        int got;
        k->hear(&s, &got, sizeof got);
        assert_int_equal(got, i);
    }
    assert_int_equal(s.counts.udp_received, 40);
    assert_int_equal(s.counts.udp_sent, 40);
    assert_int_equal(s.counts.udp_send_failures, 0);
    k->close(&s);
}

static void silence_for_one_leaves_the_others_their_answers(void **state)
{
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    for (int i = 0; i < 3; i++)
        k->say(&s, &"abc"[i], 1, 53);
    k->open(&s);
    assert_int_equal(receive(&s), 3);
    echo(&s);
    s.port->batch->out[1].len = 0;
    udp_port_send(s.port, &s.counts);
    expect(k, &s, 'a');
    expect(k, &s, 'c');
    assert_int_equal(s.counts.udp_sent, 2);
    k->close(&s);
}

static void silence_for_all_sends_nothing(void **state)
{
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    k->say(&s, "a", 1, 53);
    k->open(&s);
    assert_int_equal(receive(&s), 1);
    assert_int_equal(s.port->batch->out[0].len, 0);
    udp_port_send(s.port, &s.counts);
    assert_int_equal(s.counts.udp_sent, 0);
    assert_int_equal(s.counts.udp_send_failures, 0);
    k->close(&s);
}

static void a_lonely_answer_arrives_like_any(void **state)
{
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    k->say(&s, "a", 1, 53);
    k->open(&s);
    assert_int_equal(receive(&s), 1);
    answer(&s);
    expect(k, &s, 'a');
    assert_int_equal(s.counts.udp_sent, 1);
    k->close(&s);
}

static void a_datagram_longer_than_a_query_is_dropped_and_counted(void **state)
{
    static const char big[UDP_BUFFER + 1], whole[UDP_BUFFER] = "w";
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    k->say(&s, big, sizeof big, 53);
    k->say(&s, whole, sizeof whole, 53);
    k->open(&s);
    assert_int_equal(receive(&s), 2);
    assert_int_equal(s.port->batch->n, 1);
    assert_int_equal(s.port->batch->in[0].len, UDP_BUFFER);
    assert_int_equal(s.port->batch->in[0].octets[0], 'w');
    assert_int_equal(s.counts.udp_dropped, 1);
    k->close(&s);
}

/* Sockets can forge port 0 with CAP_NET_RAW only. */
static bool can_forge(void)
{
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);

    if (raw >= 0)
        close(raw);
    return raw >= 0;
}

static void a_datagram_from_port_0_is_dropped_and_counted(void **state)
{
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };

    if (!can_forge()) {
        print_message("skipped: a raw socket wants CAP_NET_RAW\n");
        skip();
    }
    k->say(&s, "d", 1, 0);
    k->say(&s, "x", 1, 53);
    k->open(&s);
    assert_int_equal(receive(&s), 2);
    assert_int_equal(s.port->batch->n, 1);
    assert_int_equal(s.port->batch->in[0].octets[0], 'x');
    assert_int_equal(s.counts.udp_dropped, 1);
    answer(&s); /* to the right one of the two */
    expect(k, &s, 'x');
    k->close(&s);
}

/* Headers that are not mended after a batch would lose or cut the next one. */
static void many_batches_of_many_sizes_are_answered(void **state)
{
    static const size_t sizes[] = { 1, 3, 32, 2, 7, 1, 9, 5, 4 };
    const struct kind *k = *state;
    struct stage s = { .n_packets = 0 };
    bool is_memory = k->say == memory_say;

    for (uint8_t i = 0; i < MANY && is_memory; i++)
        k->say(&s, &i, 1, 53);
    for (uint8_t at = 0, i = 0; at < MANY; at += sizes[i++]) {
        for (uint8_t j = 0; j < sizes[i] && !is_memory; j++)
            k->say(&s, &(uint8_t){ at + j }, 1, 53);
        if (at == 0)
            k->open(&s);
        for (uint64_t wanted = at + sizes[i]; s.counts.udp_received < wanted; answer(&s))
            assert_true(receive(&s) > 0);
    }
    for (uint8_t i = 0; i < MANY; i++)
        expect(k, &s, (char)i);
    k->close(&s);
}

/* ---- what only sockets have ---- */

static void set_up(struct stage *s, const char *address)
{
    memset(s, 0, sizeof *s);
    open_socket_at(s, address);
    s->client = -1;
}

static void an_answer_that_cannot_be_sent_is_passed_over(void **state)
{
    struct stage s = { .n_packets = 0 };
    char got;

    set_up(&s, "127.0.0.1");
    int client = loopback_connect(&s.at, SOCK_DGRAM);
    loopback_send(client, "a", 1);
    loopback_send(client, "b", 1);
    assert_int_equal(receive(&s), 2);
    echo(&s);
    s.port->batch->out[0].len = 1 << 17; /* EMSGSIZE */
    udp_port_send(s.port, &s.counts);
    loopback_expect(client, &got, 1);
    assert_int_equal(got, 'b');
    assert_int_equal(s.counts.udp_sent, 1);
    assert_int_equal(s.counts.udp_send_failures, 1);
    loopback_send(client, "c", 1);
    assert_int_equal(receive(&s), 1);
    s.port->batch->out[0].len = 1 << 17; /* also alone */
    udp_port_send(s.port, &s.counts);
    assert_int_equal(s.counts.udp_send_failures, 2);
    close(client);
    socket_close(&s);
}

/* A connected socket takes datagrams from nowhere else: getting the answer proves its source. */
static void check_wildcard(const char *wildcard, const char *asked)
{
    struct stage s;
    char got;

    set_up(&s, wildcard);
    struct endpoint to = loopback_at(asked, s.at.port);
    int client = loopback_connect(&to, SOCK_DGRAM);
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j <= i; j++)
            loopback_send(client, "q", 1);
        assert_int_equal(receive(&s), i + 1);
        answer(&s);
        for (int j = 0; j <= i; j++)
            loopback_expect(client, &got, 1);
    }
    close(client);
    socket_close(&s);
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

/* 60 ns for each datagram, on the kernel's side. */
static void only_a_wildcard_asks_where_a_datagram_was_sent_to(void **state)
{
    static const struct {
        const char *address;
        int level, name, wanted;
    } all[] = { { "127.0.0.1", IPPROTO_IP, IP_PKTINFO, 0 },
                { "0.0.0.0", IPPROTO_IP, IP_PKTINFO, 1 },
                { "::1", IPPROTO_IPV6, IPV6_RECVPKTINFO, 0 },
                { "::", IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 } };
    struct endpoint here = loopback_at("::1", 0);
    char why[WHY_LEN];
    size_t n = net_bind_try(&here, why) == 0 ? 4 : 2; /* this machine has IPv6 */

    for (size_t i = 0; i < n; i++) {
        struct stage s;
        int got = -1;
        socklen_t len = sizeof got;
        set_up(&s, all[i].address);
        assert_int_equal(getsockopt(s.port->fd, all[i].level, all[i].name, &got, &len), 0);
        assert_int_equal(got, all[i].wanted);
        socket_close(&s);
    }
}

/* The headers are theirs together: nothing that one kind leaves in them cuts the addresses or the
 * notes of another, or sends its answer from elsewhere. */
static void sockets_of_all_kinds_share_a_room(void **state)
{
    enum { KINDS = 4 };
    static const char *const at[KINDS] = { "127.0.0.1", "::1", "0.0.0.0", "::" };
    static const char *const asked[KINDS] = { "127.0.0.1", "::1", "127.8.8.8", "::1" };
    struct endpoint here = loopback_at("::1", 0);
    struct stage s[KINDS] = { { .n_packets = 0 } };
    struct udp_room *room = udp_room_new();
    char why[WHY_LEN], got;

    if (net_bind_try(&here, why) != 0)
        skip_because("no IPv6");
    for (int i = 0; i < KINDS; i++) {
        s[i].at = loopback_free_port(at[i]);
        assert_int_equal(udp_socket_open(&s[i].at, room, &s[i].port, why), 0);
        s[i].at.addr = loopback_at(asked[i], 0).addr;
        s[i].client = loopback_connect(&s[i].at, SOCK_DGRAM);
    }
    for (int i = 0; i < 16 * KINDS; i++) {
        int k = i < 8 * KINDS ? i % KINDS : i * 7 / 3 % KINDS; /* who follows whom */
        const char *from = k % 2 == 0 ? "127.0.0.1" : "::1";
        struct endpoint wanted = loopback_at(from, 0);
        loopback_send(s[k].client, "x", 1);
        assert_int_equal(udp_port_receive(s[k].port, true, &s[k].counts), 1);
        assert_true(addr_equal(&s[k].port->batch->in[0].from, &wanted.addr));
        answer(&s[k]);
        loopback_expect(s[k].client, &got, 1);
    }
    for (int i = 0; i < KINDS; i++) {
        udp_port_close(s[i].port);
        close(s[i].client);
    }
    udp_room_free(room);
}

/* Most of them are received one by one. */
static void datagrams_that_come_alone_are_received_one_by_one(void **state)
{
    static const char big[UDP_BUFFER + 1], whole[UDP_BUFFER] = "w";
    struct stage s;
    char got;

    set_up(&s, "127.0.0.1");
    s.client = loopback_connect(&s.at, SOCK_DGRAM);
    for (int i = 0; i < 100; i++) {
        loopback_send(s.client, &(char){ (char)i }, 1);
        assert_int_equal(udp_port_receive(s.port, true, &s.counts), 1);
        assert_int_equal(s.port->batch->n, 1);
        assert_int_equal(s.port->batch->in[0].len, 1);
        answer(&s);
        loopback_expect(s.client, &got, 1);
        assert_int_equal(got, i);
    }
    loopback_send(s.client, big, sizeof big);
    assert_int_equal(udp_port_receive(s.port, true, &s.counts), 1);
    assert_int_equal(s.port->batch->n, 0);
    assert_int_equal(s.counts.udp_dropped, 1);
    loopback_send(s.client, whole, sizeof whole);
    assert_int_equal(udp_port_receive(s.port, true, &s.counts), 1);
    assert_int_equal(s.port->batch->in[0].len, UDP_BUFFER);
    udp_port_interrupt(s.port);
    assert_int_equal(udp_port_receive(s.port, true, &s.counts), 0);
    assert_int_equal(s.counts.udp_received, 102);
    socket_close(&s);
}

static void after_lonely_ones_a_crowd_is_soon_received_together(void **state)
{
    enum { LONELY = 10, CROWD = 200 };
    struct stage s;
    char got;
    size_t n_receives = 0;

    set_up(&s, "127.0.0.1");
    s.client = loopback_connect(&s.at, SOCK_DGRAM);
    for (int i = 0; i < LONELY; i++) {
        loopback_send(s.client, "a", 1);
        assert_int_equal(udp_port_receive(s.port, true, &s.counts), 1);
    }
    for (int i = 0; i < CROWD; i++)
        loopback_send(s.client, "c", 1);
    for (; s.counts.udp_received < LONELY + CROWD; n_receives++) {
        assert_true(udp_port_receive(s.port, true, &s.counts) > 0);
        answer(&s);
    }
    assert_in_range(n_receives, LONELY, 40); /* some more one by one, then together */
    for (int i = 0; i < CROWD; i++)
        loopback_expect(s.client, &got, 1);
    socket_close(&s);
}

static void who_is_interrupted_no_longer_sleeps(void **state)
{
    struct stage s;

    set_up(&s, "127.0.0.1");
    udp_port_interrupt(s.port);
    for (int i = 0; i < 3; i++)
        assert_int_equal(udp_port_receive(s.port, true, &s.counts), 0);
    assert_int_equal(s.port->batch->n, 0);
    assert_int_equal(s.counts.udp_received, 0); /* what woke it is no datagram */
    socket_close(&s);
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
    struct stage s;
    char why[WHY_LEN];

    set_up(&s, "127.0.0.1");
    assert_int_equal(net_bind_try(&s.at, why), -EADDRINUSE);
    socket_close(&s);
    assert_int_equal(net_bind_try(&s.at, why), 0);
}

static void an_address_of_another_machine_gets_a_sentence(void **state)
{
    struct endpoint at;
    char why[WHY_LEN];

    assert_true(endpoint_parse("198.51.100.254:5300", &at));
    assert_int_equal(net_bind_try(&at, why), -EADDRNOTAVAIL);
    assert_non_null(strstr(why, "no interface"));
}

#define ON_BOTH(test)                                                                              \
    { #test ", on sockets", test, NULL, NULL, &kinds[0] },                                         \
    {                                                                                              \
#test ", on memory", test, NULL, NULL, &kinds[1]                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_batch_takes_32_and_leaves_the_rest),
        ON_BOTH(silence_for_one_leaves_the_others_their_answers),
        ON_BOTH(silence_for_all_sends_nothing),
        ON_BOTH(a_lonely_answer_arrives_like_any),
        ON_BOTH(a_datagram_longer_than_a_query_is_dropped_and_counted),
        ON_BOTH(a_datagram_from_port_0_is_dropped_and_counted),
        ON_BOTH(many_batches_of_many_sizes_are_answered),
        cmocka_unit_test(an_answer_that_cannot_be_sent_is_passed_over),
        cmocka_unit_test(on_a_wildcard_the_answer_leaves_from_the_asked_address),
        cmocka_unit_test(only_a_wildcard_asks_where_a_datagram_was_sent_to),
        cmocka_unit_test(sockets_of_all_kinds_share_a_room),
        cmocka_unit_test(datagrams_that_come_alone_are_received_one_by_one),
        cmocka_unit_test(after_lonely_ones_a_crowd_is_soon_received_together),
        cmocka_unit_test(who_is_interrupted_no_longer_sleeps),
        cmocka_unit_test(a_port_that_is_taken_gets_a_sentence),
        cmocka_unit_test(a_second_server_of_our_own_is_noticed),
        cmocka_unit_test(an_address_of_another_machine_gets_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
