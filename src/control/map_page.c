/* map_page.c - the picture of the running world, beside the metrics. Main thread. */
#include "metrics.h"

#include "control_state.h"
#include "map.h"

bool metrics_write_map(const struct control *control, const char *name, FILE *out)
{
    struct world_hold *hold;
    const struct world *world = world_hold(control->hooks.hub, &hold);

    if (world == NULL)
        return false;
    int service = map_service(world->base->conf, name[0] == '\0' ? NULL : name);
    if (service >= 0)
        map_write(world, (size_t)service, "", out);
    world_release(hold);
    return service >= 0;
}
