/* escape.c - what of a text is characters that can be shown, and the rest as \xHH. */
#include <waymark/escape.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* How many octets follow this first one, and what the second must lie between; -1: no first octet.
 */
static int tail_of(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;  /* nothing overlong */
    *low = first == 0xc2 ? 0xa0 : *low;                         /* C1 controls */
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf; /* no surrogate, none past 10FFFF */
    if (first >= 0x20 && first < 0x7f)
        return 0;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

size_t escape_char_len(const char *text, size_t len)
{
    uint8_t low, high;
    int tail = len == 0 ? -1 : tail_of((uint8_t)text[0], &low, &high);

    if (tail < 0 || len <= (size_t)tail)
        return 0;
    for (int i = 1; i <= tail; i++, low = 0x80, high = 0xbf)
        if ((uint8_t)text[i] < low || (uint8_t)text[i] > high)
            return 0;
    return (size_t)tail + 1;
}

size_t escape_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text), at = 0, used = 0;

    while (at < len) {
        const char *piece = text + at;
        size_t n = escape_char_len(piece, len - at), taken = n;
        char escape[5];
        if (n == 0) {
            n = (size_t)snprintf(escape, sizeof escape, "\\x%02x", (uint8_t)*piece);
            piece = escape;
            taken = 1;
        }
        if (used + n >= size)
            break;
        memcpy(out + used, piece, n);
        used += n;
        at += taken;
    }
    out[used] = '\0';
    return at;
}
