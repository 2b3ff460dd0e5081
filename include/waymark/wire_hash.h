/* wire_hash.h - a name's keyed hash, so that a stranger cannot choose names that collide.
 *
 * Threads: pure functions on the caller's storage. The key belongs to whoever keeps the table.
 * NH, the first layer of UMAC, multiplies the halves of each block of sixteen octets, each half added to
 * its own part of the key: for any two names the chance that their sums agree is 2^-64 over the keys. A
 * name ends with its root, so the zeros that fill up its last block say nothing new.
 * Source: Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC" (CRYPTO 1999). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/block.h>
#include <waymark/hash.h>

enum { WIRE_HASH_BLOCKS = 16 }; /* the longest name */

struct wire_hash_key {
    uint64_t words[2 * WIRE_HASH_BLOCKS + 2];
};

void wire_hash_key_init(struct wire_hash_key *key, const uint8_t octets[static HASH_KEY_LEN]);

/* Of a name in lower case, with its root. */
uint64_t wire_hash(const struct wire_hash_key *key, const uint8_t *name, size_t len);

/* ---- the same block by block, for who folds a name on the way ---- */

typedef unsigned __int128 wire_hash_sum;

static inline wire_hash_sum wire_hash_block(const struct wire_hash_key *key, size_t i, block b)
{
    uint64_t words[2];

    memcpy(words, &b, sizeof words);
    return (wire_hash_sum)(words[0] + key->words[2 * i]) * (words[1] + key->words[2 * i + 1]);
}

/* From 128 bits that hardly ever agree to 64, each of which depends on all of them. */
static inline uint64_t wire_hash_end(const struct wire_hash_key *key, wire_hash_sum sum)
{
    const uint64_t *last = key->words + 2 * WIRE_HASH_BLOCKS;
    wire_hash_sum mixed =
        (wire_hash_sum)((uint64_t)sum ^ last[0]) * ((uint64_t)(sum >> 64) ^ last[1]);

    return (uint64_t)mixed ^ (uint64_t)(mixed >> 64);
}
