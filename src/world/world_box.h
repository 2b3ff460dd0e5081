/* world_box.h - a counted world: a base, a snapshot of inputs, and the tables compiled from both. */
#pragma once

#include <stdatomic.h>

#include <waymark/world.h>

#include "world_base.h"
#include "world_tables.h"

struct world_hold { /* what others call a hold is the box itself */
    atomic_uint refs;
    struct world_base_box *base;
    struct steer_inputs *inputs;
    size_t n_plans;
    struct world_tables tables; /* counted; world.tables are the same pointers */
    struct world world;         /* last: it ends in an array */
};

/* A world of that base under that health (one element per target). Tables of `like`, a world of the
 * same base, are shared where no target differs; NULL: compile all. NULL: out of memory. */
struct world_hold *world_box_new(struct world_base_box *base, const struct steer_health *health,
                                 const struct world_hold *like, uint64_t version);
struct world_hold *world_box_of(const struct world *world);
struct world_hold *world_box_ref(struct world_hold *box);
void world_box_unref(struct world_hold *box); /* NULL is fine */
