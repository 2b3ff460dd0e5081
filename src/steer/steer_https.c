/* steer_https.c - the HTTPS record of a target (RFC 9460), made when it is asked for: its hints are
 * the addresses that A and AAAA name at that moment. Runs in the answer path: no allocation. Pure. */
#include <waymark/steer.h>

#include <assert.h>
#include <string.h>

/* SvcParamKeys, in the order in which they must stand (RFC 9460 2.2, 14.3.2). */
enum { KEY_ALPN = 1, KEY_PORT = 3, KEY_IPV4HINT = 4, KEY_IPV6HINT = 6 };
enum { PORT_DEFAULT = 443, PRIORITY = 1 };

static uint8_t *put_param(uint8_t *p, uint16_t key, size_t len)
{
    wire_put16(p, key);
    wire_put16(p + 2, (uint16_t)len);
    return p + 4;
}

static uint8_t *put_alpn(uint8_t *p, const struct conf_https *https)
{
    uint8_t *head = p;

    if (https->n_alpn == 0)
        return p;
    p += 4;
    for (size_t i = 0; i < https->n_alpn; i++) {
        size_t len = strlen(https->alpn[i]);
        *p++ = (uint8_t)len;
        memcpy(p, https->alpn[i], len);
        p += len;
    }
    put_param(head, KEY_ALPN, (size_t)(p - head) - 4);
    return p;
}

static uint8_t *put_port(uint8_t *p, int port)
{
    if (port == PORT_DEFAULT)
        return p;
    p = put_param(p, KEY_PORT, 2);
    wire_put16(p, (uint16_t)port);
    return p + 2;
}

static uint8_t *put_hints(uint8_t *p, const struct wire_set *set, const struct steer_choice *choice,
                          uint16_t key, size_t len)
{
    if (set == NULL)
        return p;
    struct wire_set some = steer_some(set, choice->addresses, choice->turn);
    p = put_param(p, key, some.count * len);
    for (unsigned i = 0; i < some.count; i++, p += len)
        memcpy(p, wire_rr_data(some.wire + i * (WIRE_RR_HEAD + len)), len);
    return p;
}

struct wire_set steer_https(const struct steer_inputs *inputs, const struct conf_target *t,
                            const struct conf_service *service, int target,
                            const struct steer_choice *choice, bool has_ipv6,
                            uint8_t wire[static STEER_HTTPS_MAX])
{
    const struct conf_https *alpn = t->https.n_alpn > 0 ? &t->https : &service->https;
    bool has_hints = service->https.has_hints && t->https.has_hints;
    uint8_t *rdata = wire + WIRE_RR_HEAD, *p = rdata;

    wire_put16(p, PRIORITY);
    p[2] = 0; /* the name that was asked for */
    p = put_alpn(p + 3, alpn);
    p = put_port(p, t->https.port > 0 ? t->https.port : service->https.port);
    if (has_hints)
        p = put_hints(p, steer_records(inputs, target, WIRE_A, choice->is_blind), choice,
                      KEY_IPV4HINT, 4);
    if (has_hints && has_ipv6)
        p = put_hints(p, steer_records(inputs, target, WIRE_AAAA, choice->is_blind), choice,
                      KEY_IPV6HINT, 16);
    assert(p <= wire + STEER_HTTPS_MAX);
    /* The answer lowers the TTL. */
    wire_rr_put(wire, WIRE_HTTPS, WIRE_CLASS_IN, INT32_MAX, (size_t)(p - rdata));
    return (struct wire_set){
        .type = WIRE_HTTPS, .count = 1, .wire_len = (uint32_t)(p - wire), .wire = wire
    };
}
