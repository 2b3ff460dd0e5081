/* wire_query.c - a stranger's packet to a query, in one pass. Every length is checked against the
 * packet before it is used; counts are only believed as far as the packet goes. Pure. */
#include <waymark/wire.h>

#include <string.h>

#include "wire_fold.h"
#include "wire_opt.h"
#include "wire_tsig.h"

struct reader {
    const uint8_t *packet;
    size_t len, at;
};

static size_t left(const struct reader *r)
{
    return r->len - r->at;
}

/* A question's name cannot be compressed: nothing stands before it (RFC 1035 4.1.4). */
static bool read_question_name(struct reader *r, struct wire_name *name)
{
    const uint8_t *p = r->packet;
    size_t at = r->at;
    unsigned n_labels = 0, len = 0;

    while (at < r->len && p[at] != 0) {
        unsigned n = p[at];
        if (n > 63 || len + 1 + n + 1 > WIRE_NAME_MAX || n >= r->len - at)
            return false;
        name->label_at[n_labels++] = (uint8_t)len;
        len += 1 + n;
        at += 1 + n;
    }
    if (at >= r->len)
        return false;
    name->label_at[n_labels] = (uint8_t)len;
    name->len = (uint8_t)(len + 1);
    name->n_labels = (uint8_t)n_labels;
    wire_fold(name->octets, p + r->at, name->len);
    r->at = at + 1;
    return true;
}

static bool read_question(struct reader *r, struct wire_query *q)
{
    if (!read_question_name(r, &q->name) || left(r) < 4)
        return false;
    q->type = wire_get16(r->packet + r->at);
    q->class = wire_get16(r->packet + r->at + 2);
    r->at += 4;
    q->question_len = (uint16_t)(r->at - WIRE_HEADER_LEN);
    return true;
}

/* Passes over a name; where a pointer leads is nobody's business here. */
static bool skip_name(struct reader *r)
{
    while (r->at < r->len) {
        uint8_t n = r->packet[r->at];
        if (n >= 0xc0) {
            r->at += 2;
            return r->at <= r->len;
        }
        if (n > 63)
            return false;
        r->at += 1 + n;
        if (n == 0)
            return true;
    }
    return false;
}

static bool has_bits_beyond(const uint8_t *octets, unsigned bits)
{
    return bits % 8 != 0 && (octets[bits / 8] & 0xff >> bits % 8) != 0;
}

/* RFC 7871 6 and 7.1.2: the address has exactly the octets its length needs and no bit beyond. */
static bool read_ecs(const uint8_t *p, size_t len, struct wire_ecs *ecs)
{
    if (ecs->is_present || len < WIRE_ECS_HEAD)
        return false;
    ecs->family = wire_get16(p);
    ecs->source_bits = p[2];
    unsigned width = ecs->family == 1 ? 32 : ecs->family == 2 ? 128 : 0;
    unsigned octets = wire_ecs_octets(ecs);
    bool is_scope_set = p[3] != 0;
    if (ecs->source_bits > width || is_scope_set || len != WIRE_ECS_HEAD + octets)
        return false;
    if (has_bits_beyond(p + WIRE_ECS_HEAD, ecs->source_bits))
        return false;
    ecs->addr = (struct addr){ 0 };
    if (ecs->source_bits > 0) {
        ecs->addr.family = ecs->family == 1 ? 4 : 6;
        memcpy(ecs->addr.octets, p + WIRE_ECS_HEAD, octets);
    }
    ecs->is_present = true;
    return true;
}

/* RFC 7873 5.2.2: the client's part alone, or with a server's. All but the first are ignored. */
static bool read_cookie(const uint8_t *p, size_t len, struct wire_edns *edns)
{
    if (len != WIRE_COOKIE_CLIENT && (len < WIRE_COOKIE_CLIENT + WIRE_COOKIE_SERVER_MIN ||
                                      len > WIRE_COOKIE_CLIENT + WIRE_COOKIE_SERVER_MAX))
        return false;
    if (edns->cookie_len != 0)
        return true;
    edns->cookie_len = (uint8_t)len;
    edns->cookie = p;
    return true;
}

/* Those that few queries have. A keepalive is without a timeout, as queries should have it, or with
 * one, which says nothing to us (RFC 7828 3.1). */
