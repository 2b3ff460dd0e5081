/* wire_usual.h - the query that nearly everybody sends, read in one pass with its name folded and hashed
 * on the way, and the answer that it usually gets, written in one.
 *
 * Threads: pure functions on the caller's storage. Inline: calls and the registers that they save would
 *          be a fifth of an answer's instructions (tests/bench/instructions.py).
 * What this does not take for a usual query is for wire_query_parse, and what is more than one set of
 * records for a wire_writer; they would come to the same octets, and the tests hold one against the other.
 * Source: RFC 1035 4.1, RFC 6891 6.1, RFC 7871 6 and 7.2.1. */
#pragma once

#include <waymark/block.h>
#include <waymark/wire.h>
#include <waymark/wire_hash.h>

/* One question of class IN, and behind it an OPT record without options, or with a client subnet alone,
 * or nothing. */
struct wire_usual {
    uint64_t hash; /* of the name */
    uint16_t type;
    uint16_t udp_size; /* as sent */
    uint8_t name_len;  /* 0: not a usual query, and nothing else here is set */
    uint8_t opt_len;   /* of the whole record; 0: there is none */
    struct addr subnet; /* family 0: none, or of no length */
    uint8_t name[BLOCK_LEN * WIRE_HASH_BLOCKS]; /* lower case, filled up with zeros */
};

/* A name that no zone has: no label is as long as 255 octets. */
static inline void wire_usual_make_none(struct wire_usual *q)
{
    q->hash = 0;
    q->name_len = 0;
    memset(q->name, 255, BLOCK_LEN);
}

static inline bool wire_usual_has_ecs(const struct wire_usual *q)
{
    return q->opt_len > WIRE_OPT_FIXED;
}

/* ---- reading ---- */

static inline uint64_t wire_get64(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
    return be64toh(x);
}

/* As it lies in memory: for comparing with a constant that lies there likewise. */
static inline uint64_t wire_raw64(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
    return x;
}

static inline uint16_t wire_raw16(const uint8_t *p)
{
    uint16_t x;

    memcpy(&x, p, sizeof x);
    return x;
}

/* No response, opcode 0, one question, no answer, no authority. */
static inline bool wire_usual_header(const uint8_t *packet)
{
    const uint64_t flags = WIRE_QR | WIRE_OPCODE, counts = 0xffffffffffff, one_question = 1;

    return (wire_raw64(packet + 2) & htobe64(flags << 48 | counts)) == htobe64(one_question << 32);
}

/* Takes a block of the name. Returns how many of its octets stand before the zero that ends the name. */
static inline size_t wire_usual_piece(const struct wire_hash_key *key, const uint8_t *from, size_t i,
                                      struct wire_usual *out, wire_hash_sum *sum)
{
    block b = block_load(from + i * BLOCK_LEN);
    size_t n = block_until_zero(b);

    b = block_fold(block_first(b, n));
    block_store(out->name + i * BLOCK_LEN, b);
    *sum += wire_hash_block(key, i, b);
    return n;
}

/* Takes octets up to the first zero, which ends a name unless a label holds one: then no zone has such a
 * name. Whether it is a name at all is not looked at; who finds it among names knows. Returns how many
 * there are with the zero; 0: it lies not in a whole block of `len`, which is at least one. */
static inline size_t wire_usual_name(const struct wire_hash_key *key, const uint8_t *from, size_t len,
                                     struct wire_usual *out)
{
    wire_hash_sum sum = 0;
    size_t i = 0, n = wire_usual_piece(key, from, 0, out, &sum);

    while (n == BLOCK_LEN) {
        i++;
        if (i == WIRE_HASH_BLOCKS || (i + 1) * BLOCK_LEN > len)
            return 0;
        n = wire_usual_piece(key, from, i, out, &sum);
    }
    out->hash = wire_hash_end(key, sum);
    return i * BLOCK_LEN + n + 1;
}

