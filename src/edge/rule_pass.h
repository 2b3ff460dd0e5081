/* rule_pass.h - which fields go on: to the origin, into the store, to the client; what a 304
 * changes; what an unsafe request makes stale; the fields that caches write. Pure. */
#pragma once

#include "http_head.h"
#include "rule_control.h"

/* A field that ends at this connection (RFC 9110 7.6.1): Connection itself and all it names,
 * Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade, Proxy-Authenticate and the like.
 * Content-Length and Host are not among them, but whoever writes a head writes those himself. */
bool rule_is_hop_by_hop(const struct http_fields *all, const struct http_field *field);

/* Fields of a client's request that we send on. Not: hop by hop, Host, Content-Length, Expect;
 * and, when the fetch fills the cache (`for_cache`), not the client's own conditions and ranges
 * (If-None-Match, If-Modified-Since, If-Range, Range, ...), which we answer ourselves. */
bool rule_goes_to_origin(const struct http_fields *all, const struct http_field *field,
                         bool for_cache);

/* Fields of a response that we keep or pass to the client. Not: hop by hop, Content-Length (it is
 * written anew), and those that a qualified private or no-cache names, when `to_store`. Age stays
 * when it is only passed; a stored one is computed (RFC 9111 3.1). */
bool rule_is_kept(const struct http_fields *all, const struct http_field *field,
                  const struct rule_control *control, bool to_store);

/* A 304's fields replace those of the same name in the stored head, except for what describes the
 * body that is already here: Content-Encoding, Content-Type, Content-Range, Content-Length, and
 * what is hop by hop (RFC 9111 3.2). Fills `out` with slices of both: stored ones in their order,
 * then the new ones. false: more than HTTP_FIELDS_MAX. */
bool rule_merge_304(const struct http_fields *stored, const struct http_fields *update,
                    struct http_fields *out);
/* May this 304 freshen this stored response? Not when its validators say it is another one
 * (RFC 9111 4.3.4). */
bool rule_304_fits(const struct http_fields *stored, const struct http_fields *update);

/* A successful unsafe request makes its own URI stale, and those that Location and Content-Location
 * name on the same host (RFC 9111 4.4). */
enum { RULE_INVALIDATES_MAX = 2 };
struct rule_invalidates {
    bool own;   /* the request's own URI */
    unsigned n; /* others: absolute path with query, as the fields have it */
    struct http_text others[RULE_INVALIDATES_MAX];
};
/* `scheme` is the connection's. Relative references that are no absolute path are written into
 * `room` resolved against the request's path. */
void rule_invalidate(const struct http_request_head *request, struct http_text scheme,
                     const struct http_response_head *response, struct rule_invalidates *out);

/* Cache-Status (RFC 9211). */
enum rule_forward { /* why it was forwarded; RULE_HIT: it was not */
    RULE_HIT,
    RULE_FWD_MISS,     /* fwd=uri-miss: nothing under this key */
    RULE_FWD_VARY,     /* fwd=vary-miss: no such variant */
    RULE_FWD_STALE,
    RULE_FWD_PARTIAL,
    RULE_FWD_REQUEST,  /* the request's directives asked for it */
    RULE_FWD_METHOD,
    RULE_FWD_BYPASS,   /* configured so, or known to be uncacheable */
};
struct rule_cache_status {
    const char *cache; /* our name: a token or printable text, at most 64 octets */
    enum rule_forward forward;
    unsigned fwd_status; /* the status the origin gave; 0: none */
    bool has_ttl;
    int64_t ttl_s; /* negative: stale since */
    bool stored;
    bool collapsed;
    const char *detail; /* a token or NULL */
};
enum { RULE_CACHE_STATUS_MAX = 256 };
/* One member, to be appended to what the origin sent; returns its length. */
size_t rule_cache_status(const struct rule_cache_status *status,
                         char out[static RULE_CACHE_STATUS_MAX]);

/* CDN-Loop (RFC 8586): how often `id` has seen this request; -1: the field is broken. */
int rule_loops(const struct http_fields *request, const char *id);
