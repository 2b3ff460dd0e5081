/* http_text.h - a run of octets in somebody else's buffer. Pure.
 *
 * Never ended by NUL; valid as long as the buffer it points into stays where it is. An empty text
 * may have at == NULL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_text {
    const char *at;
    size_t len;
};

struct http_text http_text_of(const char *z); /* a C string */
bool http_text_is(struct http_text a, struct http_text b);      /* octet by octet */
bool http_text_is_like(struct http_text a, struct http_text b); /* ASCII case ignored */
bool http_text_is_word(struct http_text a, const char *word);   /* case ignored, a C string */
struct http_text http_text_trim(struct http_text t); /* without blanks and tabs around it */

/* 1*DIGIT and nothing else, at most `most`. false: it is something else, or larger. */
bool http_text_number(struct http_text t, uint64_t most, uint64_t *out);

bool http_is_token(struct http_text t); /* RFC 9110 5.6.2: one or more tchar */
bool http_is_tchar(unsigned char c);
int http_hex(unsigned char c); /* 0..15, or -1 */
char http_lower(char c);       /* ASCII only */
