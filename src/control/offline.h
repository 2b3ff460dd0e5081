/* offline.h - a world built from a configuration's files alone, with every target taken for up but those
 * to do without. In a client process. */
#pragma once

#include <waymark/world.h>

#include "without.h"

struct report;

struct offline {
    struct conf *conf;
    struct world_hub *hub;
    struct world_hold *hold;
    const struct world *world;
};

/* false: the report says why. The conf is referenced. */
bool offline_open(struct offline *o, struct conf *conf, const struct without *without,
                  struct report *report);
/* The same from a file, with names; what is wrong is told on standard error. */
bool offline_open_file(struct offline *o, const char *path, const char *without);
void offline_close(struct offline *o); /* of zeros is fine */

/* The service whose host the name is, in that world: its index, or -1. */
int offline_service(const struct offline *o, const char *name);
