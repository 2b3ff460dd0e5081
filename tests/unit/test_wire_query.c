/* test_wire_query.c - packets a stranger may send. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/wire.h>

/* A packet built by hand, so that it can lie. */
struct packet {
    uint8_t octets[600];
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

    add(&p, "\x12\x34\x01\x00\0\1\0\0\0\0\0\0", 12);
    add(&p, "\3wWw\3cdn\7example\0\0\1\0\1", 21);
    return p;
}

static void add_opt(struct packet *p, const void *options, size_t len)
{
    uint8_t opt[11] = { 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, (uint8_t)len };

    add(p, opt, sizeof opt);
    add(p, options, len);
    p->octets[11]++;
}

static enum wire_verdict parse(const struct packet *p, struct wire_query *q)
{
    uint8_t *exact = malloc(p->len > 0 ? p->len : 1); /* so that a read beyond is seen */

    memcpy(exact, p->octets, p->len);
    enum wire_verdict verdict = wire_query_parse(exact, p->len, q);
    free(exact);
    return verdict;
}

static void a_plain_question_is_folded(void **state)
{
    struct packet p = question();
    struct wire_query q;

    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    assert_int_equal(q.id, 0x1234);
    assert_int_equal(q.type, WIRE_A);
    assert_int_equal(q.question_len, 21);
    assert_memory_equal(q.name.octets, "\3www\3cdn\7example", 17);
    assert_false(q.edns.is_present);
}

static void every_cut_of_a_packet_is_refused(void **state)
{
    struct packet p = question();
    struct wire_query q;

    add_opt(&p, "\0\10\0\7\0\1\30\0\xcb\0\x71", 11);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    size_t whole = p.len;
    for (p.len = 0; p.len < 12; p.len++)
        assert_int_equal(parse(&p, &q), WIRE_QUERY_DROP);
    for (; p.len < whole; p.len++)
        assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
}

static void responses_are_dropped(void **state)
{
    struct packet p = question();
    struct wire_query q;

    p.octets[2] |= 0x80;
    assert_int_equal(parse(&p, &q), WIRE_QUERY_DROP);
}

static void counts_that_lie_are_malformed(void **state)
{
    static const size_t counts[] = { 5, 7, 9, 11 };
    struct wire_query q;

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct packet p = question();
        p.octets[counts[i]] += 1;
        assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
        p.octets[counts[i] - 1] = 0xff;
        assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    }
    struct packet p = question();
    p.octets[5] = 0;
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
}

static void what_follows_the_records_is_passed_over(void **state)
{
    struct packet p = question();
    struct wire_query q;

    add(&p, "x", 1);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    p = question();
    add_opt(&p, "", 0);
    add(&p, "xyz", 3);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    assert_true(q.edns.is_present);
}

static void records_that_do_not_belong_in_a_query_are_passed_over(void **state)
{
    static const size_t counts[] = { 7, 9, 11 };
    struct wire_query q;

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct packet p = question();
        add(&p, "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1", 16);
        p.octets[counts[i]]++;
        add_opt(&p, "", 0);
        assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
        assert_true(q.edns.is_present);
    }
}

