/* dns.h - the answer path: bytes in, bytes out.
 *
 * Threads: any; a desk belongs to one thread, which alone writes it; others read its counters.
 * Nothing here blocks, allocates, logs or reads a clock. No RCU either: the caller holds the world.
 * Source:  RFC 1034 4.3.2, RFC 2308, RFC 4592, RFC 6891, RFC 7828, RFC 7871, RFC 7873, RFC 8482,
 *          RFC 9018. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/counters.h>
#include <waymark/rng.h>
#include <waymark/steer.h>
#include <waymark/wire.h>
#include <waymark/zone.h>

struct world;

enum dns_transport { DNS_UDP, DNS_TCP, DNS_TRANSPORTS };

enum { DNS_TYPES_COUNTED = 16, DNS_RCODES_COUNTED = 24, DNS_ANSWER_MIN = 512 };

/* What a query's cookie (RFC 7873) says of who asks. */
enum dns_cookie {
    DNS_COOKIE_NONE,
    DNS_COOKIE_NEW,   /* a client's, without a server's: it asks for the first time */
    DNS_COOKIE_BAD,   /* with a server's that is not ours, or too old */
    DNS_COOKIE_GOOD,  /* with ours: the address is not forged */
    DNS_COOKIES
};

const char *dns_cookie_name(size_t i);    /* "none", "new", "bad", "good" */
const char *dns_kind_name(size_t i);      /* of a conf_kind: "answer", "nodata", ... */

/* Relaxed atomics by convention: one writer, see counters.h. */
struct dns_counts {
    uint64_t queries[DNS_TRANSPORTS][DNS_TYPES_COUNTED]; /* by dns_type_name */
    uint64_t rcodes[DNS_TRANSPORTS][DNS_RCODES_COUNTED];
    uint64_t dropped[DNS_TRANSPORTS];   /* silence: no query, or not ready */
    uint64_t malformed[DNS_TRANSPORTS]; /* answered with FORMERR */
    uint64_t truncated;
    uint64_t with_ecs;
    uint64_t open_answers; /* verdicts were ignored to find a target */
    uint64_t cookies[DNS_COOKIES];      /* queries with a cookie, by what it says; none is 0 */
    uint64_t bad_cookie_answers;        /* told to come back with our cookie */
    uint64_t strict_truncated;          /* cut to abuse_factor times the question */
    uint64_t rate_dropped[CONF_KINDS];  /* over the rate limit, met with silence */
    uint64_t rate_slipped[CONF_KINDS];  /* the same, answered empty and truncated */
    uint64_t rate_exempt;               /* over the limit, and let go by `exempt` */
};

/* What the i-th element of queries counts: "other", "A", ... */
const char *dns_type_name(size_t i);

/* Who got how many answers lately, shared by the desks of a server: fixed size, no lock. */
struct dns_rates;

struct dns_rates *dns_rates_new(void); /* NULL: no memory, or no random octets */
void dns_rates_free(struct dns_rates *rates); /* NULL is fine */

struct dns_desk {
    struct dns_counts counts;
    struct dns_rates *rates; /* NULL: nothing is limited */
    struct counter_bank *bank; /* zones and answers; slots from the world; NULL: not counted */
    struct rng rng;
    int64_t now_ms; /* wall clock; the loop sets it before each batch */
};

struct dns_in {
    const uint8_t *octets;
    size_t len;
    struct addr from;
    enum dns_transport transport;
    uint16_t keepalive_ds; /* TCP: how long a silent connection is kept, in tenths of a second */
};

struct dns_out {
    uint8_t *octets;
    size_t cap; /* at least DNS_ANSWER_MIN; for TCP WIRE_MESSAGE_MAX */
    size_t len; /* out: 0 when there is nothing to send */
};

/* All `in` came by the same transport. */
void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n);

/* Why does this client get this answer? */
struct dns_explanation {
    enum zone_verdict verdict;
    const struct zone *zone;      /* NULL: REFUSED */
    const struct conf_service *service; /* NULL: not steered */
    size_t service_index, plan;
    bool is_steered_type;
    struct steer_explanation steer; /* valid with a service and a steered type */
    size_t answer_len;
    uint8_t answer[4096]; /* what the server sends for it */
};

struct dns_question {
    struct wire_name name;
    uint16_t type;
    struct addr resolver;
    struct wire_ecs ecs;
    int64_t now_ms;
};

/* By the same code as the answer. Large: keep it on the heap. Counts nothing. */
void dns_explain(const struct world *world, const struct dns_question *question,
                 struct dns_explanation *out);
