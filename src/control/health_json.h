/* health_json.h - what the health thread believes, copied for the main thread. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include <waymark/health.h>

/* Every status; *n of them. The caller frees it. NULL: none, or out of memory. `health` may be
 * NULL. */
struct health_status *health_copy(struct health *health, size_t *n);

const char *health_verdict_word(
    const struct health_status *status); /* "up", "down", "unknown", ... */

/* An array, an element per address of a target. */
json_t *health_json(struct health *health);
/* One element of it. */
json_t *health_status_json(const struct health_status *status);
