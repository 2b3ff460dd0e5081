/* steer_log.c - -log2 in integers: the draw is a contract between servers, and what the C library's
 * logarithm rounds to is not. A bit per squaring. Pure. */
#include "steer_log.h"

enum { FRACTION_BITS = 32 };

uint64_t steer_minus_log2(uint64_t x)
{
    if (x == 0)
        return (uint64_t)(64 + 1) << FRACTION_BITS; /* log2 of one half, 64 binary places down */
    unsigned zeros = (unsigned)__builtin_clzll(x);
    uint64_t m = x << zeros; /* 1 <= m < 2, with 63 places */
    uint64_t fraction = 0;

    for (int i = 0; i < FRACTION_BITS; i++) {
        unsigned __int128 square = (unsigned __int128)m * m;
        unsigned bit = (unsigned)(square >> 127);
        m = (uint64_t)(square >> (63 + bit));
        fraction = fraction << 1 | bit;
    }
    /* log2(x) = 63 - zeros + fraction, and 64 less that is wanted; never 0. */
    return ((uint64_t)(zeros + 1) << FRACTION_BITS) - fraction;
}
