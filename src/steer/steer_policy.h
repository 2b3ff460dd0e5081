/* steer_policy.h - a service's policy over its targets, as the static stages see it.
 *
 * Owner: the plans' arena. Sites are the service's targets in the order written: site i is target
 * `sites[i].target` of the configuration. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/steer.h>
#include <waymark/wire.h>

#include "steer_match.h"

struct arena;

enum { STEER_SITES_MAX = CONF_SERVICE_TARGETS_MAX };

/* Candidates differ by type: for AAAA those that have an AAAA (or a CNAME), for A and all other types,
 * which must agree with A, those that have an A. Services of one family need one group only. */
enum steer_group { STEER_FOR_A, STEER_FOR_AAAA, STEER_GROUPS };

struct steer_site {
    int target;
    bool has_place;
    double unit[3]; /* see steer_unit */
    double stretch; /* of distances, by the bias */
    uint32_t floor_ppm;  /* the least share, in millionths, that `floor` keeps for it */
    uint64_t name_hash;  /* the same on every server, wherever the target stands in the list */
};

struct steer_policy {
    const struct conf *conf;
    const struct conf_stage *stages;
    size_t n_stages;
    struct steer_site *sites;
    size_t n_sites;
    struct prefix *prefixes; /* all that its rules and fences name, each once */
    size_t n_prefixes;
    unsigned n_groups;       /* 1 or STEER_GROUPS */
    int take, depth;         /* depth 0: keep all */
    int healthy;             /* index of that stage; -1: none */
    int draw;                /* of `weighted` or `sticky` */
    int floor;
    bool is_sticky;          /* it is `sticky` */
    bool sees_place;         /* some stage depends on where the client is */
};

/* false: out of memory. */
bool steer_policy_init(struct steer_policy *policy, const struct conf *conf,
                       const struct conf_service *service, struct arena *arena);

static inline unsigned steer_policy_group(const struct steer_policy *policy, uint16_t type)
{
    return policy->n_groups > 1 && type == WIRE_AAAA ? STEER_FOR_AAAA : STEER_FOR_A;
}

bool steer_has_family(const struct conf_target *target, uint8_t family);
/* Has the site something to say to the group's types? */
bool steer_fits_group(const struct steer_policy *policy, unsigned group, size_t site);
/* Does the stage see the client's place alone? */
bool steer_is_static(const struct conf_stage *stage);
/* What `up` means for it: WIRE_A, WIRE_AAAA, or WIRE_ANY where there is one group. */
uint16_t steer_group_type(const struct steer_policy *policy, unsigned group);

/* Candidates in tiers: the state that stages work on. */
struct steer_item {
    uint16_t site, tier;
    float km; /* negative: unknown */
};

struct steer_order {
    size_t n;
    struct steer_item items[STEER_SITES_MAX];
};

/* Some of the sites, ascending. */
struct steer_few {
    size_t n;
    uint16_t sites[STEER_SITES_MAX];
};

/* Applies every static stage. `few` NULL: to all sites. `trace` NULL: nobody asks why. */
void steer_order_build(const struct steer_policy *policy, unsigned group,
                       const struct steer_spot *spot, const struct steer_few *few,
                       struct steer_order *out, struct steer_trace *trace);

/* The longest of the policy's prefixes that holds the address; NULL: none. */
const struct prefix *steer_policy_prefix(const struct steer_policy *policy, const struct addr *who);

void steer_trace_add(struct steer_trace *trace, const struct steer_event *event);
