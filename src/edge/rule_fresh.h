/* rule_fresh.h - may a response be stored, how long is it fresh, and may it be served now?
 * (RFC 9111 3 and 4, RFC 5861, RFC 8246). Pure: the clock is an argument, in milliseconds since 1970.
 *
 * There are no heuristic lifetimes unless the options ask for them: a response that names none is
 * stored if it can be validated, and validated at each use. */
#pragma once

#include "http_head.h"
#include "rule_control.h"

/* A route's choices; all zero is the standard's behaviour. */
struct rule_options {
    bool ignore_request_no_cache; /* no-cache, max-age, min-fresh of clients go unheard */
    unsigned heuristic_pct;       /* lifetime from Last-Modified: this share of its age; 0: none */
    int64_t heuristic_max_s;
    int64_t default_ttl_s; /* for 200 responses that name no lifetime; 0: none */
    int64_t negative_ttl_s; /* likewise for 404 and 410 */
    int64_t stale_while_s; /* where the response does not say; 0: none */
    int64_t stale_if_error_s;
};

/* What a request wants of the cache, before anything was looked up. */
enum rule_lookup {
    RULE_LOOK_UP, /* a stored response may answer */
    RULE_BYPASS,  /* no-cache: ask the origin, with the validators of a stored response if there is
                   * one; the answer may be stored */
    RULE_PASS,    /* go to the origin; nothing is stored (other methods, no-store, a body) */
};
enum rule_lookup rule_look_up(const struct http_request_head *request,
                              const struct rule_control *control, const struct rule_options *options);

/* May this response be stored for others (RFC 9111 3)? NULL: yes; else the reason, a short static
 * text for log and Cache-Status ("private", "no-store", "authorization", "vary *", ...). The body
 * must still arrive whole. `now_ms`: when the head had arrived. */
const char *rule_why_not_stored(const struct http_request_head *request,
                                const struct rule_control *request_control,
                                const struct http_response_head *response,
                                const struct rule_control *response_control,
                                const struct rule_options *options, int64_t now_ms);

/* All that later decisions need; lives in the stored object, holds no slices. A 304 makes it anew
 * from the merged fields. */
struct rule_fresh {
    int64_t response_ms;  /* when its head had arrived, by the clock that tells `now_ms` */
    int64_t age_ms;       /* corrected initial age: how old it was then (RFC 9111 4.2.3) */
    int64_t lifetime_ms;  /* 0: stale from the start */
    int64_t stale_while_ms; /* after the lifetime: serve and revalidate in the background */
    int64_t stale_if_error_ms; /* after the lifetime: serve if the origin fails */
    bool always_validate; /* no-cache */
    bool must_revalidate; /* must-revalidate, proxy-revalidate, s-maxage: not stale, unless the
                           * response itself has a stale-... beside s-maxage */
    bool can_validate;    /* has an ETag or Last-Modified */
    bool immutable;
    bool is_heuristic;    /* the lifetime is our guess */
};

/* `request_ms`: when the request was sent, `response_ms`: when the head had arrived. */
void rule_fresh_make(const struct http_response_head *response, const struct rule_control *control,
                     const struct rule_options *options, int64_t request_ms, int64_t response_ms,
                     struct rule_fresh *out);

int64_t rule_age_s(const struct rule_fresh *f, int64_t now_ms);      /* the Age field's value */
int64_t rule_ttl_ms(const struct rule_fresh *f, int64_t now_ms);     /* fresh for; < 0: stale since */

/* A soft purge: stale from now on; what may be done with stale ones stays allowed. */
void rule_fresh_expire(struct rule_fresh *f, int64_t now_ms);

/* What to do with a stored response that fits the request. */
enum rule_use {
    RULE_USE,            /* fresh enough: serve it */
    RULE_USE_AND_UPDATE, /* stale, but may be served while it is revalidated in the background */
    RULE_VALIDATE,       /* ask the origin (with the validators, if it has any) before using it */
    RULE_GATEWAY_TIMEOUT /* only-if-cached, and it may not be used: answer 504, as where nothing is
                          * stored and control.only_if_cached */
};
enum rule_use rule_use(const struct rule_fresh *f, const struct rule_control *request,
                       const struct rule_options *options, int64_t now_ms);

/* The origin failed (no connection, timeout, 500, 502, 503, 504): may the stored one be served? */
bool rule_use_on_error(const struct rule_fresh *f, const struct rule_control *request,
                       int64_t now_ms);
bool rule_is_error(unsigned status); /* counts as a failure for stale-if-error */

/* Statuses whose meaning the cache knows: others are stored only without must-understand, and a
 * lifetime may be guessed only for those cacheable by default (RFC 9110 15.1). */
bool rule_understands(unsigned status);
bool rule_is_heuristically_cacheable(unsigned status);
