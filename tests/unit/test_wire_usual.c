/* test_wire_usual.c - the usual query is read as wire_query_parse reads it, or not at all. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/rng.h>
#include <waymark/wire_usual.h>

enum { PACKET_MAX = 512 };

static const struct wire_hash_key *a_key(void)
{
    static struct wire_hash_key key;

    wire_hash_key_init(&key, (const uint8_t *)"thirty-two octets that are known");
    return &key;
}

/* In memory of just its size, so that a sanitizer sees who looks beyond. */
static bool parse(const uint8_t *packet, size_t len, struct wire_usual *out)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    memcpy(copy, packet, len);
    bool is_usual = wire_usual_parse(copy, len, a_key(), out) ||
                    wire_usual_parse_bare(copy, len, a_key(), out);
    free(copy);
    return is_usual;
}

static struct wire_query question(const char *name)
{
    struct wire_query q = { .id = 7, .flags = WIRE_RD, .type = WIRE_A, .class = WIRE_CLASS_IN };

    assert_true(wire_name_from_text(name, &q.name));
    q.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232 };
    return q;
}

static size_t write(const struct wire_query *q, uint8_t packet[static PACKET_MAX])
{
    size_t len = wire_query_write(packet, PACKET_MAX, q);

    assert_true(len > 0);
    return len;
}

static void expect_same(const uint8_t *packet, size_t len)
{
    struct wire_usual u;
    struct wire_query q;

    assert_int_equal(wire_query_parse(packet, len, &q), WIRE_QUERY_OK);
    assert_true(parse(packet, len, &u));
    assert_int_equal(u.type, q.type);
    assert_int_equal(u.name_len, q.name.len);
    assert_memory_equal(u.name, q.name.octets, q.name.len);
    assert_true(u.hash == wire_hash(a_key(), q.name.octets, q.name.len));
    assert_int_equal(u.opt_len > 0, q.edns.is_present);
    assert_int_equal(u.udp_size, q.edns.is_present ? q.edns.udp_size : 0);
    assert_int_equal(wire_usual_has_ecs(&u), q.edns.ecs.is_present);
    struct addr subnet = wire_subnet(&q.edns.ecs);
    assert_int_equal(u.subnet.family, subnet.family);
    if (subnet.family != 0)
        assert_true(addr_equal(&u.subnet, &subnet));
}

static void random_name(struct rng *rng, struct wire_name *out)
{
    size_t wanted = rng_next(rng) % WIRE_NAME_MAX;
    uint8_t octets[WIRE_NAME_MAX];
    size_t len = 0;

    while (len < wanted) {
        size_t n = 1 + rng_next(rng) % 63;
        if (len + 1 + n + 1 > sizeof octets)
            break;
        octets[len++] = (uint8_t)n;
        while (n-- > 0)
            octets[len++] = (uint8_t)(1 + rng_next(rng) % 255);
    }
    octets[len++] = 0;
    assert_true(wire_name_from_octets(octets, len, out));
    memcpy(out->octets, octets, len); /* as they came, capitals and all */
}

static void random_edns(struct rng *rng, struct wire_edns *out)
{
    bool is_six = rng_next(rng) & 1;
    struct addr a = { .family = is_six ? 6 : 4 };

    *out = (struct wire_edns){ .is_present = rng_next(rng) % 8 != 0,
                               .udp_size = (uint16_t)rng_next(rng),
                               .wants_dnssec = rng_next(rng) & 1 };
    out->ecs.is_present = out->is_present && rng_next(rng) % 4 != 0;
    out->ecs.family = is_six ? 2 : 1;
    out->ecs.source_bits = (uint8_t)(rng_next(rng) % (is_six ? 129 : 33));
    for (size_t i = 0; i < (is_six ? 16 : 4); i++)
        a.octets[i] = (uint8_t)rng_next(rng);
    if (out->ecs.source_bits > 0)
        out->ecs.addr = addr_mask(&a, out->ecs.source_bits);
}

static void random_queries_read_the_same_both_ways(void **state)
{
    struct rng rng;

    rng_seed(&rng, 3);
    for (int i = 0; i < 50000; i++) {
        uint8_t packet[PACKET_MAX];
        struct wire_query q = question(".");
        random_name(&rng, &q.name);
        random_edns(&rng, &q.edns);
        q.type = (uint16_t)rng_next(&rng);
        expect_same(packet, write(&q, packet));
    }
}

