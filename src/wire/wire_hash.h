/* wire_hash.h - the hash of wire_hash, a block at a time, for who folds a name on the way. */
#pragma once

#include "wire_block.h"

typedef unsigned __int128 wire_hash_sum;

/* Adds the i-th block. */
static inline wire_hash_sum wire_hash_add(const struct wire_hash_key *key, size_t i, wire_block b)
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
