/* steer.h - who gets which target, and why.
 *
 * A policy is compiled in two steps. Static stages (fence, region, nearest, within, priority) see
 * only the client's place: they make views, whose classes are ordered tiers of targets. Dynamic ones
 * (healthy, weighted, sticky, floor, take) see the inputs: they make a table, class -> row, anew
 * whenever a verdict changes. Explain walks the same code with a trace in hand.
 *
 * Threads: build, compile and free from the writer; choose from any thread; all of it is pure, the
 *          clock and chance are arguments (a build looks at the clock to say how long it took).
 * Owner:   whoever makes a thing frees it, once no reader can hold it; tables are counted.
 * Units:   seconds for TTLs and horizons, milliseconds for now, kilometres. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/hash.h>
#include <waymark/rng.h>
#include <waymark/wire.h>

struct report;

enum { STEER_TAKE_MAX = 8 };
#define STEER_STEADY UINT32_MAX /* a horizon that cuts nothing */

/* ---- inputs: what steering depends on beside the configuration ---- */

struct steer_health {
    uint32_t up;        /* bit i: address i of the target is up; bit 0 for a CNAME */
    uint32_t horizon_s; /* before that long no verdict of the target can flip; STEER_STEADY */
};

struct steer_inputs; /* one frozen snapshot */

/* `health` has an element per target of the configuration and is copied. NULL: out of memory. */
struct steer_inputs *steer_inputs_new(const struct conf *conf, const struct steer_health *health);
void steer_inputs_free(struct steer_inputs *inputs); /* NULL is fine */
const struct steer_health *steer_inputs_health(const struct steer_inputs *inputs, int target);

/* The records of a target: type WIRE_A, WIRE_AAAA or WIRE_CNAME; NULL when it has none. Only the
 * addresses that are up, or all of them when the choice is blind. Behind the addresses lie the same
 * once more, so that any number in a row can be taken from any place. */
const struct wire_set *steer_records(const struct steer_inputs *inputs, int target, uint16_t type,
                                     bool is_blind);

/* As many of the set's addresses as the choice allows, from where its turn begins: the same place in
 * the lists of A and of AAAA. */
static inline struct wire_set steer_some(const struct wire_set *set, unsigned most, uint32_t turn)
{
    struct wire_set some = *set;

    if (most == 0 || set->count <= most)
        return some;
    uint32_t each = set->wire_len / set->count;
    some.wire += ((uint64_t)turn * set->count >> 32) * each; /* it is there twice */
    some.count = (uint16_t)most;
    some.wire_len = each * most;
    return some;
}

/* Is the target up for that type (or, for other types, in any family)? */
bool steer_is_up(const struct conf_target *target, const struct steer_health *health,
                 uint16_t type);

/* ---- plans ---- */

struct steer_plans; /* every plan and view of a configuration */

/* NULL when the report got errors. */
struct steer_plans *steer_plans_build(const struct conf *conf, const struct geo *geo,
                                      struct report *report);
/* The same when there were others before (NULL: none): views of the same base are taken over where
 * they divide the clients alike. */
struct steer_plans *steer_plans_build_after(const struct steer_plans *former,
                                            const struct conf *conf, const struct geo *geo,
                                            struct report *report);
void steer_plans_free(struct steer_plans *plans); /* NULL is fine */

size_t steer_plans_count(const struct steer_plans *plans);
size_t steer_plan_of(const struct steer_plans *plans, size_t service);
/* The plans that may give the target, ascending. */
const uint32_t *steer_plans_of_target(const struct steer_plans *plans, int target, size_t *n);
/* How many services have the plan; returns the first of them. */
size_t steer_plan_services(const struct steer_plans *plans, size_t plan, size_t *n);
/* Can a choice be a CNAME? Then every type is steered. */
bool steer_plan_has_cname(const struct steer_plans *plans, size_t plan);

struct steer_plan_figures {
    size_t classes, view_leaves, view_bytes;
    size_t view; /* plans with the same number share a view; SIZE_MAX: no geography */
    uint32_t build_ms;
};
struct steer_plan_figures steer_plan_figures(const struct steer_plans *plans, size_t plan);

/* ---- tables ---- */

struct steer_table; /* one plan under one snapshot of inputs */

/* NULL: out of memory. */
struct steer_table *steer_table_compile(const struct steer_plans *plans, size_t plan,
                                        const struct steer_inputs *inputs);
/* The same, given the table for inputs that `was` the world before: rows that none of the news concerns
 * are copied. The former table itself, counted once more, where no row is concerned. */
struct steer_table *steer_table_update(const struct steer_plans *plans, size_t plan,
                                       const struct steer_inputs *inputs,
                                       struct steer_table *former, const struct steer_inputs *was);
struct steer_table *steer_table_ref(struct steer_table *table);
void steer_table_unref(struct steer_table *table); /* NULL is fine */
size_t steer_table_bytes(const struct steer_table *table);
size_t steer_table_open_rows(const struct steer_table *table);  /* fail open: verdicts ignored */
/* WIRE_A or WIRE_AAAA where the open rows are for questions of that type alone, else WIRE_ANY. */
uint16_t steer_table_open_type(const struct steer_plans *plans, size_t plan,
                               const struct steer_table *table);
size_t steer_table_empty_rows(const struct steer_table *table); /* nothing left even so */

/* ---- the choice ---- */

struct steer_client {
    struct addr resolver;
    struct addr subnet; /* as its resolver passed it on; family 0: not, or without a length */
};

