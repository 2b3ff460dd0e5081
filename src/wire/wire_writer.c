/* wire_writer.c - an answer under construction: sections in order, names compressed. A set that does
 * not fit leaves no trace. Pure. */
#include <waymark/wire.h>

#include <assert.h>
#include <string.h>

#include "wire_fold.h"

enum { POINTER_MAX = 0x3fff };

void wire_writer_init(struct wire_writer *w, uint8_t *octets, size_t cap)
{
    assert(cap >= WIRE_UDP_PLAIN);
    w->octets = octets;
    w->len = WIRE_HEADER_LEN;
    w->cap = cap;
    w->n_answer = w->n_authority = w->n_additional = 0;
    w->n_suffixes = 0;
}

static void remember(struct wire_writer *w, size_t at)
{
    if (w->n_suffixes < WIRE_COMPRESS_MAX && at <= POINTER_MAX)
        w->suffix_at[w->n_suffixes++] = (uint16_t)at;
}

bool wire_write_question(struct wire_writer *w, const uint8_t *packet, uint16_t question_len)
{
    if (question_len > w->cap - w->len)
        return false;
    memcpy(w->octets + w->len, packet + WIRE_HEADER_LEN, question_len);
    w->len += question_len;
    return true;
}

/* The question's suffixes are remembered only once somebody wants to point at them. */
static void remember_question(struct wire_writer *w)
{
    if (w->n_suffixes > 0 || w->len <= WIRE_HEADER_LEN)
        return;
    for (size_t at = WIRE_HEADER_LEN; w->octets[at] != 0; at += 1 + w->octets[at])
        remember(w, at);
}

static bool labels_equal(const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 1; i <= *a; i++)
        if (wire_fold_octet(a[i]) != wire_fold_octet(b[i]))
            return false;
    return true;
}

/* Does what we wrote at `at` spell `name`? Our own pointers only lead backwards. */
static bool spells(const struct wire_writer *w, size_t at, const uint8_t *name)
{
    for (;;) {
        while (w->octets[at] >= 0xc0)
            at = wire_get16(w->octets + at) & POINTER_MAX;
        if (w->octets[at] != *name)
            return false;
        if (*name == 0)
            return true;
        if (!labels_equal(name, w->octets + at))
            return false;
        at += 1 + *name;
        name += 1 + *name;
    }
}

static size_t name_len(const uint8_t *name)
{
    const uint8_t *p = name;

    while (*p != 0)
        p += 1 + *p;
    return (size_t)(p - name) + 1;
}

/* Offset of an earlier copy of the name, `len` octets, among the first `n` suffixes; 0: none. Most are of
 * another length at once, and most of the others the same to the last octet. */
static uint16_t find_suffix(const struct wire_writer *w, unsigned n, const uint8_t *name, size_t len)
{
    for (unsigned i = 0; i < n; i++) {
        size_t at = w->suffix_at[i];
        if (w->octets[at] != *name)
            continue;
        if ((at + len <= w->len && memcmp(w->octets + at, name, len) == 0) || spells(w, at, name))
            return (uint16_t)at;
    }
    return 0;
}

static bool put_octets(struct wire_writer *w, const void *octets, size_t len)
{
    if (len > w->cap - w->len)
        return false;
    memcpy(w->octets + w->len, octets, len);
    w->len += len;
    return true;
}

/* The name, or a pointer once an earlier one ends alike. */
static bool put_name(struct wire_writer *w, const uint8_t *name)
{
    remember_question(w);
    unsigned n_whole = w->n_suffixes; /* this name's own are not written to their end yet */
    size_t len = name_len(name);
    for (; *name != 0; len -= 1u + *name, name += 1 + *name) {
        uint16_t earlier = find_suffix(w, n_whole, name, len);
        if (earlier != 0) {
            uint8_t pointer[2];
            wire_put16(pointer, 0xc000 | earlier);
            return put_octets(w, pointer, 2);
        }
        size_t at = w->len;
        if (!put_octets(w, name, 1u + *name))
            return false;
        remember(w, at);
    }
    return put_octets(w, "", 1);
}

/* Without a pointer in it; later names may still point here. */
static bool put_whole_name(struct wire_writer *w, const uint8_t *name)
{
    remember_question(w);
    unsigned n_whole = w->n_suffixes;
    size_t len = name_len(name);
    for (; *name != 0; len -= 1u + *name, name += 1 + *name) {
        size_t at = w->len;
        if (!put_octets(w, name, 1u + *name))
            return false;
        if (find_suffix(w, n_whole, name, len) == 0)
            remember(w, at);
    }
    return put_octets(w, "", 1);
}

/* The names in RDATA: octets before them, how many follow, and whether they may be compressed, which
 * RFC 1035 allows for its own types only (RFC 3597 4). To the others later names may point. */
