/* siphash.h - SipHash-2-4 (Aumasson, Bernstein 2012): a short keyed hash that a stranger cannot forge.
 *
 * Threads: pure functions. hash.h is faster, but tells its key to whoever sees enough of its values. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_LEN = 16 };

struct siphash_key {
    uint64_t k[2];
};

void siphash_key_init(struct siphash_key *key, const uint8_t octets[static SIPHASH_KEY_LEN]);

/* Its octets on the wire are little-endian on every machine, see siphash_put. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

static inline void siphash_put(uint8_t out[static 8], uint64_t hash)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(hash >> 8 * i);
}
