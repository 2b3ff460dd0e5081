/* dns_answer.h - one answer under construction, and its stages in the order of RFC 1034 4.3.2. */
#pragma once

#include <waymark/dns.h>
#include <waymark/world.h>

#include "dns_cookie.h"

enum {
    DNS_CHAIN_MAX = 16, /* CNAMEs that are followed */
    DNS_ERROR_TEXT_MAX = 64
};

enum dns_error_code { /* RFC 8914 4 */
    DNS_ERROR_OTHER = 0,
    DNS_ERROR_NOT_AUTHORITATIVE = 20,
    DNS_ERROR_NOT_SUPPORTED = 21
};

struct dns_error {
    uint16_t code;
    const char *text; /* a few words, at most DNS_ERROR_TEXT_MAX octets */
};

struct dns_answer {
    const struct world *world;
    struct dns_desk *desk;
    const struct dns_in *in;
    struct wire_query query;
    struct wire_writer writer;
    size_t opt_len;      /* kept free at the end */
    uint16_t flags;
    unsigned rcode;
    uint8_t scope_bits;  /* the longest of the chain's parts */
    bool is_silent;      /* nothing is sent */
    const char *nsid;    /* NULL: not sent */
    bool needs_care;     /* it has options or the server a guard: only then the next are set */
    bool is_cut;         /* to what a client that may be forged gets */
    uint8_t cookie;      /* an enum dns_cookie */
    uint8_t own_cookie[DNS_COOKIE_LEN]; /* for the answer, unless the query had none */
    const struct wire_name *name; /* where the chain stands */
    struct wire_name link;        /* its storage behind the first name */
    const uint8_t *owner;  /* as a record's owner; NULL: the question's own name */
    const struct dns_error *error; /* why there is no answer; NULL: nothing to say */
    uint8_t n_dnames;
    const struct zone_node *dnames[DNS_CHAIN_MAX]; /* that are in the answer already */
};

/* dns_types.c: where a type is counted. */
enum { DNS_TYPES_INDEXED = WIRE_CAA + 1 };
extern const uint8_t dns_type_indexes[DNS_TYPES_INDEXED];

static inline size_t dns_type_index(uint16_t type)
{
    return type < DNS_TYPES_INDEXED ? dns_type_indexes[type] : 0;
}

/* Any query, by the whole way. */
void dns_answer_one(const struct world *world, struct dns_desk *desk, const struct dns_in *in,
                    struct dns_out *out);

/* dns_usual.c: answers the usual queries among `n`, and returns a bit for each of the others. */
enum { DNS_USUAL_MAX = 32 };
uint32_t dns_usual_answer(const struct world *world, struct dns_desk *desk,
                          const struct dns_in in[], struct dns_out out[], size_t n);

/* dns_zone.c: what a zone says. `ttl_max` caps every TTL, for names under a service. true: a CNAME,
 * and the chain goes on at a->name. */
bool dns_zone_answer(struct dns_answer *a, const struct zone_match *match, uint32_t ttl_max);
void dns_zone_negative(struct dns_answer *a, const struct zone *zone, uint32_t ttl_max);
/* Puts the set, and marks the answer truncated when it does not fit. */
bool dns_put(struct dns_answer *a, enum wire_section section, const uint8_t *owner,
             const struct wire_set *set, uint32_t ttl_max);
/* Does this type ask for what stands at an alias itself, rather than for what the alias leads to?
 * RFC 4035 2.5: its signatures and its NSEC stand beside a CNAME. */
static inline bool dns_wants_link(uint16_t type)
{
    return type == WIRE_CNAME || type == WIRE_ANY || type == WIRE_RRSIG || type == WIRE_NSEC;
}

/* Puts the node's DNAME, once: a chain may come this way again. */
bool dns_put_dname(struct dns_answer *a, const struct zone_node *node,
                   const struct zone_rrset *dname);

/* dns_steered.c: what a service says. true: the chain goes on at a->name. */
bool dns_steered_answer(struct dns_answer *a, const struct zone_match *match, uint32_t entry);

/* The service that steers this match for this type; 0: none. See world.h, WORLD_EVERY_TYPE. */
uint32_t dns_service_at(const struct world *world, const struct zone_match *match, uint16_t type);

/* A desk without a bank (an explanation's) counts neither zones nor answers. */
static inline void dns_count(const struct dns_answer *a, uint32_t slot)
{
    if (a->desk->bank != NULL)
        counter_add(a->desk->bank, slot, 1);
}

/* For answers that need_care. dns_option.c: cookie and keepalive. Judges the cookie and adds what the
 * answer's options will take to opt_len. */
void dns_options_judge(struct dns_answer *a);
void dns_options_put(struct dns_answer *a, size_t opt_at);
void dns_options_answer(struct dns_answer *a); /* to a query that is nothing but a cookie */

/* dns_guard.c: what a client that may be forged gets, over UDP and without our cookie. */
void dns_guard_cut(struct dns_answer *a);        /* lowers the bound of an answer just opened */
bool dns_guard_turns_away(struct dns_answer *a); /* answered, though not with what it asked for */
void dns_guard_limit(struct dns_answer *a); /* the finished answer: goes, is emptied, is silenced */

/* The chain: zones and services until something ends it. */
void dns_resolve(struct dns_answer *a);

/* dns_error.c: why there is no answer, for who runs the resolver, if it has EDNS and there is room
 * (RFC 8914). `opt_at` is where the OPT record begins, the last of the message. */
void dns_error_put(struct dns_answer *a, size_t opt_at);
extern const struct dns_error dns_not_ours;

/* dns_class.c: CHAOS, ANY, and what we do not serve. */
void dns_other_class(struct dns_answer *a);

/* Puts a CNAME and goes on at its target; false when that is not possible. */
bool dns_follow(struct dns_answer *a, const struct wire_set *cname, uint32_t ttl_max);
