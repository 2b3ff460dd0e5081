/* test_util_addr.c - text to address and back; masks at every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <waymark/addr.h>

static void prefixes_with_octets_beyond_their_length_are_refused(void **state)
{
    struct prefix p;

    assert_true(prefix_parse("192.0.2.0/24", &p));
    assert_int_equal(p.bits, 24);
    assert_false(prefix_parse("192.0.2.1/24", &p));
    assert_false(prefix_parse("2001:db8::1/64", &p));
    assert_true(prefix_parse("0.0.0.0/0", &p));
    assert_true(prefix_parse("2001:db8::1", &p));
    assert_int_equal(p.bits, 128);
}

static void odd_prefixes_are_refused(void **state)
{
    static const char *const bad[] = { "", "/", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3/8",
                                       "::/129", "1.2.3.4/+8", "1.2.3.4/ 8", "1.2.3.4/8x",
                                       "x", "1.2.3.4/4294967297" };
    struct prefix p;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(prefix_parse(bad[i], &p));
}

static void endpoints_want_brackets_around_ipv6_only(void **state)
{
    struct endpoint e;
    char text[ENDPOINT_TEXT_LEN];

    assert_true(endpoint_parse("[2001:db8::1]:5353", &e));
    assert_string_equal(endpoint_format(&e, text), "[2001:db8::1]:5353");
    assert_true(endpoint_parse("127.0.0.1:53", &e));
    assert_string_equal(endpoint_format(&e, text), "127.0.0.1:53");
    assert_false(endpoint_parse("[127.0.0.1]:53", &e));
    assert_false(endpoint_parse("2001:db8::1:53", &e));
    assert_false(endpoint_parse("127.0.0.1", &e));
    assert_false(endpoint_parse("127.0.0.1:65536", &e));
    assert_false(endpoint_parse("127.0.0.1:", &e));
}

static void a_mask_keeps_just_its_bits(void **state)
{
    struct addr a;

    assert_true(addr_parse("255.255.255.255", &a));
    for (unsigned bits = 0; bits <= 32; bits++) {
        struct addr m = addr_mask(&a, bits);
        uint32_t v = (uint32_t)m.octets[0] << 24 | (uint32_t)m.octets[1] << 16 |
                     (uint32_t)m.octets[2] << 8 | m.octets[3];
        assert_int_equal(v, bits == 0 ? 0 : UINT32_MAX << (32 - bits));
    }
    struct addr m = addr_mask(&a, 200); /* longer than the family: the whole address */
    assert_true(addr_equal(&m, &a));
}

static void mapped_addresses_become_ipv4(void **state)
{
    struct endpoint e;
    struct sockaddr_storage sa;
    uint16_t port;
    char text[ADDR_TEXT_LEN];

    assert_true(endpoint_parse("[::ffff:192.0.2.7]:53", &e));
    endpoint_to_sockaddr(&e, &sa);
    struct addr a = addr_from_sockaddr((struct sockaddr *)&sa, &port);
    assert_string_equal(addr_format(&a, text), "192.0.2.7");
    assert_int_equal(port, 53);
}

static void as_numbers_fit_in_32_bits(void **state)
{
    static const char *const bad[] = { "", "AS", "ASAS1", "-1", "+1", " 1", "1 ", "4294967296",
                                       "99999999999999999999", "0x1" };
    uint32_t asn;

    assert_true(asn_parse("4713", &asn));
    assert_int_equal(asn, 4713);
    assert_true(asn_parse("as4294967295", &asn));
    assert_int_equal(asn, UINT32_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(asn_parse(bad[i], &asn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_with_octets_beyond_their_length_are_refused),
        cmocka_unit_test(odd_prefixes_are_refused),
        cmocka_unit_test(endpoints_want_brackets_around_ipv6_only),
        cmocka_unit_test(a_mask_keeps_just_its_bits),
        cmocka_unit_test(mapped_addresses_become_ipv4),
        cmocka_unit_test(as_numbers_fit_in_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