static void one_question_is_asked_for(void **state)
{
    struct packet p = question();
    struct wire_query q;

    add(&p, "\3www\3cdn\7example\0\0\1\0\1", 21);
    p.octets[5] = 2;
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    assert_int_equal(q.question_len, 0);

    p = (struct packet){ .len = 0 };
    add(&p, "\x12\x34\0\0\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    assert_false(q.edns.is_present);
    add_opt(&p, "", 0);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    assert_true(q.edns.is_present); /* and so the answer has OPT */
}

static void a_pointer_in_the_question_is_malformed(void **state)
{
    struct packet p = { .len = 0 };
    struct wire_query q;

    add(&p, "\0\1\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    assert_int_equal(q.question_len, 0);
}

static void other_opcodes_are_not_implemented_and_their_question_is_not_read(void **state)
{
    struct wire_query q;

    for (unsigned opcode = 1; opcode < 16; opcode++) {
        struct packet p = question();
        if (opcode == WIRE_OPCODE_NOTIFY || opcode == WIRE_OPCODE_UPDATE)
            continue;
        p.octets[2] = (uint8_t)(opcode << 3);
        assert_int_equal(parse(&p, &q), WIRE_QUERY_NOTIMP);
        assert_int_equal(q.question_len, 0);
        assert_false(q.edns.is_present);
        add_opt(&p, "", 0);
        assert_int_equal(parse(&p, &q), WIRE_QUERY_NOTIMP);
        assert_true(q.edns.is_present);
        p.len -= 3;
        assert_int_equal(parse(&p, &q), WIRE_QUERY_NOTIMP);
        assert_false(q.edns.is_present);
        p = question();
        p.octets[2] = (uint8_t)(opcode << 3);
        add_opt(&p, "\0\10\0\7\0\1\30\0\x85\1\2", 11);
        p.octets[11]++; /* one record too few */
        assert_int_equal(parse(&p, &q), WIRE_QUERY_NOTIMP);
        assert_false(q.edns.is_present || q.edns.has_options || q.edns.ecs.is_present);
    }
}

static void notify_and_update_are_read_and_refused(void **state)
{
    static const unsigned opcodes[] = { WIRE_OPCODE_NOTIFY, WIRE_OPCODE_UPDATE };
    struct wire_query q;

    for (size_t i = 0; i < COUNT_OF(opcodes); i++) {
        struct packet p = question();
        p.octets[2] = (uint8_t)(opcodes[i] << 3);
        add(&p, "\xc0\x0c\0\377\0\377\0\0\0\0\0\0", 12); /* "delete all", RFC 2136 2.5.3 */
        p.octets[9] = 1;
        assert_int_equal(parse(&p, &q), WIRE_QUERY_REFUSED);
        assert_int_equal(q.question_len, 21);
        p.len--;
        assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
    }
}

static void client_subnet_is_read(void **state)
{
    struct packet p = question();
    struct wire_query q;
    char text[ADDR_TEXT_LEN];

    add_opt(&p, "\0\10\0\7\0\1\30\0\x85\1\2", 11);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    assert_true(q.edns.ecs.is_present);
    assert_int_equal(q.edns.ecs.source_bits, 24);
    assert_string_equal(addr_format(&q.edns.ecs.addr, text), "133.1.2.0");
    assert_int_equal(q.edns.udp_size, 4096);
}

static void a_source_of_zero_has_no_address(void **state)
{
    static const uint8_t families[] = { 0, 1, 2 };
    struct wire_query q;

    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct packet p = question();
        uint8_t option[] = { 0, 8, 0, 4, 0, families[i], 0, 0 };
        add_opt(&p, option, sizeof option);
        assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
        assert_true(q.edns.ecs.is_present);
        assert_int_equal(q.edns.ecs.addr.family, 0);
    }
}

static void malformed_client_subnets_are_refused(void **state)
{
    static const struct {
        const char *octets;
        size_t len;
    } bad[] = {
        { "\0\10\0\7\0\1\27\0\x85\1\1", 11 },      /* a bit beyond /23 */
        { "\0\10\0\6\0\1\30\0\x85\1", 10 },        /* too few octets */
        { "\0\10\0\10\0\1\30\0\x85\1\2\0", 12 },   /* too many */
        { "\0\10\0\7\0\1\30\1\x85\1\2", 11 },      /* scope in a query */
        { "\0\10\0\7\0\3\30\0\x85\1\2", 11 },      /* family unknown */
        { "\0\10\0\11\0\1\41\0\x85\1\2\3\0", 13 }, /* /33 */
        { "\0\10\0\3\0\1\0", 7 },                  /* shorter than its fixed part */
        { "\0\10\0\4\0\1\0\0\0\10\0\4\0\1\0\0", 16 }, /* twice */
        { "\0\10\0\20\0\1\0\0", 8 },               /* longer than OPT */
        { "\0\10\0", 3 },
    };
    struct wire_query q;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct packet p = question();
        add_opt(&p, bad[i].octets, bad[i].len);
        assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
        assert_true(q.edns.is_present);
        assert_false(q.edns.ecs.is_present);
    }
}

static void opt_twice_or_in_the_wrong_place_is_malformed(void **state)
{
    struct packet p = question();
    struct wire_query q;

    add_opt(&p, "", 0);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_OK);
    add_opt(&p, "", 0);
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);

    p = question();
    add(&p, "\1x\0\0\51\2\0\0\0\0\0\0\0", 13); /* OPT owned by "x" */
    p.octets[11] = 1;
    assert_int_equal(parse(&p, &q), WIRE_QUERY_FORMERR);
}

static void an_unknown_edns_version_is_told_so(void **state)
{
    struct packet p = question();
    struct wire_query q;

    add_opt(&p, "", 0);
    p.octets[p.len - 5] = 1;
    assert_int_equal(parse(&p, &q), WIRE_QUERY_BADVERS);
    assert_true(q.edns.is_present);
}

static void what_we_write_we_can_read(void **state)
{
    struct wire_query in = { .id = 7, .flags = WIRE_RD, .type = WIRE_AAAA, .class = 1 }, out;
    uint8_t packet[512];

    assert_true(wire_name_from_text("a.b.example", &in.name));
    in.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232, .wants_nsid = true,
                                  .wants_dnssec = true };
    in.edns.ecs = (struct wire_ecs){ .is_present = true, .family = 2, .source_bits = 56 };
    assert_true(addr_parse("2001:db8:1:200::", &in.edns.ecs.addr));
    size_t len = wire_query_write(packet, sizeof packet, &in);
    assert_int_equal(wire_query_parse(packet, len, &out), WIRE_QUERY_OK);
    assert_true(wire_name_equal(&in.name, &out.name));
    assert_true(out.edns.wants_nsid && out.edns.wants_dnssec);
    assert_int_equal(out.edns.ecs.source_bits, 56);
    assert_true(addr_equal(&in.edns.ecs.addr, &out.edns.ecs.addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_question_is_folded),
        cmocka_unit_test(every_cut_of_a_packet_is_refused),
        cmocka_unit_test(responses_are_dropped),
        cmocka_unit_test(counts_that_lie_are_malformed),
        cmocka_unit_test(a_pointer_in_the_question_is_malformed),
        cmocka_unit_test(what_follows_the_records_is_passed_over),
        cmocka_unit_test(records_that_do_not_belong_in_a_query_are_passed_over),
        cmocka_unit_test(one_question_is_asked_for),
        cmocka_unit_test(other_opcodes_are_not_implemented_and_their_question_is_not_read),
        cmocka_unit_test(notify_and_update_are_read_and_refused),
        cmocka_unit_test(client_subnet_is_read),
        cmocka_unit_test(a_source_of_zero_has_no_address),
        cmocka_unit_test(malformed_client_subnets_are_refused),
        cmocka_unit_test(opt_twice_or_in_the_wrong_place_is_malformed),
        cmocka_unit_test(an_unknown_edns_version_is_told_so),
        cmocka_unit_test(what_we_write_we_can_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
