/* wire_usual.c - the query that nearly everybody sends, read in one pass with its name folded and hashed
 * on the way, and the answer that it usually gets, written in one. What it does not take for such, and
 * what does not fit, is for wire_query.c and wire_writer.c, which would come to the same octets: the
 * tests hold one against the other. Pure. */
#include <waymark/wire.h>

#include <endian.h>

#include "wire_hash.h"
#include "wire_opt.h"

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, FLAGS_QUERY = 0xf8 /* QR and opcode */ };

static inline uint64_t get64(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
    return be64toh(x);
}

/* A query with one question and nothing else but one additional record at most. */
static inline bool has_usual_header(const uint8_t *packet)
{
    return (packet[2] & FLAGS_QUERY) == 0 && (get64(packet + 4) | 1) == ((uint64_t)1 << 48 | 1);
}

/* Where the name ends that begins behind the header; 0: not inside `len`, or compressed. */
static inline size_t name_end(const uint8_t *packet, size_t len)
{
    size_t at = WIRE_HEADER_LEN;
    unsigned seen = 0;

    for (unsigned n; (n = packet[at]) != 0;) {
        seen |= n;
        at += n + 1;
        if (at >= len)
            return 0;
    }
    return seen > 63 || at - WIRE_HEADER_LEN >= WIRE_NAME_MAX ? 0 : at + 1;
}

/* To lower case and to its hash. The packet is read in whole blocks, so it must not end within one. */
static inline uint64_t fold(const struct wire_hash_key *key, const uint8_t *from, size_t len,
                            uint8_t *to)
{
    wire_hash_sum sum = 0;
    size_t i = 0;

    for (; len > WIRE_HASH_BLOCK; i++, len -= WIRE_HASH_BLOCK) {
        wire_block b = wire_block_fold(wire_block_load(from + i * WIRE_HASH_BLOCK));
        wire_block_store(to + i * WIRE_HASH_BLOCK, b);
        sum += wire_hash_add(key, i, b);
    }
    wire_block last = wire_block_first(wire_block_load(from + i * WIRE_HASH_BLOCK), len);
    last = wire_block_fold(last);
    wire_block_store(to + i * WIRE_HASH_BLOCK, last);
    return wire_hash_end(key, sum + wire_hash_add(key, i, last));
}

static inline void read_name(const struct wire_hash_key *key, const uint8_t *packet, size_t len,
                             struct wire_usual *out)
{
    const uint8_t *from = packet + WIRE_HEADER_LEN;

    if (len < WIRE_HEADER_LEN + out->name_len + (size_t)WIRE_HASH_BLOCK - 1) {
        memcpy(out->name, from, out->name_len);
        from = out->name;
    }
    out->hash = fold(key, from, out->name_len, out->name);
}

/* The address octets are the last of the packet, whose end is `end`: the words before that are read and
 * what stands before the address is shifted out. false: bits are set beyond the source's length. */
static inline bool read_subnet4(const uint8_t *end, unsigned source, struct addr *out)
{
    uint32_t octets = (uint32_t)(get64(end - 8) << (32 - (source + 7) / 8 * 8));
    uint32_t wire = htobe32(octets);

    *out = (struct addr){ .family = source == 0 ? 0 : 4 };
    memcpy(out->octets, &wire, sizeof wire);
    return source <= 32 && (uint32_t)((uint64_t)octets << source) == 0;
}

static inline bool read_subnet6(const uint8_t *end, unsigned source, struct addr *out)
{
    unsigned __int128 octets = (unsigned __int128)get64(end - 16) << 64 | get64(end - 8);

    *out = (struct addr){ .family = 0 };
    if (source == 0 || source > 128)
        return source == 0;
    octets <<= 128 - (source + 7) / 8 * 8;
    uint64_t wire[2] = { htobe64((uint64_t)(octets >> 64)), htobe64((uint64_t)octets) };
    out->family = 6;
    memcpy(out->octets, wire, sizeof wire);
    return source == 128 || octets << source == 0;
}

/* One option, the client subnet, to the packet's end (RFC 7871 6). */
static inline bool read_ecs(const uint8_t *option, size_t len, struct wire_usual *out)
{
    if (len < WIRE_OPTION_HEAD + WIRE_ECS_HEAD)
        return false;
    uint64_t head = get64(option);
    unsigned family = (head >> 16) & 0xffff, source = (head >> 8) & 0xff, scope = head & 0xff;
    uint64_t expected = (uint64_t)WIRE_OPTION_ECS << 16 | (len - WIRE_OPTION_HEAD);

    if (head >> 32 != expected || scope != 0 ||
        len != WIRE_OPTION_HEAD + WIRE_ECS_HEAD + (source + 7) / 8)
        return false;
    out->has_ecs = true;
    if (family == FAMILY_IPV4)
        return source <= 32 && read_subnet4(option + len, source, &out->subnet);
    return family == FAMILY_IPV6 && read_subnet6(option + len, source, &out->subnet);
}