static bool read_rare_option(uint16_t code, const uint8_t *p, size_t len, struct wire_edns *edns)
{
    if (code == WIRE_OPTION_NSID)
        edns->wants_nsid = true;
    if (code != WIRE_OPTION_COOKIE && code != WIRE_OPTION_KEEPALIVE)
        return true;
    if (!edns->has_options) {
        edns->has_options = true;
        edns->wants_keepalive = false;
        edns->cookie_len = 0;
    }
    if (code == WIRE_OPTION_COOKIE)
        return read_cookie(p, len, edns);
    edns->wants_keepalive = true;
    return len == 0 || len == 2;
}

static bool read_option(uint16_t code, const uint8_t *p, size_t len, struct wire_edns *edns)
{
    if (code == WIRE_OPTION_ECS)
        return read_ecs(p, len, &edns->ecs);
    return read_rare_option(code, p, len, edns);
}

static bool read_options(const uint8_t *p, size_t len, struct wire_edns *edns)
{
    while (len > 0) {
        if (len < WIRE_OPTION_HEAD)
            return false;
        size_t n = wire_get16(p + 2);
        if (n > len - WIRE_OPTION_HEAD || !read_option(wire_get16(p), p + WIRE_OPTION_HEAD, n, edns))
            return false;
        p += WIRE_OPTION_HEAD + n;
        len -= WIRE_OPTION_HEAD + n;
    }
    return true;
}

/* `p` is the record after its owner: class is the size, TTL holds version and DO (RFC 6891 6.1.3). */
static enum wire_verdict read_opt(const uint8_t *p, size_t rdlen, struct wire_edns *edns)
{
    if (edns->is_present)
        return WIRE_QUERY_FORMERR;
    edns->is_present = true;
    edns->udp_size = wire_get16(p + 2);
    edns->version = p[5];
    edns->wants_dnssec = (p[6] & 0x80) != 0;
    if (edns->version != 0)
        return WIRE_QUERY_BADVERS;
    if (!read_options(p + WIRE_RR_FIXED, rdlen, edns)) {
        edns->ecs.is_present = false;
        return WIRE_QUERY_FORMERR;
    }
    return WIRE_QUERY_OK;
}

enum place { PLACE_BEFORE, PLACE_ADDITIONAL, PLACE_LAST };

static enum wire_verdict read_record(struct reader *r, enum place place, struct wire_query *q)
{
    size_t owner_at = r->at;

    if (!skip_name(r) || left(r) < WIRE_RR_FIXED)
        return WIRE_QUERY_FORMERR;
    const uint8_t *p = r->packet + r->at;
    size_t rdlen = wire_get16(p + 8);
    if (rdlen > left(r) - WIRE_RR_FIXED)
        return WIRE_QUERY_FORMERR;
    r->at += WIRE_RR_FIXED + rdlen;
    uint16_t type = wire_get16(p);
    if (type == WIRE_OPT) {
        bool is_root = r->packet[owner_at] == 0;
        return is_root && place != PLACE_BEFORE ? read_opt(p, rdlen, &q->edns) : WIRE_QUERY_FORMERR;
    }
    if (type == WIRE_TSIG) /* the last record, RFC 8945 5.1 */
        return place == PLACE_LAST && wire_tsig_read(r->packet, owner_at, p, rdlen, &q->tsig)
                   ? WIRE_QUERY_BADKEY
                   : WIRE_QUERY_FORMERR;
    return WIRE_QUERY_OK;
}

/* The records behind the question: an update's are passed over, and so is whatever else an odd client
 * sends. Only OPT and TSIG say something to us. */
static enum wire_verdict read_records(struct reader *r, struct wire_query *q)
{
    unsigned n_before = wire_get16(r->packet + 6) + wire_get16(r->packet + 8);
    unsigned n_all = n_before + wire_get16(r->packet + 10);
    enum wire_verdict worst = WIRE_QUERY_OK;

    for (unsigned i = 0; i < n_all; i++) {
        enum place place = i < n_before       ? PLACE_BEFORE
                           : i + 1 < n_all ? PLACE_ADDITIONAL
                                           : PLACE_LAST;
        enum wire_verdict v = read_record(r, place, q);
        if (v == WIRE_QUERY_FORMERR)
            return v;
        if (worst == WIRE_QUERY_OK)
            worst = v;
    }
    return worst;
}

/* Answer, authority and additional section. */
static bool has_records(const uint8_t *packet)
{
    return (wire_get16(packet + 6) | wire_get16(packet + 8) | wire_get16(packet + 10)) != 0;
}

/* NOTIFY (RFC 1996) and UPDATE (RFC 2136) are laid out as a query is. */
static enum wire_verdict verdict_of_opcode(unsigned opcode)
{
    switch (opcode) {
    case 0:
        return WIRE_QUERY_OK;
    case WIRE_OPCODE_NOTIFY:
    case WIRE_OPCODE_UPDATE:
        return WIRE_QUERY_REFUSED;
    default:
        return WIRE_QUERY_NOTIMP;
    }
}

