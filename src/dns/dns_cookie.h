/* dns_cookie.h - server cookies as every implementation of RFC 9018 makes them. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/dns.h>
#include <waymark/world.h>

enum {
    DNS_COOKIE_CLIENT_LEN = 8,
    DNS_COOKIE_LEN = 24, /* the client's, version, reserved, timestamp, hash */
    DNS_COOKIE_PAST_S = 3600,
    DNS_COOKIE_FUTURE_S = 300,
    DNS_COOKIE_RENEW_S = 1800 /* an older one is answered with a new one */
};

/* Judges a cookie of 8 or 16..40 octets and writes the one for the answer: the same again, while it
 * is young and made with the first secret. At least one secret. */
enum dns_cookie dns_cookie_judge(const struct world_cookies *secrets, const uint8_t *got,
                                 size_t len, const struct addr *from, uint32_t now_s,
                                 uint8_t out[static DNS_COOKIE_LEN]);