struct rdata_shape {
    uint8_t before, n_names;
    bool may_point;
};

static struct rdata_shape rdata_shape(uint16_t type)
{
    switch (type) {
    case WIRE_NS:
    case WIRE_CNAME:
    case WIRE_PTR:
        return (struct rdata_shape){ 0, 1, true };
    case WIRE_SOA:
        return (struct rdata_shape){ 0, 2, true };
    case WIRE_MX:
        return (struct rdata_shape){ 2, 1, true };
    case WIRE_DNAME:
        return (struct rdata_shape){ 0, 1, false };
    case WIRE_SRV:
        return (struct rdata_shape){ 6, 1, false };
    default:
        return (struct rdata_shape){ 0, 0, false };
    }
}

static bool put_rdata(struct wire_writer *w, struct rdata_shape shape, const uint8_t *rdata,
                      size_t len)
{
    const uint8_t *p = rdata + shape.before;

    if (!put_octets(w, rdata, shape.before))
        return false;
    for (unsigned i = 0; i < shape.n_names; i++) {
        if (!(shape.may_point ? put_name(w, p) : put_whole_name(w, p)))
            return false;
        p += name_len(p);
    }
    return put_octets(w, p, len - (size_t)(p - rdata));
}

static bool put_owner(struct wire_writer *w, const uint8_t *owner)
{
    uint8_t pointer[2];

    if (owner != NULL)
        return put_name(w, owner);
    wire_put16(pointer, WIRE_QNAME_POINTER);
    return put_octets(w, pointer, 2);
}

static bool put_record(struct wire_writer *w, const uint8_t *owner, struct rdata_shape shape,
                       const uint8_t *rr, uint32_t ttl_max)
{
    if (!put_owner(w, owner))
        return false;
    size_t fixed = w->len;
    if (!put_octets(w, rr + 2, WIRE_RR_FIXED) ||
        !put_rdata(w, shape, wire_rr_data(rr), wire_rr_len(rr)))
        return false;
    if (wire_rr_ttl(rr) > ttl_max)
        wire_put32(w->octets + fixed + 4, ttl_max);
    wire_put16(w->octets + fixed + 8, (uint16_t)(w->len - fixed - WIRE_RR_FIXED));
    return true;
}

static uint16_t *section_count(struct wire_writer *w, enum wire_section section)
{
    return section == WIRE_ANSWER      ? &w->n_answer
           : section == WIRE_AUTHORITY ? &w->n_authority
                                       : &w->n_additional;
}

static bool put_named_set(struct wire_writer *w, enum wire_section section, const uint8_t *owner,
                          const struct wire_set *set, struct rdata_shape shape, uint32_t ttl_max)
{
    const uint8_t *rr = set->wire;
    size_t len = w->len;
    uint8_t n_suffixes = w->n_suffixes;

    for (unsigned i = 0; i < set->count; i++) {
        if (!put_record(w, owner, shape, rr, ttl_max)) {
            w->len = len;
            w->n_suffixes = n_suffixes;
            return false;
        }
        rr = wire_rr_next(rr);
    }
    *section_count(w, section) += set->count;
    return true;
}

/* The usual set: owned by the question's name, with no name in its RDATA. */
static bool put_plain_set(struct wire_writer *w, const struct wire_set *set, uint32_t ttl_max)
{
    uint8_t *rr = w->octets + w->len;

    if (!put_octets(w, set->wire, set->wire_len))
        return false;
    for (unsigned i = 0; i < set->count; i++) {
        if (wire_rr_ttl(rr) > ttl_max)
            wire_put32(rr + WIRE_RR_TTL, ttl_max);
        rr += WIRE_RR_HEAD + wire_rr_len(rr);
    }
    return true;
}

bool wire_write_set(struct wire_writer *w, enum wire_section section, const uint8_t *owner,
                    const struct wire_set *set, uint32_t ttl_max)
{
    struct rdata_shape shape = rdata_shape(set->type);

    if (owner == NULL && shape.n_names == 0) {
        if (!put_plain_set(w, set, ttl_max))
            return false;
        *section_count(w, section) += set->count;
        return true;
    }
    return put_named_set(w, section, owner, set, shape, ttl_max);
}

void wire_write_header(struct wire_writer *w, const struct wire_query *query, uint16_t flags,
                       unsigned rcode)
{
    uint16_t echoed = query->flags & (WIRE_OPCODE | WIRE_RD); /* CD is cleared, RFC 4035 3.1.6 */

    wire_put16(w->octets, query->id);
    wire_put16(w->octets + 2, (uint16_t)(WIRE_QR | echoed | flags | (rcode & 15)));
    wire_put16(w->octets + 4, query->question_len > 0);
    wire_put16(w->octets + 6, w->n_answer);
    wire_put16(w->octets + 8, w->n_authority);
    wire_put16(w->octets + 10, w->n_additional);
}
