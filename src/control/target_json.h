/* target_json.h - a target with what is believed of it, as an object. Pure. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include <waymark/health.h>
#include <waymark/world.h>

/* `health`: what the health thread has to say; NULL with n_health 0: nothing. */
json_t *target_json(const struct world *world, int target, const struct health_status *health,
                    size_t n_health);