/* The address's n octets, at least one, are the last before `end`: the words before that are read, and what
 * stands before the address is shifted out. false: bits are set beyond the source's length. */
static inline bool wire_usual_subnet4(const uint8_t *end, size_t n, unsigned source,
                                      struct addr *out)
{
    uint64_t octets = wire_get64(end - 8) << (64 - n * 8), wire = htobe64(octets);

    out->family = 4;
    memcpy(out->octets, &wire, 8);
    memset(out->octets + 8, 0, 8);
    return octets << source == 0;
}

static inline bool wire_usual_subnet6(const uint8_t *end, size_t n, unsigned source,
                                      struct addr *out)
{
    unsigned __int128 octets =
        ((unsigned __int128)wire_get64(end - 16) << 64 | wire_get64(end - 8)) << (128 - n * 8);
    uint64_t wire[2] = { htobe64((uint64_t)(octets >> 64)), htobe64((uint64_t)octets) };

    out->family = 6;
    memcpy(out->octets, wire, sizeof wire);
    return source == 128 || octets << source == 0;
}

/* One option, the client subnet, to the packet's end: code, length, family, source, scope 0, address. */
static inline bool wire_usual_ecs(const uint8_t *option, size_t len, struct wire_usual *out)
{
    const uint64_t family4 = 1 << 16, family6 = 2 << 16;

    if (len < WIRE_OPTION_HEAD + WIRE_ECS_HEAD)
        return false;
    size_t n = len - WIRE_OPTION_HEAD - WIRE_ECS_HEAD;
    uint64_t head = wire_get64(option);
    unsigned source = (uint8_t)(head >> 8);
    uint64_t but_source = (uint64_t)WIRE_OPTION_ECS << 48 | (uint64_t)(n + WIRE_ECS_HEAD) << 32;

    head ^= but_source | source << 8;
    if (n != (source + 7) / 8 || (head != family4 && head != family6))
        return false;
    if (n == 0)
        return true;
    if (head == family4)
        return source <= 32 && wire_usual_subnet4(option + len, n, source, &out->subnet);
    return source <= 128 && wire_usual_subnet6(option + len, n, source, &out->subnet);
}

/* Type, class, and OPT to the packet's end: owner, type, size, extended code, version, flags. */
static inline bool wire_usual_rest(const uint8_t *p, size_t len, struct wire_usual *out)
{
    const uint64_t class_owner_type = 0x0000ffffffffff00;
    const uint64_t usual = (uint64_t)WIRE_CLASS_IN << 32 | (uint64_t)WIRE_OPT << 8;
    const uint8_t *opt = p + 4;

    if (len < 4 + WIRE_OPT_FIXED || (wire_raw64(p) & htobe64(class_owner_type)) != htobe64(usual))
        return false;
    size_t opt_len = len - 4, options_len = opt_len - WIRE_OPT_FIXED;
    if (opt[WIRE_OPT_VERSION] != 0 ||
        wire_raw16(opt + WIRE_OPT_RDLENGTH) != htobe16((uint16_t)options_len))
        return false;
    out->type = wire_get16(p);
    out->opt_len = (uint8_t)opt_len; /* which the subnet's length will bound */
    out->udp_size = wire_get16(opt + WIRE_OPT_SIZE);
    out->subnet.family = 0;
    return options_len == 0 || wire_usual_ecs(opt + WIRE_OPT_FIXED, options_len, out);
}

/* false: it is another kind of query, or none, or it has no OPT. */
static inline bool wire_usual_parse(const uint8_t *packet, size_t len,
                                    const struct wire_hash_key *key, struct wire_usual *out)
{
    const uint8_t *question = packet + WIRE_HEADER_LEN;

    if (len < WIRE_HEADER_LEN + BLOCK_LEN || !wire_usual_header(packet) ||
        wire_raw16(packet + 10) != htobe16(1))
        return false;
    len -= WIRE_HEADER_LEN;
    size_t name_len = wire_usual_name(key, question, len, out);
    out->name_len = (uint8_t)name_len;
    return name_len != 0 && wire_usual_rest(question + name_len, len - name_len, out);
}

