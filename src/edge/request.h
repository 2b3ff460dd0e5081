/* request.h - one request of a client: its head, read, and its key.
 *
 * Counted: the session that received it holds one count, a fetch on its behalf another, because a
 * fetch may outlive the client.
 *
 * Threads: one. */
#pragma once

#include <waymark/conf.h>

#include "http_head.h"
#include "key.h"
#include "object.h"
#include "rule_control.h"
#include "rule_fresh.h"

struct request {
    uint32_t refs;
    struct http_request_head head; /* points into raw */
    struct rule_control control;
    struct rule_options options;
    struct key key;
    struct object_key object_key; /* the same, hashed by who looks up */
    bool is_tls;
    char client[64]; /* its address */
    char *raw;       /* the head */
    char *key_text;
};

/* NULL: out of memory. Then `*status`: 0, or what to answer instead (`head.why` says why). */
struct request *request_new(const char *head, size_t len, bool is_tls, int *status);
struct request *request_ref(struct request *r);
void request_unref(struct request *r); /* NULL is fine */

/* The key by the route that the path belongs to. `scratch` holds KEY_MAX octets. false: it cannot be
 * had (414). */
bool request_set_key(struct request *r, const struct conf_edge *edge, char *scratch);

/* The rule of a key for that route. */
struct key_rule request_rule_of(const struct conf_route *route);
const struct conf_route *request_route(const struct request *r, const struct conf_edge *edge);

/* Is it the variant that this request asks for (RFC 9111 4.1)? `scratch`: RULE_VARY_MARK_MAX octets. */
bool request_fits(const struct request *r, const struct object *o, char *scratch);

/* The host with its port, as the key has it. */
struct http_text request_host(const struct request *r);
