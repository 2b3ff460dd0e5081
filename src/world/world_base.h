/* world_base.h - building what only a reload changes. */
#pragma once

#include <stdatomic.h>

#include <waymark/world.h>

struct arena;

/* Counted: every world of this base holds it. */
struct world_base_box {
    atomic_uint refs;
    struct arena *arena; /* service_at, slots */
    struct world_base base;
};

/* NULL when the report got errors. References the conf. What is unchanged of the former base (NULL:
 * there was none) is not read or built again. */
struct world_base_box *world_base_build(struct conf *conf, const struct world_base *former,
                                        struct report *report);
struct world_base_box *world_base_ref(struct world_base_box *box);
void world_base_unref(struct world_base_box *box); /* NULL is fine */

/* Gives every zone and answer its counter slot. 0 or -ENOMEM. */
int world_base_set_slots(struct world_base_box *box, struct counter_names *names);

/* The steered hosts against the zones: fills `service_at`, which has an element per node, zeroed. */
void world_hosts_bind(const struct world_base *base, uint32_t *service_at, struct report *report);
