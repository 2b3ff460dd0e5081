/* wire_fold.h - many octets to lower case. A whole name may be folded at once, length octets and all:
 * they are at most 63, below every letter. */
#pragma once

#include <string.h>

#include <waymark/wire.h>

/* Eight octets in one word: of those below 128, the high bit of `+ 63` says 'A' or more, that of
 * `+ 37` more than 'Z'. */
static inline uint64_t wire_fold_word(uint64_t x)
{
    uint64_t low = x & 0x7f7f7f7f7f7f7f7f;
    uint64_t from_a = low + 0x3f3f3f3f3f3f3f3f, past_z = low + 0x2525252525252525;
    uint64_t is_upper = from_a & ~past_z & ~x & 0x8080808080808080;

    return x | is_upper >> 2;
}

static inline void wire_fold(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t x;
        memcpy(&x, from + i, 8);
        x = wire_fold_word(x);
        memcpy(to + i, &x, 8);
    }
    for (; i < len; i++)
        to[i] = wire_fold_octet(from[i]);
}
