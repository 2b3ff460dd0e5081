/* hash.c - XXH3 under a secret. The header is included whole so that the compiler can inline it. */
#include <waymark/hash.h>

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(HASH_SECRET_LEN >= XXH3_SECRET_SIZE_MIN, "XXH3 wants a longer secret");

/* Stretches the key: octets of the secret are hashes of key and position. */
void hash_key_init(struct hash_key *key, const uint8_t octets[static HASH_KEY_LEN])
{
    for (size_t i = 0; i < HASH_SECRET_LEN; i += 8) {
        uint64_t low = XXH3_64bits_withSeed(octets, HASH_KEY_LEN, i);
        for (size_t j = 0; j < 8; j++) /* little-endian on every machine */
            key->secret[i + j] = (uint8_t)(low >> 8 * j);
    }
}

uint64_t hash_keyed(const struct hash_key *key, const void *data, size_t len)
{
    return XXH3_64bits_withSecret(data, len, key->secret, sizeof key->secret);
}

uint64_t hash_plain(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}