/* What follows its header is not for us to say (RFC 8906 3.1.4); but if it looks like EDNS, the answer
 * has EDNS (RFC 6891 6.1.1). */
static enum wire_verdict unknown_opcode(enum wire_verdict read, struct wire_query *out)
{
    out->question_len = 0;
    if (read == WIRE_QUERY_FORMERR)
        out->edns.is_present = out->edns.has_options = out->edns.ecs.is_present = false;
    return WIRE_QUERY_NOTIMP;
}

enum wire_verdict wire_query_parse(const uint8_t *packet, size_t len, struct wire_query *out)
{
    struct reader r = { .packet = packet, .len = len, .at = WIRE_HEADER_LEN };

    if (len < WIRE_HEADER_LEN || (packet[2] & 0x80) != 0)
        return WIRE_QUERY_DROP;
    out->id = wire_get16(packet);
    out->flags = wire_get16(packet + 2);
    out->type = out->class = out->question_len = 0;
    out->name.len = 0;
    out->edns.is_present = out->edns.wants_dnssec = out->edns.wants_nsid = false;
    out->edns.has_options = out->edns.ecs.is_present = false;

    unsigned n_questions = wire_get16(packet + 4);
    enum wire_verdict verdict = verdict_of_opcode((out->flags & WIRE_OPCODE) >> 11);
    enum wire_verdict read = WIRE_QUERY_OK;
    if (n_questions > 1 || (n_questions == 1 && !read_question(&r, out)))
        read = WIRE_QUERY_FORMERR;
    else if (has_records(packet))
        read = read_records(&r, out);
    if (verdict == WIRE_QUERY_NOTIMP)
        return unknown_opcode(read, out);
    if (n_questions == 0 && read == WIRE_QUERY_OK && verdict == WIRE_QUERY_OK &&
        wire_has_cookie(&out->edns))
        return WIRE_QUERY_COOKIE;
    if (n_questions != 1) /* RFC 9619 */
        return WIRE_QUERY_FORMERR;
    return read == WIRE_QUERY_OK ? verdict : read;
}

static uint8_t *put_rare_option(uint8_t *p, uint16_t code, const uint8_t *data, size_t len)
{
    wire_put16(p, code);
    wire_put16(p + 2, (uint16_t)len);
    if (len > 0)
        memcpy(p + WIRE_OPTION_HEAD, data, len);
    return p + WIRE_OPTION_HEAD + len;
}

/* Behind the options that every OPT record of ours can have. */
static uint8_t *put_rare_options(uint8_t *opt, uint8_t *p, const struct wire_edns *edns)
{
    uint8_t *start = p;

    if (!edns->has_options)
        return p;
    if (edns->cookie_len > 0)
        p = put_rare_option(p, WIRE_OPTION_COOKIE, edns->cookie, edns->cookie_len);
    if (edns->wants_keepalive)
        p = put_rare_option(p, WIRE_OPTION_KEEPALIVE, NULL, 0);
    uint8_t *rdlength = opt + WIRE_OPT_RDLENGTH;
    wire_put16(rdlength, (uint16_t)(wire_get16(rdlength) + (p - start)));
    return p;
}

size_t wire_query_write(uint8_t *packet, size_t cap, const struct wire_query *query)
{
    const struct wire_edns *edns = &query->edns;

    if (cap < WIRE_HEADER_LEN + WIRE_NAME_MAX + 4 + WIRE_OPT_FIXED + 4 + 24 + 44 + 4)
        return 0;
    memset(packet, 0, WIRE_HEADER_LEN);
    wire_put16(packet, query->id);
    wire_put16(packet + 2, query->flags);
    packet[5] = 1;
    packet[11] = edns->is_present;
    uint8_t *p = packet + WIRE_HEADER_LEN;
    memcpy(p, query->name.octets, query->name.len);
    p += query->name.len;
    wire_put16(p, query->type);
    wire_put16(p + 2, query->class);
    p += 4;
    if (edns->is_present) {
        uint8_t *opt = p;
        p = wire_opt_put(p, edns->udp_size,
                         (uint32_t)edns->version << 16 | (edns->wants_dnssec ? WIRE_DO : 0),
                         &edns->ecs, 0, edns->wants_nsid ? "" : NULL);
        p = put_rare_options(opt, p, edns);
    }
    return (size_t)(p - packet);
}
