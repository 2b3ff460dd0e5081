/* wire_opt.h - the OPT record (RFC 6891) and the options in it: client subnet (RFC 7871), NSID
 * (RFC 5001), cookies (RFC 7873) and keepalive (RFC 7828). Pure. */
#pragma once

#include <waymark/wire.h>

enum {
    WIRE_DO = 0x8000, /* in the TTL: DNSSEC OK */
    WIRE_OPTION_NSID = 3,
    WIRE_OPTION_COOKIE = 10,
    WIRE_OPTION_KEEPALIVE = 11,
    WIRE_COOKIE_CLIENT = 8,
    WIRE_COOKIE_SERVER_MIN = 8,
    WIRE_COOKIE_SERVER_MAX = 32
};

static inline unsigned wire_ecs_octets(const struct wire_ecs *ecs)
{
    return (ecs->source_bits + 7u) / 8;
}

/* `ttl` holds extended code, version and DO (RFC 6891 6.1.3). The client subnet goes out as it came
 * in, with that scope; `nsid` NULL: without that option. Returns where the record ends. */
uint8_t *wire_opt_put(uint8_t *p, uint16_t udp_size, uint32_t ttl, const struct wire_ecs *ecs,
                      uint8_t scope_bits, const char *nsid);
