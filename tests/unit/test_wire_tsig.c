/* test_wire_tsig.c - signed queries, and the answer that knows no keys. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/wire.h>

enum { QUESTION_LEN = 12 + 21, KEY_LEN = 5 };

struct packet {
    uint8_t octets[700];
    size_t len;
};

static void add(struct packet *p, const void *octets, size_t len)
{
    memcpy(p->octets + p->len, octets, len);
    p->len += len;
}

static struct packet question(void)
{
    struct packet p = { .len = 0 };

    add(&p, "\x12\x34\x01\0\0\1\0\0\0\0\0\0\3wWw\3cdn\7example\0\0\1\0\1", QUESTION_LEN);
    return p;
}

static const char rdata[] = "\3foo\0\0\0\1\2\3\4\1\x2c\0\3abc\x12\x34\0\0\0\2xy";

static void add_tsig(struct packet *p, const char *owner, size_t owner_len)
{
    add(p, owner, owner_len);
    add(p, "\0\372\0\377\0\0\0\0\0\x1a", 10);
    add(p, rdata, sizeof rdata - 1);
    p->octets[11]++;
}

static struct packet signed_question(void)
{
    struct packet p = question();

    add_tsig(&p, "\3Key\0", KEY_LEN);
    return p;
}

/* `exact` is what `q` points into. */
static enum wire_verdict parse(const struct packet *p, struct wire_query *q, uint8_t **exact)
{
    *exact = malloc(p->len); /* so that a read beyond is seen */
    memcpy(*exact, p->octets, p->len);
    return wire_query_parse(*exact, p->len, q);
}

static enum wire_verdict verdict_of(const struct packet *p)
{
    struct wire_query q;
    uint8_t *exact;
    enum wire_verdict verdict = parse(p, &q, &exact);

    free(exact);
    return verdict;
}

static void the_answer_repeats_key_and_time_without_a_signature(void **state)
{
    static const uint8_t expected[] = "\3Key\0\0\372\0\377\0\0\0\0\0\x15"
                                      "\3foo\0\0\0\1\2\3\4\1\x2c\0\0\x12\x34\0\x11\0\0";
    struct packet p = signed_question();
    struct wire_query q;
    struct wire_writer w;
    uint8_t out[512], *exact;

    assert_int_equal(parse(&p, &q, &exact), WIRE_QUERY_BADKEY);
    wire_writer_init(&w, out, sizeof out);
    assert_true(wire_write_question(&w, exact, q.question_len));
    assert_true(wire_write_badkey(&w, &q));
    assert_int_equal(w.len, QUESTION_LEN + sizeof expected - 1);
    assert_memory_equal(out + QUESTION_LEN, expected, sizeof expected - 1);
    assert_int_equal(w.n_additional, 1);

    wire_writer_init(&w, out, sizeof out);
    w.cap = QUESTION_LEN + sizeof expected - 2;
    assert_true(wire_write_question(&w, exact, q.question_len));
    assert_false(wire_write_badkey(&w, &q));
    assert_int_equal(w.len, QUESTION_LEN);
    free(exact);
}

static void a_compressed_key_is_written_out(void **state)
{
    struct packet p = question();
    struct wire_query q;
    uint8_t *exact;

    add_tsig(&p, "\1k\xc0\x10", 4); /* k.cdn.example */
    assert_int_equal(parse(&p, &q, &exact), WIRE_QUERY_BADKEY);
    assert_int_equal(q.tsig.key_len, 15);
    assert_memory_equal(q.tsig.key, "\1k\3cdn\7example", 15);
    free(exact);
}

static void a_key_that_is_no_name_is_malformed(void **state)
{
    static const struct {
        const char *owner;
        size_t len;
    } owners[] = { { "\xc0\x21", 2 }, { "\xc0\xff", 2 }, { "\1k\xc0\x21", 4 }, { "\xc0\x02", 2 } };

    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        struct packet p = question();
        add_tsig(&p, owners[i].owner, owners[i].len);
        assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);
    }
}

static void a_key_of_256_octets_is_malformed(void **state)
{
    char owner[257] = { 0 };

    for (int more = 0; more < 2; more++) {
        struct packet p = question();
        for (int i = 0; i < 3; i++)
            owner[i * 64] = 63;
        owner[192] = (char)(61 + more);
        add_tsig(&p, owner, 255 + (size_t)more);
        assert_int_equal(verdict_of(&p), more == 0 ? WIRE_QUERY_BADKEY : WIRE_QUERY_FORMERR);
    }
}

static void another_place_is_malformed(void **state)
{
    static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
    struct packet p = signed_question();

    add(&p, opt, sizeof opt);
    p.octets[11]++;
    assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);

    p = signed_question();
    add_tsig(&p, "\3Key\0", KEY_LEN);
    assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);

    p = signed_question();
    p.octets[11] = 0;
    p.octets[7] = 1;
    assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);
}

static void every_length_that_lies_is_malformed(void **state)
{
    for (size_t len = 0; len < sizeof rdata - 1; len++) {
        struct packet p = question();
        add(&p, "\3Key\0\0\372\0\377\0\0\0\0\0", KEY_LEN + 9);
        add(&p, &(char){ (char)len }, 1);
        add(&p, rdata, len);
        p.octets[11] = 1;
        assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);
    }
    struct packet p = signed_question();
    p.octets[QUESTION_LEN + KEY_LEN + 3] = 1; /* class */
    assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);
}

static void every_cut_is_malformed(void **state)
{
    struct packet whole = signed_question();

    for (size_t len = QUESTION_LEN; len < whole.len; len++) {
        struct packet p = whole;
        p.len = len;
        assert_int_equal(verdict_of(&p), WIRE_QUERY_FORMERR);
    }
}

static void what_matters_more_is_said_first(void **state)
{
    static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 0 };
    struct packet p = question();

    add(&p, opt, sizeof opt);
    p.octets[11]++;
    add_tsig(&p, "\3Key\0", KEY_LEN);
    assert_int_equal(verdict_of(&p), WIRE_QUERY_BADVERS);

    p = signed_question();
    p.octets[2] = 5 << 3;
    assert_int_equal(verdict_of(&p), WIRE_QUERY_BADKEY);
    p.octets[2] = 6 << 3;
    assert_int_equal(verdict_of(&p), WIRE_QUERY_NOTIMP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_repeats_key_and_time_without_a_signature),
        cmocka_unit_test(a_compressed_key_is_written_out),
        cmocka_unit_test(a_key_that_is_no_name_is_malformed),
        cmocka_unit_test(a_key_of_256_octets_is_malformed),
        cmocka_unit_test(another_place_is_malformed),
        cmocka_unit_test(every_length_that_lies_is_malformed),
        cmocka_unit_test(every_cut_is_malformed),
        cmocka_unit_test(what_matters_more_is_said_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
