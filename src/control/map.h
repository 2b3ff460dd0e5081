/* map.h - the world as a picture: PoPs with their verdicts, countries in the colour of the target
 * that most of their addresses get. SVG that refers to nothing outside itself. Pure over the world
 * it is given. */
#pragma once

#include <stdio.h>

#include <waymark/world.h>

#include "map_shares.h"

/* `service` is an index; `shares` are those of its plan; `note` says where the verdicts come from.
 * false: out of memory. */
bool map_write(const struct world *world, size_t service, const struct map_shares *shares,
               const char *note, FILE *out);

/* The index of a service by its name, the first one for NULL; -1: there is none. */
int map_service(const struct conf *conf, const char *name);