/* What is taken for usual, wire_query_parse takes as well, whatever octets are turned. */
static void broken_queries_are_never_usual(void **state)
{
    struct rng rng;
    int n_usual = 0;

    rng_seed(&rng, 4);
    for (int i = 0; i < 300000; i++) {
        uint8_t packet[PACKET_MAX];
        struct wire_usual u;
        struct wire_query q = question("www.cdn.example");
        random_edns(&rng, &q.edns);
        size_t len = write(&q, packet);
        for (int k = 0; k < 2; k++)
            packet[rng_next(&rng) % len] = (uint8_t)rng_next(&rng);
        len -= rng_next(&rng) % 4 == 0 ? rng_next(&rng) % len : 0;
        if (!parse(packet, len, &u) || wire_query_parse(packet, len, &q) != WIRE_QUERY_OK)
            continue;
        n_usual++;
        if (u.name_len == q.name.len) /* else a label holds a zero, and nobody finds the name */
            expect_same(packet, len);
        else
            assert_non_null(memchr(q.name.octets, 0, q.name.len - 1u));
    }
    assert_true(n_usual > 1000);
}

static void a_query_cut_short_is_not_usual(void **state)
{
    uint8_t packet[PACKET_MAX];
    struct wire_query q = question("a.b.cdn.example");
    struct wire_usual u;

    q.edns.ecs = (struct wire_ecs){ .is_present = true, .family = 1, .source_bits = 24 };
    q.edns.ecs.addr = (struct addr){ .family = 4, .octets = { 192, 0, 2 } };
    size_t len = write(&q, packet);
    for (size_t i = 0; i < len; i++)
        assert_false(parse(packet, i, &u));
    assert_true(parse(packet, len, &u));
}

struct odd {
    const char *what;
    size_t at; /* from the header on, or from the end with the next */
    bool from_end;
    uint8_t value;
};

static void odd_queries_are_left_to_others(void **state)
{
    static const struct odd odds[] = {
        { "a response", 2, false, 0x81 },        { "another opcode", 2, false, 0x29 },
        { "two questions", 5, false, 2 },        { "no question", 5, false, 0 },
        { "an answer", 7, false, 1 },            { "an authority", 9, false, 1 },
        { "two additional records", 11, false, 2 }, { "no additional record", 11, false, 0 },
        { "another class", 11, true, 3 },        { "OPT has an owner", 10, true, 1 },
        { "another type than OPT", 8, true, 250 }, { "another EDNS version", 4, true, 1 },
        { "an option that is not there", 0, true, 4 },
    };
    uint8_t packet[PACKET_MAX];
    struct wire_query q = question("www.cdn.example");
    struct wire_usual u;
    size_t len = write(&q, packet);

    for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
        uint8_t *octet = odds[i].from_end ? &packet[len - 1 - odds[i].at] : &packet[odds[i].at];
        uint8_t was = *octet;
        *octet = odds[i].value;
        if (parse(packet, len, &u))
            fail_msg("%s: taken for usual", odds[i].what);
        *octet = was;
    }
    assert_true(parse(packet, len, &u));
}

static void other_options_are_left_to_others(void **state)
{
    uint8_t packet[PACKET_MAX];
    struct wire_query q = question("www.cdn.example");
    struct wire_usual u;

    q.edns.wants_nsid = true;
    assert_false(parse(packet, write(&q, packet), &u));
    q.edns.wants_nsid = false;
    q.edns.has_options = true;
    q.edns.cookie = (const uint8_t *)"a client";
    q.edns.cookie_len = 8;
    assert_false(parse(packet, write(&q, packet), &u));
    q.edns.ecs = (struct wire_ecs){ .is_present = true, .family = 1 };
    assert_false(parse(packet, write(&q, packet), &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_queries_read_the_same_both_ways),
        cmocka_unit_test(broken_queries_are_never_usual),
        cmocka_unit_test(a_query_cut_short_is_not_usual),
        cmocka_unit_test(odd_queries_are_left_to_others),
        cmocka_unit_test(other_options_are_left_to_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
