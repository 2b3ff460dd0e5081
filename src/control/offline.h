/* offline.h - a world built from a configuration's files, under the verdicts that are known. In a
 * client process. */
#pragma once

#include <waymark/world.h>

#include "offline_verdicts.h"
#include "without.h"

struct offline {
    struct conf *conf;
    struct world_hub *hub;
    struct world_hold *hold;
    const struct world *world;
    struct verdicts verdicts;
    struct without without; /* those to do without */
};

/* false: it has been told on standard error what is wrong. */
bool offline_open(struct offline *o, const char *path, const struct control_verdicts_args *args);
/* The same under the verdicts of another configuration, which stays open meanwhile. */
bool offline_open_beside(struct offline *o, const char *path, const struct offline *other);
void offline_close(struct offline *o); /* of zeros is fine */

/* Which verdicts those are, as an object; see verdicts_text. */
json_t *offline_verdicts(const struct offline *o);

/* The service whose host the name is, in that world: its index, or -1. */
int offline_service(const struct offline *o, const char *name);
