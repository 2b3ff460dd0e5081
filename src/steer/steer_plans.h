/* steer_plans.h - every plan and view of a configuration, and which service uses which. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/steer.h>

#include "steer_policy.h"
#include "steer_view.h"

struct arena;

struct steer_plan {
    struct steer_policy policy; /* of the first service that has it */
    const struct steer_view *view;
    size_t view_number;
    bool has_cname;
    uint32_t first_service, n_services; /* who has it */
};

struct steer_service {
    const struct conf_service *conf;
    uint32_t plan;
    uint64_t name_hash; /* the same on every server */
};

/* What a choice that is one row needs to know of a service, on one cache line. */
struct steer_route {
    const struct geo_view *geo; /* NULL: one class for everybody */
    const struct steer_class *classes;
    uint32_t plan;
    uint32_t ttl_s;
    uint8_t n_groups;
    uint8_t aaaa_group; /* that questions for AAAA belong to; all others to the first */
    bool is_sticky;
    bool is_blind;
    bool is_sole; /* the answer is all addresses of one target */
};

/* steer_usual.c */
void steer_route_init(struct steer_route *route, const struct conf_service *service,
                      const struct steer_plan *plan, uint32_t number);

struct steer_plans {
    const struct conf *conf;
    const struct geo *geo; /* what the views divide */
    struct arena *arena;
    struct steer_view **views;
    size_t n_views;
    struct steer_plan *plans;
    size_t n_plans;
    struct steer_service *services;
    uint32_t *of_target;     /* numbers of plans, by target... */
    size_t *of_target_first; /* ...where those of each target start, and the last end */
    struct steer_route *routes; /* by service */
};
