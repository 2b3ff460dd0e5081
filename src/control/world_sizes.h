/* world_sizes.h - how much memory the parts of a world take. Main thread, holding the world. */
#pragma once

#include <stddef.h>

struct world;

struct world_sizes {
    size_t zones, geo, views, tables; /* octets; a shared view counts once */
};

struct world_sizes world_sizes(const struct world *world);
