/* siphash.c - SipHash-2-4: two rounds for each eight octets, four at the end. Pure. */
#include <waymark/siphash.h>

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t get64(const uint8_t *p)
{
    uint64_t x = 0;

    for (unsigned i = 0; i < 8; i++)
        x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static inline uint64_t turn_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void half_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, unsigned s,
                              unsigned t)
{
    *a += *b;
    *c += *d;
    *b = turn_left(*b, s) ^ *a;
    *d = turn_left(*d, t) ^ *c;
    *a = turn_left(*a, 32);
}

static inline void sip_round(struct sip_state *s)
{
    half_round(&s->v0, &s->v1, &s->v2, &s->v3, 13, 16);
    half_round(&s->v2, &s->v1, &s->v0, &s->v3, 17, 21);
}

static inline void take(struct sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

void siphash_key_init(struct siphash_key *key, const uint8_t octets[static SIPHASH_KEY_LEN])
{
    key->k[0] = get64(octets);
    key->k[1] = get64(octets + 8);
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
    struct sip_state s = { key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d,
                           key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573 };
    const uint8_t *p = data;
    uint64_t last = (uint64_t)len << 56;

    for (; len >= 8; len -= 8, p += 8)
        take(&s, get64(p));
    for (unsigned i = 0; i < len; i++)
        last |= (uint64_t)p[i] << 8 * i;
    take(&s, last);
    s.v2 ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
