/* test_wire_writer.c - answers: compression, limits, OPT. */
#include "cm.h"

#include <string.h>

#include <waymark/wire.h>

static const uint8_t query[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3WWW\3cdn\7example\0\0\1\0\1";
enum { QUESTION_LEN = 21 };

static const uint8_t mx_wire[] = "\xc0\x0c\0\17\0\1\0\0\16\20\0\24\0\12\4mail\3cdn\7example\0";
static const struct wire_set mx = { .type = WIRE_MX, .count = 1, .wire_len = 32, .wire = mx_wire };

static struct wire_writer start(uint8_t *octets, size_t cap)
{
    struct wire_writer w;

    wire_writer_init(&w, octets, cap);
    assert_true(wire_write_question(&w, query, QUESTION_LEN));
    return w;
}

static void rdata_names_point_into_the_question(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);

    assert_true(wire_write_set(&w, WIRE_ANSWER, NULL, &mx, 60));
    /* owner -> 12, TTL cut to 60, RDATA: preference, "mail", pointer to "cdn.example" at 16 */
    assert_int_equal(w.len, 33 + 2 + 10 + 2 + 5 + 2);
    assert_memory_equal(octets + 33, "\xc0\x0c\0\17\0\1\0\0\0\74\0\11\0\12\4mail\xc0\x10", 21);
    assert_int_equal(w.n_answer, 1);
}

static void owners_are_compressed_without_regard_to_case(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);

    assert_true(wire_write_set(&w, WIRE_AUTHORITY, (const uint8_t *)"\3cdn\7example", &mx, 60));
    assert_memory_equal(octets + 33, "\xc0\x10", 2);
    size_t second = w.len;
    assert_true(wire_write_set(&w, WIRE_ADDITIONAL, (const uint8_t *)"\4mail\3cdn\7example", &mx, 60));
    assert_memory_equal(octets + second, "\xc0\x2f", 2); /* "mail" of the first record's RDATA */
}

/* While "a.a.org" is written, what an earlier answer left behind its first "a" is no name of ours. */
static void a_name_does_not_point_into_itself(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);

    memcpy(octets + 33 + 2, "\3org", 5);
    assert_true(wire_write_set(&w, WIRE_AUTHORITY, (const uint8_t *)"\1a\1a\3org", &mx, 60));
    assert_memory_equal(octets + 33, "\1a\1a\3org", 9);
}

/* RFC 3597 4: DNAME and SRV are not compressed, but nothing keeps others from pointing at them. */
static void names_point_into_data_that_is_not_compressed_itself(void **state)
{
    static const uint8_t dname_wire[] = "\xc0\x0c\0\47\0\1\0\0\0\74\0\15\3new\7example\0";
    static const uint8_t cname_wire[] = "\xc0\x0c\0\5\0\1\0\0\0\74\0\17\1x\3new\7example\0";
    static const struct wire_set dname = { WIRE_DNAME, 1, 25, dname_wire };
    static const struct wire_set cname = { WIRE_CNAME, 1, 27, cname_wire };
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);

    assert_true(wire_write_set(&w, WIRE_ANSWER, (const uint8_t *)"\3cdn\7example", &dname, 60));
    assert_memory_equal(octets + 33 + 10, "\0\15\3new\7example\0", 15); /* whole */
    size_t second = w.len;
    assert_true(wire_write_set(&w, WIRE_ANSWER, NULL, &cname, 60));
    assert_memory_equal(octets + second + 10, "\0\4\1x\xc0\x2d", 6);
}

static void a_set_that_does_not_fit_leaves_no_trace(void **state)
{
    uint8_t octets[1024];
    struct wire_writer w = start(octets, 512);
    uint8_t big[600] = "\xc0\x0c\0\20\0\1\0\0\0\74\2\0";
    struct wire_set txt = { .type = WIRE_TXT, .count = 1, .wire_len = 524, .wire = big };
    size_t len = w.len;

    assert_false(wire_write_set(&w, WIRE_ANSWER, NULL, &txt, 60));
    assert_int_equal(w.len, len);
    assert_int_equal(w.n_answer, 0);
    assert_true(wire_write_set(&w, WIRE_ANSWER, NULL, &mx, 60));
}

static void opt_echoes_the_subnet_with_our_scope(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);
    struct wire_edns edns = { .is_present = true, .wants_nsid = true };

    edns.ecs = (struct wire_ecs){ .is_present = true, .family = 1, .source_bits = 24 };
    assert_true(addr_parse("133.1.2.0", &edns.ecs.addr));
    wire_write_opt(&w, &edns, 1232, WIRE_BADVERS, 20, "ns1");
    assert_int_equal(w.len - 33, wire_opt_len(&edns, "ns1"));
    assert_memory_equal(octets + 33,
                        "\0\0\51\4\xd0\1\0\0\0\0\22\0\10\0\7\0\1\30\24\x85\1\2\0\3\0\3ns1", 29);
}

static void without_edns_there_is_no_opt(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);
    struct wire_edns edns = { .is_present = false };

    wire_write_opt(&w, &edns, 1232, 0, 0, "ns1");
    assert_int_equal(w.len, 33);
    assert_int_equal(w.n_additional, 0);
}

static void the_header_echoes_only_what_it_must(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);
    struct wire_query q = { .id = 7, .flags = 0x7fff, .question_len = QUESTION_LEN };

    wire_write_header(&w, &q, WIRE_AA, WIRE_NXDOMAIN);
    assert_int_equal(wire_get16(octets), 7);
    assert_int_equal(wire_get16(octets + 2),
                     WIRE_QR | WIRE_OPCODE | WIRE_RD | WIRE_AA | 3);
}

static void an_option_more_stands_behind_the_others(void **state)
{
    uint8_t octets[512];
    struct wire_writer w = start(octets, sizeof octets);
    struct wire_edns edns = { .is_present = true, .wants_nsid = true };
    size_t opt_at = w.len;

    wire_write_opt(&w, &edns, 1232, WIRE_REFUSED, 0, "ns1");
    wire_write_option(&w, opt_at, 15, "\0\25no", 4);
    assert_memory_equal(octets + opt_at + 9, "\0\17\0\3\0\3ns1\0\17\0\4\0\25no", 17);
    assert_int_equal(w.len, opt_at + 11 + 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rdata_names_point_into_the_question),
        cmocka_unit_test(owners_are_compressed_without_regard_to_case),
        cmocka_unit_test(a_name_does_not_point_into_itself),
        cmocka_unit_test(names_point_into_data_that_is_not_compressed_itself),
        cmocka_unit_test(a_set_that_does_not_fit_leaves_no_trace),
        cmocka_unit_test(an_option_more_stands_behind_the_others),
        cmocka_unit_test(opt_echoes_the_subnet_with_our_scope),
        cmocka_unit_test(without_edns_there_is_no_opt),
        cmocka_unit_test(the_header_echoes_only_what_it_must),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
