/* rule_control.h - what Cache-Control says, in requests and in responses (RFC 9111 5.2). Pure.
 *
 * Directives without a meaning for us are ignored. Of a directive given twice the first counts;
 * a lifetime that is no number counts as 0 (stale: RFC 9111 4.2.1); one too large is cut to 2^31. */
#pragma once

#include "http_field.h"

enum {
    RULE_NOT_GIVEN = -1,      /* of a time in seconds */
    RULE_SECONDS_MAX = 2147483647,
    RULE_NAMED_MAX = 16,      /* field names in no-cache="..." and private="..." together */
};

/* A field name that a qualified no-cache or private names. */
struct rule_named {
    struct http_text name;
    bool is_private; /* else no-cache */
};

struct rule_control {
    /* both */
    bool no_store;
    bool no_cache;      /* without field names (or with too many, or Pragma: no-cache in a request
                         * that has no Cache-Control) */
    bool no_transform;
    int64_t max_age_s;  /* RULE_NOT_GIVEN, or 0..RULE_SECONDS_MAX; so are all below */
    int64_t stale_if_error_s; /* RFC 5861 4 */
    /* requests */
    bool only_if_cached;
    int64_t min_fresh_s;
    int64_t max_stale_s; /* RULE_SECONDS_MAX: however stale */
    /* responses */
    bool is_public;
    bool is_private; /* without field names */
    bool must_revalidate;
    bool proxy_revalidate;
    bool must_understand;
    bool immutable; /* RFC 8246 */
    bool is_targeted;  /* CDN-Cache-Control decided: Cache-Control and Expires do not count */
    int64_t s_maxage_s;
    int64_t stale_while_s; /* stale-while-revalidate, RFC 5861 3 */
    unsigned n_named;
    struct rule_named named[RULE_NAMED_MAX];
};

void rule_control_request(const struct http_fields *fields, struct rule_control *out);

/* CDN-Cache-Control (RFC 9213), where it is there and a valid dictionary, takes the place of
 * Cache-Control and Expires; a broken one is ignored. */
void rule_control_response(const struct http_fields *fields, struct rule_control *out);
