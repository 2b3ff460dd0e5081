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

struct steer_plans {
    const struct conf *conf;
    struct arena *arena;
    struct steer_view **views;
    size_t n_views;
    struct steer_plan *plans;
    size_t n_plans;
    struct steer_service *services;
    uint32_t *of_target;     /* numbers of plans, by target... */
    size_t *of_target_first; /* ...where those of each target start, and the last end */
};
