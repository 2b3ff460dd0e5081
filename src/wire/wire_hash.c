/* wire_hash.c - a name's keyed hash. NH multiplies the halves of each block, each added to its own part
 * of the key: for any two names of at most sixteen blocks, the chance that their sums agree is 2^-64
 * over the keys. A name ends with its root, so zeros behind it say nothing new. Pure. */
#include "wire_hash.h"

#include <assert.h>

#include <waymark/hash.h>

/* As many octets as the key has, from those that are given. */
void wire_hash_key_init(struct wire_hash_key *key, const uint8_t octets[static HASH_KEY_LEN])
{
    struct hash_key stretch;

    hash_key_init(&stretch, octets);
    for (uint64_t i = 0; i < sizeof key->words / sizeof *key->words; i++)
        key->words[i] = hash_keyed(&stretch, &i, sizeof i);
}

uint64_t wire_hash(const struct wire_hash_key *key, const uint8_t *name, size_t len)
{
    wire_hash_sum sum = 0;
    size_t i = 0;

    assert(len <= WIRE_NAME_MAX);
    for (; (i + 1) * WIRE_HASH_BLOCK <= len; i++)
        sum += wire_hash_add(key, i, wire_block_load(name + i * WIRE_HASH_BLOCK));
    if (i * WIRE_HASH_BLOCK < len) {
        uint8_t last[WIRE_HASH_BLOCK] = { 0 };
        memcpy(last, name + i * WIRE_HASH_BLOCK, len - i * WIRE_HASH_BLOCK);
        sum += wire_hash_add(key, i, wire_block_load(last));
    }
    return wire_hash_end(key, sum);
}
