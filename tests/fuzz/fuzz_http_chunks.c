/* fuzz_http_chunks.c - any octets as a chunked body. However they are split, the same body comes out,
 * ends at the same octet or is refused at the same; it is what a plain reader of the whole finds; and
 * any body comes through the writer and the reader as it was.
 *
 * The first octet is the length of the pieces, the rest is the input. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "edge/http_chunks.h"

struct decoded {
    char *at; /* the body so far */
    size_t len;
    size_t used;
    enum http_chunks_step end;
};

/* Reads on in pieces of so many octets. */
static struct decoded decode(const char *at, size_t size, size_t piece, char *room)
{
    struct decoded d = { room, 0, 0, HTTP_CHUNKS_MORE };
    struct http_chunks c;
    struct http_text run;
    size_t used;

    http_chunks_init(&c);
    while (d.used < size || d.end == HTTP_CHUNKS_DATA) {
        size_t n = size - d.used < piece ? size - d.used : piece;

        d.end = http_chunks_read(&c, at + d.used, n, &used, &run);
        assert(used <= n);
        if (d.end == HTTP_CHUNKS_DATA) {
            assert(run.len > 0 && run.len <= used && run.at + run.len == at + d.used + used);
            memcpy(room + d.len, run.at, run.len);
            d.len += run.len;
        } else if (d.end == HTTP_CHUNKS_MORE) {
            assert(used == n);
        }
        d.used += used;
        if (d.end == HTTP_CHUNKS_END || d.end == HTTP_CHUNKS_BAD)
            break;
        if (used == 0)
            break;
    }
    if (d.end == HTTP_CHUNKS_DATA)
        d.end = HTTP_CHUNKS_MORE; /* which is all that can follow at the end of the input */
    if (d.end == HTTP_CHUNKS_END) {
        assert(http_chunks_read(&c, at, size, &used, &run) == HTTP_CHUNKS_END && used == 0);
    }
    return d;
}

static void same(const struct decoded *a, const struct decoded *b)
{
    assert(a->end == b->end && a->len == b->len);
    assert(a->end == HTTP_CHUNKS_BAD || a->used == b->used);
    assert(a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
}

/* The size that a line begins with; false: none. */
static bool plain_size(const char *line, size_t len, size_t *size)
{
    size_t n = 0;

    for (*size = 0; n < len && n < 16 && http_hex((unsigned char)line[n]) >= 0; n++)
        *size = *size << 4 | (size_t)http_hex((unsigned char)line[n]);
    return n > 0 && n < 16 && (n == len || line[n] == ';');
}

/* RFC 9112 7.1 as it stands there, over the whole input: does a complete body stand there, and which?
 * Trailers and extensions are taken as they are, so it may accept what is refused for those. */
static bool plain(const char *at, size_t size, char *room, size_t *len)
{
    size_t i = 0, chunk;

    for (*len = 0;;) {
        const char *end = size - i < 2 ? NULL : memmem(at + i, size - i, "\r\n", 2);

        if (end == NULL || !plain_size(at + i, (size_t)(end - at) - i, &chunk))
            return false;
        i = (size_t)(end - at) + 2;
        if (chunk == 0)
            break;
        if (size - i < 2 || chunk > size - i - 2 || memcmp(at + i + chunk, "\r\n", 2) != 0)
            return false;
        memcpy(room + *len, at + i, chunk);
        *len += chunk;
        i += chunk + 2;
    }
    return size - i >= 2 && (memcmp(at + i, "\r\n", 2) == 0 || memmem(at + i, size - i, "\r\n\r\n", 4));
}

static void finds_what_is_there(const struct decoded *d, const char *at, size_t size, char *room)
{
    size_t len;

    if (d->end != HTTP_CHUNKS_END)
        return;
    assert(plain(at, size, room, &len));
    assert(len == d->len && (len == 0 || memcmp(room, d->at, len) == 0));
    assert(d->used >= 4 && memcmp(at + d->used - 4, "\r\n\r\n", 4) == 0);
}

/* The input itself as a body. */
static void comes_through(const char *at, size_t size, size_t piece, char *room, char *wire)
{
    size_t len = 0;

    for (size_t i = 0; i < size; i += piece) {
        size_t n = size - i < piece ? size - i : piece;

        len += http_chunk_head(n, wire + len);
        memcpy(wire + len, at + i, n);
        memcpy(wire + len + n, "\r\n", 2);
        len += n + 2;
    }
    memcpy(wire + len, HTTP_CHUNKS_LAST, sizeof HTTP_CHUNKS_LAST - 1);
    len += sizeof HTTP_CHUNKS_LAST - 1;
    struct decoded d = decode(wire, len, piece + 1, room);
    assert(d.end == HTTP_CHUNKS_END && d.used == len && d.len == size);
    assert(size == 0 || memcmp(d.at, at, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *at = (const char *)data + 1;
    size_t len = size - 1, piece = 1 + data[0];
    char *room = malloc(6 * len + 64);
    char *wire = malloc(6 * len + 64);

    if (room != NULL && wire != NULL) {
        struct decoded whole = decode(at, len, len, room);
        struct decoded single = decode(at, len, 1, wire);
        same(&whole, &single);
        struct decoded split = decode(at, len, piece, wire);
        same(&whole, &split);
        finds_what_is_there(&whole, at, len, wire);
        comes_through(at, len, piece, room, wire);
    }
    free(room);
    free(wire);
    return 0;
}
