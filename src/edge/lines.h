/* lines.h - a head under construction: text that grows, and remembers that it could not.
 *
 * Threads: the caller's. Bounded by what is written into it: heads, which have their own limit. */
#pragma once

#include "http_text.h"

struct lines {
    char *at;
    size_t len, room;
    bool is_short; /* of memory: what is here must not be used */
};

void lines_fini(struct lines *l);
void lines_put(struct lines *l, const char *at, size_t len);
void lines_field(struct lines *l, struct http_text name, struct http_text value);
void lines_format(struct lines *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