/* Behind the question (RFC 6891 6.1.2): owner, type, size, extended code, version, flags. */
static inline bool read_opt(const uint8_t *opt, size_t len, struct wire_usual *out)
{
    if (len < WIRE_OPT_FIXED)
        return false;
    uint64_t head = get64(opt);
    size_t options_len = wire_get16(opt + WIRE_OPT_RDLENGTH);
    unsigned version = (head >> 8) & 0xff;

    if (head >> 40 != WIRE_OPT || version != 0 || options_len != len - WIRE_OPT_FIXED)
        return false;
    out->udp_size = (uint16_t)(head >> 24);
    out->wants_dnssec = (head & 0x80) != 0;
    out->options_len = (uint8_t)options_len;
    return options_len == 0 || read_ecs(opt + WIRE_OPT_FIXED, options_len, out);
}

bool wire_usual_parse(const uint8_t *packet, size_t len, const struct wire_hash_key *key,
                      struct wire_usual *out)
{
    if (len < WIRE_HEADER_LEN + 1 + 4 || !has_usual_header(packet))
        return false;
    size_t at = name_end(packet, len);
    if (at == 0 || len - at < 4 || wire_get16(packet + at + 2) != WIRE_CLASS_IN)
        return false;
    out->type = wire_get16(packet + at);
    out->name_len = (uint8_t)(at - WIRE_HEADER_LEN);
    out->question_end = (uint16_t)(at + 4);
    out->has_opt = packet[11] != 0;
    out->has_ecs = false;
    out->udp_size = 0;
    out->options_len = 0;
    out->subnet.family = 0;
    if (out->has_opt ? !read_opt(packet + at + 4, len - at - 4, out) : len != at + 4)
        return false;
    read_name(key, packet, len, out);
    return true;
}

static inline void copy(uint8_t *to, const uint8_t *from, size_t n)
{
    if (n < WIRE_HASH_BLOCK)
        memcpy(to, from, n);
    else
        wire_block_copy(to, from, n);
}

static inline void cut_ttls(uint8_t *rr, unsigned n, uint32_t ttl_max)
{
    for (; n > 0; n--) {
        if (wire_rr_ttl(rr) > ttl_max)
            wire_put32(rr + WIRE_RR_TTL, ttl_max);
        rr += WIRE_RR_HEAD + wire_rr_len(rr);
    }
}

/* The client subnet goes back as it came, with our scope. */
static inline void put_opt(uint8_t *to, const uint8_t *opt, const struct wire_usual *query,
                           uint8_t scope_bits, uint16_t udp_size)
{
    uint64_t head = (uint64_t)WIRE_OPT << 40 | (uint64_t)udp_size << 24 |
                    (query->wants_dnssec ? 0x80 : 0);
    uint64_t wire = htobe64(head);

    memcpy(to, &wire, sizeof wire);
    to[8] = 0;
    wire_put16(to + WIRE_OPT_RDLENGTH, query->options_len);
    if (query->has_ecs) {
        memcpy(to + WIRE_OPT_FIXED, opt + WIRE_OPT_FIXED, query->options_len);
        to[WIRE_OPT_FIXED + WIRE_OPTION_HEAD + 3] = scope_bits;
    }
}

size_t wire_usual_answer(uint8_t *to, size_t limit, const uint8_t *packet,
                         const struct wire_usual *query, const struct wire_set *set,
                         uint32_t ttl_max, uint8_t scope_bits, uint16_t udp_size)
{
    size_t opt_at = query->question_end + (size_t)set->wire_len;
    size_t len = opt_at + (query->has_opt ? WIRE_OPT_FIXED + query->options_len : 0);

    if (len > limit)
        return 0;
    wire_block_copy(to, packet, query->question_end);
    wire_put16(to + 2, WIRE_QR | WIRE_AA | (wire_get16(packet + 2) & WIRE_RD));
    wire_put16(to + 6, set->count);
    copy(to + query->question_end, set->wire, set->wire_len);
    if (ttl_max != UINT32_MAX)
        cut_ttls(to + query->question_end, set->count, ttl_max);
    if (query->has_opt)
        put_opt(to + opt_at, packet + query->question_end, query, scope_bits, udp_size);
    return len;
}
