/* http_chunks.h - chunked bodies (RFC 9112 7.1): a strict reader, and what a writer needs. Pure.
 *
 * The reader takes input in pieces of any size and hands out runs of the body without copying.
 * Sizes are 1 to 15 hex digits and nothing else; every line ends with CRLF; extensions are checked
 * for octets that do not belong there, counted against a budget, and dropped; trailer fields are
 * read as strictly as a head's and dropped. */
#pragma once

#include "http_text.h"

enum {
    HTTP_CHUNK_EXTENSIONS_MAX = 4096, /* octets of extensions in one body */
    HTTP_TRAILERS_MAX = 8192,         /* octets of trailer fields */
    HTTP_CHUNK_HEAD_MAX = 18,         /* 16 hex digits and CRLF */
};

/* The caller's storage. Treat as private. */
struct http_chunks {
    uint64_t left;       /* of this chunk's data */
    uint32_t extensions; /* octets so far */
    uint32_t trailers;
    uint8_t digits;
    uint8_t state;
};

enum http_chunks_step {
    HTTP_CHUNKS_MORE, /* all input is used up */
    HTTP_CHUNKS_DATA, /* `data` is the next run of the body; call again with the rest */
    HTTP_CHUNKS_END,  /* the body is complete; what was not used belongs to the next message */
    HTTP_CHUNKS_BAD,  /* never to be called again; the connection must be closed */
};

void http_chunks_init(struct http_chunks *c);

/* Reads on; `*used` octets of the input are done with. The runs, put together, depend on the octets
 * alone, not on how they were split. After END it keeps saying END and uses nothing. */
enum http_chunks_step http_chunks_read(struct http_chunks *c, const char *at, size_t len,
                                       size_t *used, struct http_text *data);

/* The line before a chunk of `len` > 0 octets, "1f\r\n"; returns its length. After the data comes
 * "\r\n", after the last chunk HTTP_CHUNKS_LAST. */
size_t http_chunk_head(uint64_t len, char out[static HTTP_CHUNK_HEAD_MAX]);
#define HTTP_CHUNKS_LAST "0\r\n\r\n"
