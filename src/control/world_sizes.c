/* world_sizes.c - how much memory the parts of a world take. Main thread, holding the world. */
#include "world_sizes.h"

#include <stdbool.h>
#include <stdlib.h>

#include <waymark/geo.h>
#include <waymark/world.h>

/* Plans share views: each is counted with the first plan that has it. */
static size_t views_bytes(const struct steer_plans *plans)
{
    size_t n = steer_plans_count(plans);
    bool *is_seen = calloc(n + 1, sizeof *is_seen);
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        struct steer_plan_figures f = steer_plan_figures(plans, i);
        bool is_known = f.view < n && is_seen != NULL;
        if (f.view == SIZE_MAX || (is_known && is_seen[f.view]))
            continue;
        if (is_known)
            is_seen[f.view] = true;
        sum += f.view_bytes;
    }
    free(is_seen);
    return sum;
}

struct world_sizes world_sizes(const struct world *world)
{
    const struct world_base *base = world->base;
    struct world_sizes sizes = {
        .zones = zone_set_bytes(base->zones),
        .geo = base->geo == NULL ? 0 : geo_bytes(base->geo),
        .views = views_bytes(base->plans),
    };

    for (size_t i = 0; i < steer_plans_count(base->plans); i++)
        sizes.tables += steer_table_bytes(world->tables[i]);
    return sizes;
}
