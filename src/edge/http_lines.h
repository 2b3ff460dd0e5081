/* http_lines.h - what heads of requests and responses have in common: lines and fields. Pure.
 */
#pragma once

#include "http_field.h"
#include "http_head.h"

/* Cuts the next line off: its text without CRLF. false: there is none, or a bare CR ends it. */
bool http_lines_next(struct http_text *rest, struct http_text *line);

/* Reads all field lines up to the empty one, which must be the end of `rest`. 0, or 400 or 431 with
 * *why. Blanks before the colon are refused in requests and removed in responses. */
int http_lines_fields(enum http_side side, struct http_text rest, struct http_fields *out,
                      const char **why);

/* One field line, without its CRLF. NULL: fine; else what is wrong. */
const char *http_line_field(enum http_side side, struct http_text line, struct http_text *name,
                            struct http_text *value);

/* Content-Length and Transfer-Encoding. 0, or 400 or 501. */
struct http_framing {
    bool is_chunked;
    bool has_length;
    uint64_t length;
};
int http_lines_framing(const struct http_fields *fields, bool is_http_10, struct http_framing *out,
                       const char **why);

/* Whether the connection lives on, by version and Connection (RFC 9112 9.3). */
bool http_lines_keep_alive(const struct http_fields *fields, bool is_http_10);

/* "HTTP/1.x". 0, or 400 (no such thing) or 505 (a version we do not speak). */
int http_lines_version(struct http_text text, bool *is_http_10);
