/* block.h - sixteen octets at a time, in one register of any processor that has vectors.
 *
 * Threads: pure functions on the caller's storage. Inline: a call would cost more than it does.
 * Purpose: names are folded, compared and hashed, and records copied, in half the instructions that
 *          words of eight octets would take (tests/bench/instructions.py). */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK_LEN = 16 };

typedef int8_t block __attribute__((vector_size(BLOCK_LEN)));
typedef uint8_t unsigned_block __attribute__((vector_size(BLOCK_LEN)));

static inline block block_load(const uint8_t *from)
{
    block b;

    memcpy(&b, from, sizeof b);
    return b;
}

static inline void block_store(uint8_t *to, block b)
{
    memcpy(to, &b, sizeof b);
}

/* ASCII letters to lower case. 'Z' is moved to the top of the signed range: what stood above it wraps to
 * the bottom, and what is less than the alphabet's length from the top is a capital. */
static inline block block_fold(block b)
{
    block moved = (block)((unsigned_block)b + (INT8_MAX - 'Z'));

    return b | ((moved > INT8_MAX - 26) & 0x20);
}

#ifdef __SSE2__

/* A bit for each octet that a comparison found true. */
static inline unsigned block_bits(block b)
{
    return (unsigned)_mm_movemask_epi8((__m128i)b);
}

/* How many octets stand before the first zero; BLOCK_LEN: there is none. */
static inline size_t block_until_zero(block b)
{
    return (unsigned)__builtin_ctz(block_bits(b == 0) | 1u << BLOCK_LEN);
}

static inline bool block_is_equal(block a, block b)
{
    return block_bits(a == b) == 0xffff;
}

#else

static inline size_t block_until_zero(block b)
{
    block is_zero = b == 0;
    uint64_t words[2];

    memcpy(words, &is_zero, sizeof words);
    if (words[0] != 0)
        return (unsigned)__builtin_ctzll(le64toh(words[0])) / 8;
    return words[1] != 0 ? 8 + (unsigned)__builtin_ctzll(le64toh(words[1])) / 8 : BLOCK_LEN;
}

static inline bool block_is_equal(block a, block b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

#endif

/* The first n octets, the others zero. */
static inline block block_first(block b, size_t n)
{
    static const uint8_t masks[2 * BLOCK_LEN] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };

    return b & block_load(masks + BLOCK_LEN - n);
}

/* As memcpy. The last block may write once more what another wrote. */
static inline void block_copy(uint8_t *to, const uint8_t *from, size_t n)
{
    if (n < BLOCK_LEN) {
        memcpy(to, from, n);
        return;
    }
    block_store(to, block_load(from));
    for (size_t i = BLOCK_LEN; i + BLOCK_LEN < n; i += BLOCK_LEN)
        block_store(to + i, block_load(from + i));
    block_store(to + n - BLOCK_LEN, block_load(from + n - BLOCK_LEN));
}
