/* map.h - the world as a picture: PoPs with their verdicts, countries in the colour of the target that
 * their clients get. SVG that refers to nothing outside itself. Pure over the world it is given. */
#pragma once

#include <stdio.h>

#include <waymark/world.h>

/* `service` is an index; `note` says where the verdicts come from. */
void map_write(const struct world *world, size_t service, const char *note, FILE *out);

/* The index of a service by its name, the first one for NULL; -1: there is none. */
int map_service(const struct conf *conf, const char *name);
