/* wire_fold.h - ASCII letters to lower case (RFC 4343), never applied to a length octet. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline uint8_t wire_fold_octet(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

static inline void wire_fold(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = wire_fold_octet(from[i]);
}
