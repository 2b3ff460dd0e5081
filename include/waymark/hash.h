/* hash.h - keyed hashing, so that a stranger cannot choose what collides.
 *
 * XXH3 with a secret stretched from 32 octets of key. The value for a given key and data is part of
 * the draw's contract: two servers with the same key must agree, so it never depends on the machine. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HASH_KEY_LEN = 32, HASH_SECRET_LEN = 192 };

struct hash_key {
    uint8_t secret[HASH_SECRET_LEN];
};

void hash_key_init(struct hash_key *key, const uint8_t octets[static HASH_KEY_LEN]);
uint64_t hash_keyed(const struct hash_key *key, const void *data, size_t len);
uint64_t hash_plain(const void *data, size_t len); /* for tables only we fill */
