/* wire_tsig.c - signed queries (RFC 8945), for a server that has no keys: it can only say so
 * (docs/decisions/signed-queries.md). Pure. */
#include "wire_tsig.h"

#include <string.h>

enum {
    TIMES = 6 + 2,     /* time signed, fudge */
    BEHIND = 2 + 2 + 2 /* original id, error, length of the other data */
};

/* A name that may be compressed; pointers only lead backwards (RFC 1035 4.1.4). Returns its length,
 * 0 when it is none, or not before `end`. */
static uint8_t copy_name(const uint8_t *packet, size_t end, size_t at,
                         uint8_t out[static WIRE_NAME_MAX])
{
    size_t len = 0, least = at;

    while (at + 1 < end) {
        unsigned n = packet[at];
        if (n >= 0xc0) {
            at = wire_get16(packet + at) & 0x3fff;
            if (at >= least || at < WIRE_HEADER_LEN)
                return 0;
            least = at;
            continue;
        }
        if (n > 63 || n >= end - at || len + n + (n > 0) >= WIRE_NAME_MAX)
            return 0;
        memcpy(out + len, packet + at, n + 1);
        len += n + 1;
        at += n + 1;
        if (n == 0)
            return (uint8_t)len;
    }
    return 0;
}

bool wire_tsig_read(const uint8_t *packet, size_t owner_at, const uint8_t *p, size_t rdlen,
                    struct wire_tsig *out)
{
    const uint8_t *rdata = p + WIRE_RR_FIXED;
    struct wire_name algorithm; /* not compressed */

    if (wire_get16(p + 2) != WIRE_CLASS_ANY || !wire_name_from_octets(rdata, rdlen, &algorithm))
        return false;
    size_t at = algorithm.len + (size_t)TIMES;
    if (rdlen < at + 2)
        return false;
    at += 2 + (size_t)wire_get16(rdata + at); /* the signature, which nobody can check */
    if (rdlen < at + BEHIND || rdlen != at + BEHIND + wire_get16(rdata + at + 4))
        return false;
    out->rdata = rdata;
    out->algorithm_len = algorithm.len;
    size_t end = (size_t)(rdata - packet) + rdlen;
    out->key_len = copy_name(packet, end, owner_at, out->key);
    return out->key_len > 0;
}

bool wire_write_badkey(struct wire_writer *w, const struct wire_query *query)
{
    const struct wire_tsig *tsig = &query->tsig;
    size_t same = tsig->algorithm_len + (size_t)TIMES, rdlen = same + 2 + BEHIND;
    uint8_t *p = w->octets + w->len;

    if (tsig->key_len + WIRE_RR_FIXED + rdlen > w->cap - w->len)
        return false;
    memcpy(p, tsig->key, tsig->key_len);
    p += tsig->key_len;
    wire_put16(p, WIRE_TSIG);
    wire_put16(p + 2, WIRE_CLASS_ANY);
    wire_put32(p + 4, 0);
    wire_put16(p + 8, (uint16_t)rdlen);
    p += WIRE_RR_FIXED;
    memcpy(p, tsig->rdata, same);
    p += same;
    wire_put16(p, 0); /* no signature */
    wire_put16(p + 2, query->id);
    wire_put16(p + 4, WIRE_BADKEY);
    wire_put16(p + 6, 0);
    w->len += tsig->key_len + WIRE_RR_FIXED + rdlen;
    w->n_additional++;
    return true;
}
