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

/* No response, opcode 0, one question and nothing else but one additional record at most. */
static inline bool wire_usual_header(const uint8_t *packet)
{
    return (packet[2] & (WIRE_QR | WIRE_OPCODE) >> 8) == 0 &&
           (wire_get64(packet + 4) | 1) == ((uint64_t)1 << 48 | 1);
}

/* Takes octets up to the first zero, which ends a name unless a label holds one: then no zone has such a
 * name. Whether it is a name at all is not looked at; who finds it among names knows. Returns how many
 * there are with the zero; 0: it lies not in a whole block of `len`. */
static inline size_t wire_usual_name(const struct wire_hash_key *key, const uint8_t *from, size_t len,
                                     struct wire_usual *out)
{
    wire_hash_sum sum = 0;

    for (size_t i = 0; i < WIRE_HASH_BLOCKS && (i + 1) * BLOCK_LEN <= len; i++) {
        block b = block_load(from + i * BLOCK_LEN);
        size_t n = block_until_zero(b);
        b = block_fold(block_first(b, n));
        block_store(out->name + i * BLOCK_LEN, b);
        sum += wire_hash_block(key, i, b);
        if (n < BLOCK_LEN) {
            out->hash = wire_hash_end(key, sum);
            return i * BLOCK_LEN + n + 1;
        }
    }
    return 0;
}

/* The address octets are the last before `end`: the words before that are read, and what stands before
 * the address is shifted out. false: bits are set beyond the source's length. */
static inline bool wire_usual_subnet4(const uint8_t *end, unsigned source, struct addr *out)
{
    uint32_t octets = (uint32_t)(wire_get64(end - 8) << (32 - (source + 7) / 8 * 8));
    uint64_t wire = htobe64((uint64_t)octets << 32);

    out->family = source == 0 ? 0 : 4;
    memcpy(out->octets, &wire, 8);
    memset(out->octets + 8, 0, 8);
    return (uint32_t)((uint64_t)octets << source) == 0;
}

static inline bool wire_usual_subnet6(const uint8_t *end, unsigned source, struct addr *out)
{
    unsigned __int128 octets =
        (unsigned __int128)wire_get64(end - 16) << 64 | wire_get64(end - 8);

    if (source == 0)
        return true;
    octets <<= 128 - (source + 7) / 8 * 8;
    uint64_t wire[2] = { htobe64((uint64_t)(octets >> 64)), htobe64((uint64_t)octets) };
    out->family = 6;
    memcpy(out->octets, wire, sizeof wire);
    return source == 128 || octets << source == 0;
}

/* One option, the client subnet, to the packet's end: code, length, family, source, scope, address. */
static inline bool wire_usual_ecs(const uint8_t *option, size_t len, struct wire_usual *out)
{
    if (len < WIRE_OPTION_HEAD + WIRE_ECS_HEAD)
        return false;
    uint64_t head = wire_get64(option);
    unsigned source = (head >> 8) & 0xff;
    uint64_t expected = (uint64_t)WIRE_OPTION_ECS << 48 |
                        (uint64_t)(len - WIRE_OPTION_HEAD) << 32 | (head & 0x3ff00);

    if (head != expected || len != WIRE_OPTION_HEAD + WIRE_ECS_HEAD + (source + 7) / 8)
        return false;
    if ((head & 0x30000) == 0x10000)
        return source <= 32 && wire_usual_subnet4(option + len, source, &out->subnet);
    return (head & 0x30000) == 0x20000 && source <= 128 &&
           wire_usual_subnet6(option + len, source, &out->subnet);
}

/* Type, class, and OPT to the packet's end: owner, type, size, extended code, version, flags. */
static inline bool wire_usual_rest(const uint8_t *p, size_t len, struct wire_usual *out)
{
    const uint64_t owner_type_version = 0xffffff000000ff00;
    const uint8_t *opt = p + 4;

    if (len < 4 + WIRE_OPT_FIXED || wire_get16(p + 2) != WIRE_CLASS_IN)
        return false;
    size_t opt_len = len - 4, options_len = opt_len - WIRE_OPT_FIXED;
    uint64_t head = wire_get64(opt);
    if ((head & owner_type_version) != (uint64_t)WIRE_OPT << 40 ||
        wire_get16(opt + WIRE_OPT_RDLENGTH) != options_len)
        return false;
    out->type = wire_get16(p);
    out->opt_len = (uint8_t)opt_len;
    out->udp_size = (uint16_t)(head >> 24);
    out->subnet.family = 0;
    return options_len == 0 || wire_usual_ecs(opt + WIRE_OPT_FIXED, options_len, out);
}

/* Without OPT the packet may end inside the name's last block. */
bool wire_usual_parse_bare(const uint8_t *question, size_t len, const struct wire_hash_key *key,
                           struct wire_usual *out);

/* false: it is another kind of query, or none. */
static inline bool wire_usual_parse(const uint8_t *packet, size_t len,
                                    const struct wire_hash_key *key, struct wire_usual *out)
{
    const uint8_t *question = packet + WIRE_HEADER_LEN;

    if (len < WIRE_HEADER_LEN + 1 + 4 || !wire_usual_header(packet))
        return false;
    len -= WIRE_HEADER_LEN;
    if (packet[11] == 0)
        return wire_usual_parse_bare(question, len, key, out);
    size_t name_len = wire_usual_name(key, question, len, out);
    out->name_len = (uint8_t)name_len;
    return name_len != 0 && wire_usual_rest(question + name_len, len - name_len, out);
}

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
    wire_put16(to + 2, WIRE_QR | WIRE_AA | (wire_get16(packet + 2) & WIRE_RD));
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
        answer[plan->set_end + WIRE_OPT_FIXED + WIRE_OPTION_HEAD + 3] = scope_bits;
}
