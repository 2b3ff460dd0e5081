/* rule_pass.h - which fields go on: to the origin, into the store, to the client; what a 304
 * changes; what an unsafe request makes stale; the fields that caches write. Pure. */
#pragma once

#include "http_head.h"
#include "rule_control.h"

/* Takes out what ends at this connection (RFC 9110 7.6.1): Connection and all it names, Keep-Alive,
 * Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade. To be called as soon as a head has been read,
 * before key, Vary and storage look at it: then nobody can make us fetch without a field that the key
 * was made with. Connection cannot take away Host, Content-Length, CDN-Loop, Via, Forwarded,
 * X-Forwarded-For. */
void rule_strip_hop_by_hop(struct http_fields *fields);

/* Fields of a client's request, already stripped, that we send on. Not: Host, Content-Length and
 * Expect, which whoever writes the head writes himself; when the fetch fills the cache
 * (`for_cache`), not the client's own conditions and ranges either, which we answer ourselves. */
bool rule_goes_to_origin(const struct http_field *field, bool for_cache);

/* Fields of a response, already stripped, that we pass to the client who asked (`to_store` false) or
 * store for others. Not: Content-Length (written anew); when to_store, not Age (computed at each
 * use), nor what a qualified private or no-cache names. */
bool rule_is_kept(const struct http_field *field, const struct rule_control *control, bool to_store);

/* A 304's fields, already stripped, replace those of the same name in the stored head, except for
 * what describes the body that is here already: Content-Length, Content-Encoding, Content-Range,
 * Content-MD5, ETag (RFC 9111 3.2). The stored Date goes in any case. Fills `out` with slices of both: stored ones in their order, then
 * the new ones. false: more than HTTP_FIELDS_MAX. */
bool rule_merge_304(const struct http_fields *stored, const struct http_fields *update,
                    struct http_fields *out);

/* May this 304, an answer to our own conditions, freshen the stored response? Not when its
 * Last-Modified says it is another one (RFC 9111 4.3.4). An ETag that differs from the one we asked
 * for contradicts the 304 itself; the status is believed and the stored ETag stays. */
bool rule_304_fits(const struct http_fields *stored, const struct http_fields *update, int64_t now_s);

/* Does this response to this request make stored ones stale: its own URI, and those that Location and
 * Content-Location name on the same host (RFC 9111 4.4; key_of_location reads them)? */
bool rule_invalidates(const struct http_request_head *request, unsigned status);

/* What we add to Via of requests that go to the origin: "1.1 name" (RFC 9110 7.6.3). Responses get
 * none: a gateway may leave it out, and Cache-Status says more. */
enum { RULE_VIA_MAX = 80 };
size_t rule_via(bool is_http_10, const char *name, char out[static RULE_VIA_MAX]);

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
