/* test_net_frames.c - a stream cut into messages, wherever the network cuts it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/tcp_frames.h"

static void feed(struct tcp_frames *f, const uint8_t *octets, size_t len)
{
    uint8_t *at;
    size_t room = tcp_frames_room(f, &at);

    assert_true(room >= len);
    memcpy(at, octets, len);
    tcp_frames_add(f, len);
}

/* Writes a frame whose octets all are `fill`; returns its length. */
static size_t frame(uint8_t *to, size_t len, uint8_t fill)
{
    to[0] = (uint8_t)(len >> 8);
    to[1] = (uint8_t)len;
    memset(to + 2, fill, len);
    return 2 + len;
}

static void expect_message(struct tcp_frames *f, size_t len, uint8_t fill)
{
    const uint8_t *message;
    size_t got;

    assert_int_equal(tcp_frames_next(f, &message, &got), TCP_FRAME);
    assert_int_equal(got, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(message[i], fill);
}

static enum tcp_verdict next(struct tcp_frames *f)
{
    const uint8_t *message;
    size_t len;

    return tcp_frames_next(f, &message, &len);
}

static void several_messages_in_one_read_come_out_one_by_one(void **state)
{
    struct tcp_frames f;
    uint8_t buf[256];
    size_t len = frame(buf, 40, 1);

    len += frame(buf + len, 1, 2);
    len += frame(buf + len, 100, 3);
    tcp_frames_init(&f);
    assert_int_equal(next(&f), TCP_MORE);
    feed(&f, buf, len);
    expect_message(&f, 40, 1);
    expect_message(&f, 1, 2);
    expect_message(&f, 100, 3);
    assert_int_equal(next(&f), TCP_MORE);
    tcp_frames_fini(&f);
}

static void a_message_may_come_octet_by_octet(void **state)
{
    struct tcp_frames f;
    uint8_t buf[64];
    size_t len = frame(buf, 30, 7);

    tcp_frames_init(&f);
    for (int round = 0; round < 300; round++) { /* further than the buffer is long */
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(next(&f), TCP_MORE);
            feed(&f, buf + i, 1);
        }
        expect_message(&f, 30, 7);
    }
    assert_int_equal(f.cap, TCP_FRAMES_MIN);
    tcp_frames_fini(&f);
}

static void a_length_of_zero_is_broken_after_the_messages_before_it(void **state)
{
    struct tcp_frames f;
    uint8_t buf[64];
    size_t len = frame(buf, 12, 9);

    tcp_frames_init(&f);
    buf[len++] = 0;
    buf[len++] = 0;
    feed(&f, buf, len);
    expect_message(&f, 12, 9);
    assert_int_equal(next(&f), TCP_BROKEN);
    assert_int_equal(next(&f), TCP_BROKEN);
    tcp_frames_fini(&f);
}

static void a_claimed_length_takes_no_memory_until_the_octets_come(void **state)
{
    struct tcp_frames f;
    static const uint8_t claim[] = { 0xff, 0xff, 0 };
    uint8_t *at;

    tcp_frames_init(&f);
    assert_int_equal(f.cap, 0);
    feed(&f, claim, sizeof claim);
    assert_int_equal(next(&f), TCP_MORE);
    assert_true(tcp_frames_room(&f, &at) > 0);
    assert_int_equal(f.cap, TCP_FRAMES_MIN);
    tcp_frames_fini(&f);
}

static void the_longest_message_fits_and_its_memory_is_given_back(void **state)
{
    struct tcp_frames f;
    static uint8_t buf[TCP_FRAMES_MAX];
    size_t len = frame(buf, 65535, 5), done = 0;
    uint8_t *at;

    tcp_frames_init(&f);
    while (done < len) {
        assert_int_equal(next(&f), TCP_MORE);
        size_t room = tcp_frames_room(&f, &at);
        assert_true(room > 0);
        if (room > len - done)
            room = len - done;
        memcpy(at, buf + done, room);
        tcp_frames_add(&f, room);
        done += room;
        assert_true(f.cap <= TCP_FRAMES_MAX);
    }
    expect_message(&f, 65535, 5);
    assert_int_equal(next(&f), TCP_MORE);
    assert_true(tcp_frames_room(&f, &at) > 0);
    assert_int_equal(f.cap, TCP_FRAMES_MIN);
    tcp_frames_fini(&f);
}

static void a_random_stream_comes_out_as_it_went_in(void **state)
{
    enum { MESSAGES = 2000 };
    struct tcp_frames f;
    static uint8_t stream[MESSAGES * 302];
    size_t lens[MESSAGES], len = 0, done = 0, seen = 0;
    uint8_t *at;

    srandom(42);
    for (size_t i = 0; i < MESSAGES; i++) {
        lens[i] = 1 + (size_t)random() % 300;
        len += frame(stream + len, lens[i], (uint8_t)i);
    }
    tcp_frames_init(&f);
    while (done < len) {
        size_t n = tcp_frames_room(&f, &at), piece = 1 + (size_t)random() % 700;
        assert_true(n > 0);
        n = n < piece ? n : piece;
        n = n < len - done ? n : len - done;
        memcpy(at, stream + done, n);
        tcp_frames_add(&f, n);
        done += n;
        const uint8_t *message;
        size_t got;
        while (tcp_frames_next(&f, &message, &got) == TCP_FRAME) {
            assert_int_equal(got, lens[seen]);
            assert_int_equal(message[got - 1], (uint8_t)seen);
            seen++;
        }
    }
    assert_int_equal(seen, MESSAGES);
    tcp_frames_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_messages_in_one_read_come_out_one_by_one),
        cmocka_unit_test(a_message_may_come_octet_by_octet),
        cmocka_unit_test(a_length_of_zero_is_broken_after_the_messages_before_it),
        cmocka_unit_test(a_claimed_length_takes_no_memory_until_the_octets_come),
        cmocka_unit_test(the_longest_message_fits_and_its_memory_is_given_back),
        cmocka_unit_test(a_random_stream_comes_out_as_it_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
