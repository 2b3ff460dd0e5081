/* zone_svcb.c - would a client take this SVCB or HTTPS record? One that it finds malformed costs it the
 * whole set. The text was read by ldns, which sees that each value has the form of its key; here it is seen
 * whether the values go together. Pure. */
#include "zone/zone_svcb.h"

#include <waymark/wire.h>

enum key { /* RFC 9460 14.3.2 */
    KEY_MANDATORY = 0,
    KEY_ALPN = 1,
    KEY_NO_DEFAULT_ALPN = 2,
    KEY_PORT = 3,
    KEY_IPV4HINT = 4,
    KEY_IPV6HINT = 6
};

struct param {
    const uint8_t *value;
    size_t len;
    unsigned key;
};

/* Takes the next one off. false: there is none, or it is not whole. */
static bool next_param(const uint8_t **at, const uint8_t *end, struct param *out)
{
    const uint8_t *p = *at;

    if (end - p < 4)
        return false;
    *out = (struct param){ .key = wire_get16(p), .len = wire_get16(p + 2), .value = p + 4 };
    if ((size_t)(end - out->value) < out->len)
        return false;
    *at = out->value + out->len;
    return true;
}

static bool has_key(const uint8_t *at, const uint8_t *end, unsigned key)
{
    struct param p;

    while (next_param(&at, end, &p))
        if (p.key == key)
            return true;
    return false;
}

/* RFC 9460 8: keys in ascending order, without itself, each of them there. */
static const char *fault_of_mandatory(const struct param *m, const uint8_t *at, const uint8_t *end)
{
    unsigned former = KEY_MANDATORY;

    if (m->len == 0 || m->len % 2 != 0)
        return "`mandatory` names no key";
    for (size_t i = 0; i < m->len; i += 2) {
        unsigned key = wire_get16(m->value + i);
        if (key <= former)
            return "`mandatory` names a key twice, or itself, or not in ascending order";
        if (!has_key(at, end, key))
            return "`mandatory` names a key that the record does not have";
        former = key;
    }
    return NULL;
}

static const char *fault_of_param(const struct param *p, const uint8_t *at, const uint8_t *end)
{
    switch (p->key) {
    case KEY_MANDATORY:
        return fault_of_mandatory(p, at, end);
    case KEY_ALPN:
        return p->len > 0 ? NULL : "`alpn` is empty";
    case KEY_NO_DEFAULT_ALPN:
        return p->len == 0 ? NULL : "`no-default-alpn` takes no value";
    case KEY_PORT:
        return p->len == 2 ? NULL : "`port` is not a port";
    case KEY_IPV4HINT:
        return p->len > 0 && p->len % 4 == 0 ? NULL : "`ipv4hint` is not a list of addresses";
    case KEY_IPV6HINT:
        return p->len > 0 && p->len % 16 == 0 ? NULL : "`ipv6hint` is not a list of addresses";
    default:
        return NULL;
    }
}

/* Behind priority and target. */
static const uint8_t *first_param(const uint8_t *rdata)
{
    const uint8_t *p = rdata + 2;

    while (*p != 0)
        p += 1u + *p;
    return p + 1;
}

const char *zone_svcb_fault(const uint8_t *rdata, size_t len)
{
    const uint8_t *first = first_param(rdata), *at = first, *end = rdata + len;
    unsigned least = 0;
    struct param p;

    for (; next_param(&at, end, &p); least = p.key + 1) {
        if (p.key < least)
            return "keys come twice or not in ascending order";
        const char *fault = fault_of_param(&p, first, end);
        if (fault != NULL)
            return fault;
    }
    return at == end ? NULL : "the last parameter is cut off";
}

const char *zone_svcb_doubt(const uint8_t *rdata, size_t len)
{
    const uint8_t *first = first_param(rdata), *end = rdata + len;

    if (wire_get16(rdata) == 0 && first < end)
        return "clients ignore parameters at priority 0 (RFC 9460 2.4.2)";
    if (has_key(first, end, KEY_NO_DEFAULT_ALPN) && !has_key(first, end, KEY_ALPN))
        return "`no-default-alpn` without `alpn` leaves no protocol (RFC 9460 7.1.1)";
    return NULL;
}
