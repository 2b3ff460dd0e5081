/* wire_block.h - names and records sixteen octets at a time, in one register of any processor with
 * vectors: half the instructions of words of eight. */
#pragma once

#include <stdint.h>
#include <string.h>

#include <waymark/wire.h>

typedef signed char wire_block __attribute__((vector_size(WIRE_HASH_BLOCK)));

static inline wire_block wire_block_load(const uint8_t *from)
{
    wire_block b;

    memcpy(&b, from, sizeof b);
    return b;
}

static inline void wire_block_store(uint8_t *to, wire_block b)
{
    memcpy(to, &b, sizeof b);
}

/* To lower case. Octets from 128 on are negative here, and no letters. */
static inline wire_block wire_block_fold(wire_block b)
{
    return b | (((b >= 'A') & (b <= 'Z')) & 0x20);
}

/* The first n octets, the others zero. */
static inline wire_block wire_block_first(wire_block b, size_t n)
{
    static const uint8_t masks[2 * WIRE_HASH_BLOCK] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };

    return b & wire_block_load(masks + WIRE_HASH_BLOCK - n);
}

/* At least one block; the last one may write once more what another wrote. */
static inline void wire_block_copy(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i + WIRE_HASH_BLOCK < n; i += WIRE_HASH_BLOCK)
        wire_block_store(to + i, wire_block_load(from + i));
    wire_block_store(to + n - WIRE_HASH_BLOCK, wire_block_load(from + n - WIRE_HASH_BLOCK));
}
