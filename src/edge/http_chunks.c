/* http_chunks.c - reading chunked bodies, octet by octet where lines are, in runs where data is. Pure.
 */
#include "http_chunks.h"

#include <stdio.h>
#include <string.h>

/* What comes next. */
enum {
    SIZE = 0,      /* a digit, ';' or CR */
    EXTENSION,     /* up to CR */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START, /* a name, or the CR of the last line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    DONE,
    BROKEN,
};

enum { DIGITS_MAX = 15 };

void http_chunks_init(struct http_chunks *c)
{
    memset(c, 0, sizeof *c);
}

static bool is_line_octet(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static uint8_t read_size(struct http_chunks *c, unsigned char octet)
{
    int digit = http_hex(octet);

    if (digit >= 0) {
        if (++c->digits > DIGITS_MAX)
            return BROKEN;
        c->left = c->left << 4 | (unsigned)digit;
        return SIZE;
    }
    if (c->digits == 0)
        return BROKEN;
    return octet == '\r' ? SIZE_LF : octet == ';' ? EXTENSION : BROKEN;
}

static uint8_t read_extension(struct http_chunks *c, unsigned char octet)
{
    if (octet == '\r')
        return SIZE_LF;
    return is_line_octet(octet) && ++c->extensions <= HTTP_CHUNK_EXTENSIONS_MAX ? EXTENSION : BROKEN;
}

static uint8_t after_size(struct http_chunks *c)
{
    c->digits = 0;
    return c->left == 0 ? TRAILER_START : DATA;
}

static uint8_t read_trailer(struct http_chunks *c, unsigned char octet)
{
    if (++c->trailers > HTTP_TRAILERS_MAX)
        return BROKEN;
    switch (c->state) {
    case TRAILER_START:
        if (octet == '\r')
            return LAST_LF;
        return http_is_tchar(octet) ? TRAILER_NAME : BROKEN;
    case TRAILER_NAME:
        if (octet == ':')
            return TRAILER_VALUE;
        return http_is_tchar(octet) ? TRAILER_NAME : BROKEN;
    default:
        if (octet == '\r')
            return TRAILER_LF;
        return is_line_octet(octet) ? TRAILER_VALUE : BROKEN;
    }
}

/* The state after one octet of anything but data. */
static uint8_t step(struct http_chunks *c, unsigned char octet)
{
    switch (c->state) {
    case SIZE:
        return read_size(c, octet);
    case EXTENSION:
        return read_extension(c, octet);
    case SIZE_LF:
        return octet == '\n' ? after_size(c) : BROKEN;
    case DATA_CR:
        return octet == '\r' ? DATA_LF : BROKEN;
    case DATA_LF:
        return octet == '\n' ? SIZE : BROKEN;
    case TRAILER_LF:
        return octet == '\n' ? TRAILER_START : BROKEN;
    case LAST_LF:
        return octet == '\n' ? DONE : BROKEN;
    default:
        return read_trailer(c, octet);
    }
}

enum http_chunks_step http_chunks_read(struct http_chunks *c, const char *at, size_t len,
                                       size_t *used, struct http_text *data)
{
    size_t i = 0;

    while (i < len && c->state != DATA && c->state != DONE && c->state != BROKEN)
        c->state = step(c, (unsigned char)at[i++]);
    *used = i;
    if (c->state == DONE)
        return HTTP_CHUNKS_END;
    if (c->state == BROKEN)
        return HTTP_CHUNKS_BAD;
    if (i == len)
        return HTTP_CHUNKS_MORE;
    size_t run = len - i < c->left ? len - i : (size_t)c->left;
    *data = (struct http_text){ at + i, run };
    *used = i + run;
    c->left -= run;
    if (c->left == 0)
        c->state = DATA_CR;
    return HTTP_CHUNKS_DATA;
}

size_t http_chunk_head(uint64_t len, char out[static HTTP_CHUNK_HEAD_MAX])
{
    char text[HTTP_CHUNK_HEAD_MAX + 1];
    int n = snprintf(text, sizeof text, "%llx\r\n", (unsigned long long)len);

    memcpy(out, text, (size_t)n);
    return (size_t)n;
}
