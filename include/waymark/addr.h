/* addr.h - IP addresses, prefixes and endpoints as values.
 *
 * Threads: pure functions on the caller's storage.
 * Octets are in network order. An IPv4 address keeps its octets 4..15 zero, so that two values are
 * equal exactly when their bytes are. IPv4-mapped IPv6 addresses become IPv4 where they enter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDR_TEXT_LEN = 48, PREFIX_TEXT_LEN = 52, ENDPOINT_TEXT_LEN = 56 };

struct addr {
    uint8_t family; /* 4 or 6; 0: none */
    uint8_t octets[16];
};

struct prefix {
    struct addr addr; /* zero beyond `bits` */
    uint8_t bits;     /* 0..32 or 0..128, in the address's own family */
};

struct endpoint {
    struct addr addr;
    uint16_t port;
};

/* These take text as an operator writes it, and return false on anything else. A prefix without
 * "/n" is a host; a prefix with octets beyond its length is refused. */
bool addr_parse(const char *text, struct addr *out);
bool prefix_parse(const char *text, struct prefix *out);
bool endpoint_parse(const char *text, struct endpoint *out); /* "192.0.2.1:53", "[2001:db8::1]:53" */
bool asn_parse(const char *text, uint32_t *out);             /* "4713", "AS4713" */

/* Return `out`, so that they can stand in an argument list. */
const char *addr_format(const struct addr *a, char out[static ADDR_TEXT_LEN]);
const char *prefix_format(const struct prefix *p, char out[static PREFIX_TEXT_LEN]);
const char *endpoint_format(const struct endpoint *e, char out[static ENDPOINT_TEXT_LEN]);

unsigned addr_width(const struct addr *a); /* 32, 128, or 0 for none */
struct addr addr_mask(const struct addr *a, unsigned bits);
bool addr_equal(const struct addr *a, const struct addr *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
bool prefix_contains(const struct prefix *p, const struct addr *a);

bool addr_is_mapped(const struct addr *a); /* ::ffff:192.0.2.1 */
bool addr_unmap(struct addr *a);           /* to 192.0.2.1; false: it was not mapped */

struct addr addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port);
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out);
