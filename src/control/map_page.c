/* map_page.c - the picture of the running world, beside the metrics. Main thread.
 *
 * Shares of countries last as long as the world's base: they are gathered at the first picture
 * after a load, so that those after it cost little, whatever verdicts do. */
#include "map_page.h"

#include <stdlib.h>

#include "control_state.h"
#include "map.h"
#include "metrics.h"

enum { KEPT_MAX = 16 }; /* plans */

struct map_cache {
    const struct world_base *base; /* may have gone: only compared */
    int64_t loaded_ms;
    size_t n;
    struct {
        size_t plan;
        struct map_shares *shares;
    } kept[KEPT_MAX];
};

struct map_cache *map_cache_new(void)
{
    return calloc(1, sizeof(struct map_cache));
}

static void forget(struct map_cache *cache)
{
    for (size_t i = 0; i < cache->n; i++)
        map_shares_free(cache->kept[i].shares);
    cache->n = 0;
}

void map_cache_free(struct map_cache *cache)
{
    if (cache == NULL)
        return;
    forget(cache);
    free(cache);
}

/* NULL: out of memory. */
static const struct map_shares *shares_of(struct map_cache *cache, const struct world *world,
                                          size_t plan)
{
    if (cache->base != world->base || cache->loaded_ms != world->base->loaded_ms)
        forget(cache);
    cache->base = world->base;
    cache->loaded_ms = world->base->loaded_ms;
    for (size_t i = 0; i < cache->n; i++)
        if (cache->kept[i].plan == plan)
            return cache->kept[i].shares;
    if (cache->n == KEPT_MAX)
        forget(cache);
    struct map_shares *fresh = map_shares_new(world, plan);
    if (fresh != NULL) {
        cache->kept[cache->n].plan = plan;
        cache->kept[cache->n++].shares = fresh;
    }
    return fresh;
}

bool metrics_write_map(const struct control *control, const char *name, FILE *out)
{
    struct world_hold *hold;
    const struct world *world = world_hold(control->hooks.hub, &hold);
    const struct map_shares *shares = NULL;

    if (world == NULL)
        return false;
    int service = map_service(world->base->conf, name[0] == '\0' ? NULL : name);
    if (service >= 0)
        shares =
            shares_of(control->maps, world, steer_plan_of(world->base->plans, (size_t)service));
    bool is_drawn = shares != NULL && map_write(world, (size_t)service, shares,
                                                "Verdicts of the running server.", out);
    world_release(hold);
    return is_drawn;
}
