/* test_dns_cookie.c - the cookies of RFC 9018's appendix A, and what happens to them in time. */
#include "cm.h"

#include <string.h>

#include "dns/dns_cookie.h"

static unsigned nibble(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t n = strlen(text) / 2;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return n;
}

static void add_secret(struct world_cookies *secrets, const char *hex)
{
    uint8_t octets[SIPHASH_KEY_LEN];

    from_hex(hex, octets);
    siphash_key_init(&secrets->keys[secrets->n++], octets);
}

static struct addr address(const char *text)
{
    struct addr a;

    assert_true(addr_parse(text, &a));
    return a;
}

static enum dns_cookie judge(const struct world_cookies *secrets, const char *got,
                             const char *client, uint32_t now_s, uint8_t out[DNS_COOKIE_LEN])
{
    uint8_t octets[40];
    struct addr from = address(client);

    return dns_cookie_judge(secrets, octets, from_hex(got, octets), &from, now_s, out);
}

static void expect(const uint8_t out[DNS_COOKIE_LEN], const char *hex)
{
    uint8_t wanted[DNS_COOKIE_LEN];

    assert_int_equal(from_hex(hex, wanted), DNS_COOKIE_LEN);
    assert_memory_equal(out, wanted, DNS_COOKIE_LEN);
}

static const char first_secret[] = "e5e973e5a6b2a43f48e7dc849e37bfcf";
static const char client[] = "198.51.100.100";
static const char learned[] = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
static const uint32_t learned_s = 1559731985;

static void a_client_learns_a_new_cookie(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, first_secret);
    assert_int_equal(judge(&secrets, "2464c4abcf10c957", client, learned_s, out), DNS_COOKIE_NEW);
    expect(out, learned);
}

static void the_same_client_learns_a_renewed_one(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, first_secret);
    assert_int_equal(judge(&secrets, learned, client, 1559734385, out), DNS_COOKIE_GOOD);
    expect(out, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

static void reserved_octets_are_hashed_as_they_came(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, first_secret);
    assert_int_equal(judge(&secrets, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
                           "203.0.113.203", 1559734700 - 5000, out),
                     DNS_COOKIE_GOOD);
    judge(&secrets, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", "203.0.113.203", 1559734700,
          out);
    expect(out, "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

static void an_ipv6_client_comes_with_a_cookie_of_the_former_secret(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, "445536bcd2513298075a5d379663c962");
    add_secret(&secrets, "dd3bdf9344b678b185a6f5cb60fca715");
    assert_int_equal(judge(&secrets, "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
                           "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961, out),
                     DNS_COOKIE_GOOD);
    expect(out, "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

static void a_young_cookie_is_sent_back_as_it_is(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, first_secret);
    assert_int_equal(judge(&secrets, learned, client, learned_s + 1799, out), DNS_COOKIE_GOOD);
    expect(out, learned);
    assert_int_equal(judge(&secrets, learned, client, learned_s + 1800, out), DNS_COOKIE_GOOD);
    assert_memory_not_equal(out + 12, "\x5c\xf7\x9f\x11", 4);
}

static void a_cookie_holds_an_hour_and_five_minutes_ahead(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t out[DNS_COOKIE_LEN];

    add_secret(&secrets, first_secret);
    assert_int_equal(judge(&secrets, learned, client, learned_s + 3600, out), DNS_COOKIE_GOOD);
    assert_int_equal(judge(&secrets, learned, client, learned_s + 3601, out), DNS_COOKIE_BAD);
    assert_int_equal(judge(&secrets, learned, client, learned_s - 300, out), DNS_COOKIE_GOOD);
    assert_int_equal(judge(&secrets, learned, client, learned_s - 301, out), DNS_COOKIE_BAD);
}

static void time_goes_around_after_2106(void **state)
{
    struct world_cookies secrets = { 0 };
    uint8_t before[DNS_COOKIE_LEN], after[DNS_COOKIE_LEN];
    struct addr from = address(client);

    add_secret(&secrets, first_secret);
    dns_cookie_judge(&secrets, (const uint8_t *)"abcdefgh", 8, &from, UINT32_MAX - 10, before);
    assert_int_equal(dns_cookie_judge(&secrets, before, DNS_COOKIE_LEN, &from, 20, after),
                     DNS_COOKIE_GOOD);
}

static void what_is_not_ours_is_bad(void **state)
{
    struct world_cookies secrets = { 0 }, others = { 0 };
    uint8_t octets[DNS_COOKIE_LEN], out[DNS_COOKIE_LEN];
    struct addr from = address(client);

    add_secret(&secrets, first_secret);
    add_secret(&others, "445536bcd2513298075a5d379663c962");
    assert_int_equal(judge(&others, learned, client, learned_s, out), DNS_COOKIE_BAD);
    assert_int_equal(judge(&secrets, learned, "198.51.100.101", learned_s, out), DNS_COOKIE_BAD);
    from_hex(learned, octets);
    for (size_t i = 0; i < 8 * sizeof octets; i++) {
        octets[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(dns_cookie_judge(&secrets, octets, sizeof octets, &from, learned_s, out),
                         DNS_COOKIE_BAD);
        octets[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_int_equal(judge(&secrets, "2464c4abcf10c9570100000000000000", client, learned_s, out),
                     DNS_COOKIE_BAD);
    expect(out, learned); /* and gets a good one */
}

static void a_rolled_secret_leaves_no_gap(void **state)
{
    struct world_cookies before = { 0 }, staged = { 0 }, rolled = { 0 };
    uint8_t cookie[DNS_COOKIE_LEN], out[DNS_COOKIE_LEN];
    const char *next = "445536bcd2513298075a5d379663c962";
    struct addr from = address(client);

    add_secret(&before, first_secret);
    add_secret(&staged, first_secret), add_secret(&staged, next);
    add_secret(&rolled, next), add_secret(&rolled, first_secret);
    const struct world_cookies *all[] = { &before, &staged, &rolled };
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            if (i + j == 2 && i != j)
                continue; /* of three steps, servers of a fleet are at most one apart */
            dns_cookie_judge(all[i], (const uint8_t *)"abcdefgh", 8, &from, 1000, cookie);
            assert_int_equal(
                dns_cookie_judge(all[j], cookie, DNS_COOKIE_LEN, &from, 2000, out),
                DNS_COOKIE_GOOD);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_learns_a_new_cookie),
        cmocka_unit_test(the_same_client_learns_a_renewed_one),
        cmocka_unit_test(reserved_octets_are_hashed_as_they_came),
        cmocka_unit_test(an_ipv6_client_comes_with_a_cookie_of_the_former_secret),
        cmocka_unit_test(a_young_cookie_is_sent_back_as_it_is),
        cmocka_unit_test(a_cookie_holds_an_hour_and_five_minutes_ahead),
        cmocka_unit_test(time_goes_around_after_2106),
        cmocka_unit_test(what_is_not_ours_is_bad),
        cmocka_unit_test(a_rolled_secret_leaves_no_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
