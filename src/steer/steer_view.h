/* steer_view.h - a policy's division of the address space: every place becomes a class, and a class
 * is one order of the sites for each group of types.
 *
 * Owner: the plans. Sites are numbers in the service's own list, so that services with the same sites
 * and static stages share a view whatever their targets are called. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/geo.h>
#include <waymark/why.h>

#include "steer_policy.h"

struct steer_class {
    bool is_special;             /* special-purpose: as ECS address it does not decide */
    uint32_t at[STEER_GROUPS];   /* where the group's sites start in `sites` */
    uint16_t n[STEER_GROUPS];
};

struct steer_placed {
    uint16_t site, tier;
};

struct steer_view {
    atomic_uint refs;
    char *key;            /* what it was built for, to be found at a reload */
    struct geo_view *geo; /* NULL: one class for everybody */
    struct steer_class *classes;
    size_t n_classes, max_classes;
    struct steer_placed *sites;
    size_t n_sites, max_sites;
    uint64_t *sieve; /* of each class, then group: the bits site % 64 of its sites */
    uint32_t *index; /* class + 1 by the hash of its sites */
    size_t n_index;  /* a power of two */
    uint32_t build_ms;
};

static inline uint64_t steer_sieve(unsigned site)
{
    return (uint64_t)1 << site % 64;
}

/* 0, or -errno with `why`. `key` is the policy's steer_view_key. */
int steer_view_build(const struct steer_policy *policy, const char *key, const struct geo *geo,
                     struct steer_view **out, char why[static WHY_LEN]);
struct steer_view *steer_view_ref(struct steer_view *view);
void steer_view_free(struct steer_view *view); /* the last one frees; NULL is fine */

size_t steer_view_bytes(const struct steer_view *view);
