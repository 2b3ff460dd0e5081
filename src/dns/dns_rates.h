/* dns_rates.h - how many answers of a kind a network got lately.
 *
 * Threads: any number may take at once; a cell is one word that is exchanged whole.
 * A cell holds the moment at which its network will have paid for what it got (a leaky bucket, as
 * ATM's generic cell rate algorithm has it). Networks share a line of eight cells; in a full line the
 * one that has been quiet the longest gives way. */
#pragma once

#include <stdint.h>

#include <waymark/dns.h>

struct dns_rate {
    uint32_t per_s; /* not 0 */
    uint32_t burst_s;
    uint32_t slip; /* 0: never, else 1..15 */
};

enum dns_rate_verdict { DNS_RATE_PASS, DNS_RATE_SLIP, DNS_RATE_DROP };

/* One answer of this kind to this network, now. A clock that jumps forgives what was owed. */
enum dns_rate_verdict dns_rates_take(struct dns_rates *rates, const struct addr *network,
                                     unsigned kind, const struct dns_rate *rate, int64_t now_ms);
