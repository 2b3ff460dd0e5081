/* explain_json.h - why a client gets its answer, as an object: what `waymark explain --json`
 * prints, and what the text is made of. Pure over the world it is given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <waymark/dns.h>

struct world;
struct without;
struct health_status;

struct explain_source {
    bool is_live; /* asked of a running server */
    int64_t now_ms;
    const struct health_status *health; /* what its health thread believes; may be NULL */
    size_t n_health;
    const struct without *without; /* targets that are supposed to be down; NULL: none */
};

/* Explains the question in that world. NULL: out of memory. */
json_t *explain_json(const struct world *world, const struct dns_question *question,
                     const struct explain_source *source);