/* The same for a query without OPT, which may end inside the name's last block. Not inline, since a call
 * in a loop would take away the registers of all else. */
bool wire_usual_parse_bare(const uint8_t *packet, size_t len, const struct wire_hash_key *key,
                           struct wire_usual *out);

/* ---- writing ---- */

/* Where the parts of an answer that consists of one set end. Taken out beforehand: a compiler must suppose
 * that octets which are written are what it would read again. */
struct wire_usual_plan {
    size_t question_end, set_end, end;
    unsigned n;
};

static inline struct wire_usual_plan wire_usual_plan(const struct wire_usual *q,
                                                     const struct wire_set *set)
{
    struct wire_usual_plan p = { .question_end = WIRE_HEADER_LEN + q->name_len + 4u, .n = set->count };

    p.set_end = p.question_end + set->wire_len;
    p.end = p.set_end + q->opt_len;
    return p;
}

/* 8 to 24 octets, by words, some of which may write the same. */
static inline void wire_usual_put_option(uint8_t *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, 8);
    if (n > 16)
        memcpy(to + 8, from + 8, 8);
    memcpy(to + n - 8, from + n - 8, 8);
}

/* The client subnet goes back as it came. */
static inline void wire_usual_put_opt(uint8_t *to, const uint8_t *opt, size_t len, uint64_t opt_head)
{
    const uint32_t dnssec_and_length = htobe32(0x8000ffff); /* of flags and RDLENGTH */
    size_t options_len = len - WIRE_OPT_FIXED;
    uint32_t tail;

    memcpy(&tail, opt + WIRE_OPT_FIXED - 4, sizeof tail);
    tail &= dnssec_and_length;
    memcpy(to, &opt_head, sizeof opt_head);
    memcpy(to + WIRE_OPT_FIXED - 4, &tail, sizeof tail);
    if (options_len > 0)
        wire_usual_put_option(to + WIRE_OPT_FIXED, opt + WIRE_OPT_FIXED, options_len);
}

/* What our OPT records begin with. */
static inline uint64_t wire_usual_opt_head(uint16_t udp_size)
{
    return htobe64((uint64_t)WIRE_OPT << 40 | (uint64_t)udp_size << 24);
}

/* Answers with the set, which is owned by the name and whose data are plain; scope 0. */
static inline void wire_usual_answer(uint8_t *to, const uint8_t *packet,
                                     const struct wire_usual_plan *plan, const uint8_t *wire,
                                     uint64_t opt_head)
{
    block_copy(to, packet, plan->question_end);
    uint16_t flags = htobe16(WIRE_QR | WIRE_AA) | (wire_raw16(packet + 2) & htobe16(WIRE_RD));
    memcpy(to + 2, &flags, sizeof flags);
    wire_put16(to + 6, (uint16_t)plan->n);
    block_copy(to + plan->question_end, wire, plan->set_end - plan->question_end);
    if (plan->end > plan->set_end)
        wire_usual_put_opt(to + plan->set_end, packet + plan->question_end,
                           plan->end - plan->set_end, opt_head);
}

/* Gives such an answer another scope, and its records another TTL. */
static inline void wire_usual_steer(uint8_t *answer, const struct wire_usual_plan *plan,
                                    uint32_t ttl, uint8_t scope_bits)
{
    uint8_t *rr = answer + plan->question_end;

    wire_put32(rr + WIRE_RR_TTL, ttl);
    for (unsigned n = plan->n; n > 1; n--) {
        rr += WIRE_RR_HEAD + wire_rr_len(rr);
        wire_put32(rr + WIRE_RR_TTL, ttl);
    }
    if (plan->end > plan->set_end + WIRE_OPT_FIXED)
        answer[plan->set_end + WIRE_OPT_FIXED + WIRE_OPTION_HEAD + WIRE_ECS_SCOPE] = scope_bits;
}
