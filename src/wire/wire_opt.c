/* wire_opt.c - the OPT record as queries and answers carry it. Reading one is wire_query.c's. Pure. */
#include "wire_opt.h"

#include <assert.h>
#include <string.h>

static uint8_t *put_head(uint8_t *p, uint16_t code, size_t len)
{
    wire_put16(p, code);
    wire_put16(p + 2, (uint16_t)len);
    return p + WIRE_OPTION_HEAD;
}

/* Family, source and address as the query had them, the scope ours (RFC 7871 7.2.1). */
static uint8_t *put_ecs(uint8_t *p, const struct wire_ecs *ecs, uint8_t scope_bits)
{
    unsigned octets = wire_ecs_octets(ecs);

    p = put_head(p, WIRE_OPTION_ECS, WIRE_ECS_HEAD + octets);
    wire_put16(p, ecs->family);
    p[2] = ecs->source_bits;
    p[3] = scope_bits;
    memcpy(p + WIRE_ECS_HEAD, ecs->addr.octets, octets);
    return p + WIRE_ECS_HEAD + octets;
}

static uint8_t *put_nsid(uint8_t *p, const char *nsid)
{
    size_t len = strlen(nsid);

    p = put_head(p, WIRE_OPTION_NSID, len);
    memcpy(p, nsid, len);
    return p + len;
}

size_t wire_opt_len(const struct wire_edns *query, const char *nsid)
{
    if (!query->is_present)
        return 0;
    size_t len = WIRE_OPT_FIXED;
    if (query->ecs.is_present)
        len += WIRE_OPTION_HEAD + WIRE_ECS_HEAD + wire_ecs_octets(&query->ecs);
    if (query->wants_nsid && nsid != NULL)
        len += WIRE_OPTION_HEAD + strlen(nsid);
    return len;
}

/* inline: an answer is written without a call for it */
inline uint8_t *wire_opt_put(uint8_t *p, uint16_t udp_size, uint32_t ttl,
                             const struct wire_ecs *ecs, uint8_t scope_bits, const char *nsid)
{
    uint8_t *end = p + WIRE_OPT_FIXED;

    p[0] = 0;
    wire_put16(p + 1, WIRE_OPT);
    wire_put16(p + 3, udp_size);
    wire_put32(p + 5, ttl);
    if (ecs->is_present)
        end = put_ecs(end, ecs, scope_bits);
    if (nsid != NULL)
        end = put_nsid(end, nsid);
    wire_put16(p + 9, (uint16_t)(end - p - WIRE_OPT_FIXED));
    return end;
}

void wire_write_opt(struct wire_writer *w, const struct wire_edns *query, uint16_t udp_size,
                    unsigned rcode, uint8_t scope_bits, const char *nsid)
{
    size_t len = wire_opt_len(query, nsid);
    uint8_t *p = w->octets + w->len;

    if (len == 0)
        return;
    assert(len <= w->cap - w->len); /* the caller kept room */
    uint32_t ttl = (rcode >> 4) << 24 | (query->wants_dnssec ? WIRE_DO : 0); /* version 0 */
    wire_opt_put(p, udp_size, ttl, &query->ecs, scope_bits, query->wants_nsid ? nsid : NULL);
    w->len += len;
    w->n_additional++;
}

void wire_write_option(struct wire_writer *w, size_t opt_at, uint16_t code, const void *data,
                       size_t len)
{
    uint8_t *rdlength = w->octets + opt_at + WIRE_OPT_RDLENGTH;

    assert(WIRE_OPTION_HEAD + len <= w->cap - w->len); /* the caller kept room */
    memcpy(put_head(w->octets + w->len, code, len), data, len);
    w->len += WIRE_OPTION_HEAD + len;
    wire_put16(rdlength, (uint16_t)(wire_get16(rdlength) + WIRE_OPTION_HEAD + len));
}