struct steer_choice {
    int targets[STEER_TAKE_MAX]; /* best first; a CNAME stands alone */
    uint16_t sites[STEER_TAKE_MAX]; /* the same by position in the service's own list */
    uint8_t n;                   /* 0: nothing left */
    bool is_open;                /* nothing was left, so verdicts were ignored: an alarm */
    bool is_blind;               /* addresses come whatever their verdict: open, or no `healthy` */
    bool is_drawn;               /* more than one could have come */
    uint8_t addresses;           /* of each target at most; 0: all */
    uint32_t turn;               /* whose turn it is among them, see steer_some */
    uint8_t scope_bits;          /* for the answer's ECS option, if there is one */
    uint32_t ttl_s;
};

/* The draw's secret, and the moment. */
struct steer_moment {
    int64_t now_ms; /* wall clock */
    struct rng *rng; /* for draw = "query" */
};

void steer_choose(const struct steer_plans *plans, const struct steer_table *table, size_t service,
                  uint16_t type, const struct steer_client *client, const struct hash_key *key,
                  const struct steer_moment *moment, struct steer_choice *out);

/* The same for many at once, so that their cache misses overlap, where chance has no say and all addresses
 * of one target are the answer, which is nearly always. */
enum { STEER_ASKED_MAX = 32 };
struct steer_asked {
    uint32_t service;
    uint16_t type; /* A or AAAA */
    uint16_t site; /* this and what follows is filled in */
    const struct addr *resolver;
    const struct addr *subnet; /* family 0: none was passed on, or without a length */
    const struct wire_set *set; /* NULL: it is not so, and steer_choose says how it is */
    uint32_t ttl_s;
    uint8_t scope_bits;
};
/* `tables` is by plan. */
void steer_choose_usual(const struct steer_plans *plans, const struct steer_table *const tables[],
                        const struct steer_inputs *inputs, struct steer_asked asked[], size_t n);

/* The HTTPS record of a target with addresses, for a choice among those that A gets; with the hints of
 * AAAA when that comes to the same target. It lies in `wire`. */
enum {
    STEER_HTTPS_MAX = WIRE_RR_HEAD + 3 + 4 + CONF_ALPN_MAX * (1 + CONF_ALPN_LEN_MAX) + 6 +
                      2 * 4 + CONF_ADDRESSES_MAX * 16
};
struct wire_set steer_https(const struct steer_inputs *inputs, const struct conf_target *t,
                            const struct conf_service *service, int target,
                            const struct steer_choice *choice, bool has_ipv6,
                            uint8_t wire[static STEER_HTTPS_MAX]);

/* ---- the explanation ---- */

enum { STEER_EVENTS_MAX = 1024 };

enum steer_event_kind {
    STEER_DROPPED, /* by this stage */
    STEER_PLACED,  /* stands in `tier` after this stage */
};

struct steer_event {
    int stage;  /* index in the policy; -1: before the stages (the type), n_stages: after them */
    int target;
    enum steer_event_kind kind;
    int tier;
    double km;    /* distance from the client; negative: unknown */
    double odds;  /* of being drawn first, after `weighted`; negative: not said */
    const char *reason; /* a clause, static; "" when there is nothing to say */
};

struct steer_trace {
    size_t n;
    bool is_truncated;
    struct steer_event events[STEER_EVENTS_MAX];
};

struct steer_explanation {
    struct geo_location where; /* of the address that decided */
    struct addr decided_by;
    bool is_by_ecs;
    bool has_view;
    uint32_t class;
    size_t n_classes;
    uint8_t class_bits; /* length of the merged network */
    struct addr identity; /* what the draw hashed; family 0: no draw */
    uint8_t identity_bits;
    int64_t window;        /* its number */
    uint32_t window_rest_s;
    bool is_sticky;        /* no window: the identity keeps what it drew */
    uint32_t horizon_s;
    struct steer_choice choice;
    struct steer_trace trace;
};

/* The same choice with its reasons. Large: keep it on the heap. */
void steer_explain(const struct steer_plans *plans, const struct steer_table *table,
                   const struct steer_inputs *inputs, const struct geo *geo, size_t service,
                   uint16_t type, const struct steer_client *client, const struct hash_key *key,
                   const struct steer_moment *moment, struct steer_explanation *out);

/* ---- the whole of it, for people ---- */

struct steer_share {
    int target, tier;
    double odds; /* of being drawn first in its tier; negative: its tier is taken in order */
};

struct steer_class_row {
    bool is_special; /* special-purpose addresses: no client's own */
    bool is_open;
    size_t n;
    struct steer_share shares[CONF_SERVICE_TARGETS_MAX]; /* best tier first */
};

size_t steer_classes(const struct steer_plans *plans, size_t plan);

/* The class of an address, and the length of the merged network around it (0 without geography). */
uint32_t steer_class_of(const struct steer_plans *plans, size_t plan, const struct addr *who,
                        uint8_t *bits);
void steer_class_row(const struct steer_plans *plans, const struct steer_table *table, size_t plan,
                     uint32_t class, uint16_t type, struct steer_class_row *out);

/* The row as it would be without end: who follows when those of better tiers die, to the last that the
 * view keeps. Slow. */
void steer_class_order(const struct steer_plans *plans, const struct steer_inputs *inputs,
                       size_t plan, uint32_t class, uint16_t type, struct steer_class_row *out);
