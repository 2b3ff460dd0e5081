/* test_control_packet.c - a DNS message in words, whole and broken at every octet. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/wire.h>

#include "control/json_put.h"
#include "control/packet_json.h"

/* www.cdn.example: a CNAME, an A, an SOA whose names are compressed, an OPT with ECS 24/20. */
static const uint8_t message[] = {
    0,   1,   0x85, 0x00, 0,   1,   0,   2,   0,    1,   0,    1,    3,  'w',  'w', 'w',  3,  'c',
    'd', 'n', 7,    'e',  'x', 'a', 'm', 'p', 'l',  'e', 0,    0,    1,  0,    1,   0xc0, 12, 0,
    5,   0,   1,    0,    0,   0,   30,  0,   4,    1,   'b',  0xc0, 16, 0xc0, 45,  0,    1,  0,
    1,   0,   0,    0,    20,  0,   4,   127, 0,    10,  1,    0xc0, 16, 0,    6,   0,    1,  0,
    0,   1,   0,    0,    27,  2,   'n', 's', 0xc0, 16,  0xc0, 12,   0,  0,    0,   7,    0,  0,
    0,   1,   0,    0,    0,   2,   0,   0,   0,    3,   0,    0,    0,  4,    0,   0,    41, 4,
    208, 0,   0,    0,    0,   0,   11,  0,   8,    0,   7,    0,    1,  24,   20,  133,  1,  2,
};

static const char *data_of(const json_t *packet, const char *section, size_t i)
{
    return get_text(json_array_get(json_object_get(packet, section), i), "data", "?");
}

static void a_message_reads_as_dig_prints_it(void **state)
{
    json_t *p = packet_json(message, sizeof message);

    assert_null(json_object_get(p, "trouble"));
    assert_string_equal(get_text(p, "rcode", ""), "NOERROR");
    assert_int_equal(json_array_size(json_object_get(p, "flags")), 3); /* qr aa rd */
    assert_string_equal(data_of(p, "answer", 0), "b.cdn.example.");
    assert_string_equal(data_of(p, "answer", 1), "127.0.10.1");
    assert_string_equal(data_of(p, "authority", 0), "ns.cdn.example. www.cdn.example. 7 1 2 3 4");
    const json_t *a = json_array_get(json_object_get(p, "answer"), 1);
    assert_string_equal(get_text(a, "name", ""), "b.cdn.example.");
    assert_int_equal(get_int(a, "ttl", 0), 20);
    assert_int_equal(json_array_size(json_object_get(p, "additional")), 0);
    assert_int_equal(get_int(p, "udp_size", 0), 1232);
    assert_int_equal(get_int(p, "ecs_source", 0), 24);
    assert_int_equal(get_int(p, "ecs_scope", 0), 20);
    json_decref(p);
}

static void a_message_cut_anywhere_is_trouble_and_no_more(void **state)
{
    for (size_t len = 0; len < sizeof message; len++) {
        uint8_t *octets = malloc(len + 1); /* exact: the sanitizer sees a step too far */
        memcpy(octets, message, len);
        octets = realloc(octets, len == 0 ? 1 : len);
        json_t *p = packet_json(octets, len);
        assert_non_null(json_object_get(p, "trouble"));
        json_decref(p);
        free(octets);
    }
}

/* A record of that type and data at the root; the data's text. */
static char *text_of(uint16_t type, const uint8_t *data, uint16_t len)
{
    uint8_t octets[512] = { [2] = 0x84, [7] = 1 };

    wire_put16(octets + 13, type);
    octets[16] = 1;
    wire_put16(octets + 21, len);
    memcpy(octets + 23, data, len);
    json_t *p = packet_json(octets, 23u + len);
    char *text = strdup(data_of(p, "answer", 0));
    json_decref(p);
    return text;
}

static void each_type_has_its_form_and_odd_data_is_hex(void **state)
{
    static const struct {
        uint16_t type, len;
        const char *data, *text;
    } cases[] = {
        { WIRE_A, 4, "\x7f\0\0\1", "127.0.0.1" },
        { WIRE_A, 3, "\x7f\0\0", "\\# 3 7f0000" },
        { WIRE_AAAA, 16, " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1" },
        { WIRE_MX, 5, "\0\12\1m\0", "10 m." },
        { WIRE_MX, 2, "\0\12", "\\# 2 000a" },
        { WIRE_SRV, 9, "\0\1\0\2\0P\1s\0", "1 2 80 s." },
        { WIRE_NS, 1, "\0", "." },
        { WIRE_NS, 2, "\0\0", "\\# 2 0000" },
        { WIRE_TXT, 7, "\2a\"\3b\\\n", "\"a\\\"\" \"b\\\\\\010\"" },
        { WIRE_TXT, 2, "\5a", "\\# 2 0561" },
        { WIRE_TXT, 1, "\0", "\"\"" },
        { WIRE_HTTPS, 3, "\0\1\0", "1 ." },
        { WIRE_HTTPS, 23, "\0\1\0\0\1\0\6\2h3\2h2\0\3\0\2\x20\xfb\0\2\0\0",
          "1 . alpn=\"h3,h2\" port=8443 no-default-alpn" },
        { WIRE_HTTPS, 11, "\0\1\0\0\4\0\4\xc0\0\2\1", "1 . ipv4hint=192.0.2.1" },
        { WIRE_HTTPS, 10, "\0\1\0\0\4\0\3\xc0\0\2", "\\# 10 00010000040003c00002" },
        { WIRE_HTTPS, 8, "\0\1\0\0\3\0\2\1", "\\# 8 0001000003000201" },
        { WIRE_HTTPS, 8, "\0\1\0\0\1\0\1\5", "\\# 8 0001000001000105" },
        { WIRE_HTTPS, 7, "\0\1\0\0\6\0\0", "\\# 7 00010000060000" },
        { WIRE_HTTPS, 9, "\0\1\0\0\7\0\2a ", "1 . key7=\"a\\032\"" },
        { WIRE_HTTPS, 2, "\0\1", "\\# 2 0001" },
        { 65280, 2, "\xab\xcd", "\\# 2 abcd" },
        { 65280, 0, "", "\\# 0" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = text_of(cases[i].type, (const uint8_t *)cases[i].data, cases[i].len);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static void names_that_chase_their_tail_end_the_reading(void **state)
{
    static const uint8_t loop[] = { 0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1 };
    static const uint8_t ahead[] = {
        0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 18, 0, 1, 0, 1, 0
    };
    json_t *p = packet_json(loop, sizeof loop);

    assert_non_null(json_object_get(p, "trouble"));
    json_decref(p);
    p = packet_json(ahead, sizeof ahead);
    assert_non_null(json_object_get(p, "trouble"));
    json_decref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_reads_as_dig_prints_it),
        cmocka_unit_test(a_message_cut_anywhere_is_trouble_and_no_more),
        cmocka_unit_test(each_type_has_its_form_and_odd_data_is_hex),
        cmocka_unit_test(names_that_chase_their_tail_end_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
