/* wire_hash.c - a name that lies ready to its hash. Pure. */
#include <waymark/wire_hash.h>

#include <assert.h>

#include <waymark/wire.h>

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
    for (; (i + 1) * BLOCK_LEN <= len; i++)
        sum += wire_hash_block(key, i, block_load(name + i * BLOCK_LEN));
    if (i * BLOCK_LEN < len) {
        uint8_t last[BLOCK_LEN] = { 0 };
        memcpy(last, name + i * BLOCK_LEN, len - i * BLOCK_LEN);
        sum += wire_hash_block(key, i, block_load(last));
    }
    return wire_hash_end(key, sum);
}
