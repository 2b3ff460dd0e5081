/* dns_cookie.c - RFC 9018: version 1, three reserved octets, a timestamp, and SipHash-2-4 over all that
 * and the client's address. What an answer makes of it is for dns_option.c and dns_guard.c. Pure. */
#include "dns_cookie.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 1, STAMP_AT = 12, HASH_AT = 16, HASH_LEN = 8 };

/* Over the cookie's octets before the hash, the reserved ones as they came, and the address. */
static void put_hash(const struct siphash_key *key, const uint8_t cookie[static HASH_AT],
                     const struct addr *from, uint8_t out[static HASH_LEN])
{
    uint8_t octets[HASH_AT + 16];
    size_t n_address = from->family == 4 ? 4 : 16;

    memcpy(octets, cookie, HASH_AT);
    memcpy(octets + HASH_AT, from->octets, n_address);
    siphash_put(out, siphash(key, octets, HASH_AT + n_address));
}

/* Which secret made it; `n` when none of them did. In constant time for each. */
static size_t secret_of(const struct world_cookies *secrets, const uint8_t *cookie,
                        const struct addr *from)
{
    uint8_t hash[HASH_LEN];
    size_t i = 0;

    for (; i < secrets->n; i++) {
        uint8_t differing = 0;
        put_hash(&secrets->keys[i], cookie, from, hash);
        for (size_t j = 0; j < HASH_LEN; j++)
            differing |= hash[j] ^ cookie[HASH_AT + j];
        if (differing == 0)
            break;
    }
    return i;
}

/* Seconds since it was made, negative in the future: serial arithmetic (RFC 9018 4.3). */
static int32_t age_of(const uint8_t *cookie, uint32_t now_s)
{
    return (int32_t)(now_s - wire_get32(cookie + STAMP_AT));
}

static void make(const struct world_cookies *secrets, const uint8_t *client,
                 const struct addr *from, uint32_t now_s, uint8_t out[static DNS_COOKIE_LEN])
{
    memcpy(out, client, DNS_COOKIE_CLIENT_LEN);
    wire_put32(out + DNS_COOKIE_CLIENT_LEN, (uint32_t)VERSION << 24);
    wire_put32(out + STAMP_AT, now_s);
    put_hash(&secrets->keys[0], out, from, out + HASH_AT);
}

enum dns_cookie dns_cookie_judge(const struct world_cookies *secrets, const uint8_t *got,
                                 size_t len, const struct addr *from, uint32_t now_s,
                                 uint8_t out[static DNS_COOKIE_LEN])
{
    enum dns_cookie verdict = len == DNS_COOKIE_CLIENT_LEN ? DNS_COOKIE_NEW : DNS_COOKIE_BAD;

    assert(secrets->n > 0);
    if (len == DNS_COOKIE_LEN && got[DNS_COOKIE_CLIENT_LEN] == VERSION) {
        int32_t age_s = age_of(got, now_s);
        bool is_timely = age_s <= DNS_COOKIE_PAST_S && age_s >= -DNS_COOKIE_FUTURE_S;
        size_t secret = is_timely ? secret_of(secrets, got, from) : secrets->n;
        if (secret < secrets->n)
            verdict = DNS_COOKIE_GOOD;
        if (secret == 0 && age_s < DNS_COOKIE_RENEW_S) {
            memcpy(out, got, DNS_COOKIE_LEN);
            return verdict;
        }
    }
    make(secrets, got, from, now_s, out);
    return verdict;
}
