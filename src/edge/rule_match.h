/* rule_match.h - conditional requests and ranges, answered from a complete response. Pure.
 * (RFC 9110 8.8, 13, 14.) */
#pragma once

#include "http_field.h"

/* Entity tags: `"text"` or `W/"text"`. Invalid ones match nothing. */
bool rule_etag_is_valid(struct http_text tag);
bool rule_etag_is_strong_match(struct http_text a, struct http_text b);
bool rule_etag_is_weak_match(struct http_text a, struct http_text b);

/* Should a client with these conditions get 304 instead of the stored 200? If-None-Match decides
 * where it is there; else If-Modified-Since against Last-Modified, or Date where there is none.
 * If-Match and If-Unmodified-Since are the origin's to judge (RFC 9110 13.1.1), as are conditions
 * on other statuses than 200. For GET and HEAD only. */
bool rule_is_not_modified(const struct http_fields *request, const struct http_fields *stored,
                          unsigned stored_status, int64_t now_s);

/* Does this field of the stored response belong into a 304 (RFC 9110 15.4.5)? */
bool rule_is_for_304(const struct http_fields *stored, const struct http_field *field);

enum rule_range {
    RULE_WHOLE,        /* 200: no range, one we do not know, several, or If-Range does not hold */
    RULE_PART,         /* 206 with first..last */
    RULE_UNSATISFIABLE /* 416 with Content-Range: bytes * /size */
};

/* For GET on a stored 200 of `size` octets. `first` and `last` are set for RULE_PART only. */
enum rule_range rule_range(const struct http_fields *request, const struct http_fields *stored,
                           uint64_t size, int64_t now_s, uint64_t *first, uint64_t *last);
