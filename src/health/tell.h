/* tell.h - what the world hears of the verdicts, and when.
 *
 * Thread: the health thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct health;
struct unit;

/* Sets up the events; the loop need not run. */
void tell_init(struct health *health);
void tell_fini(struct health *health);

/* Forgets what is untold and makes room for a roster of `n` units, which tell_all must follow. 0,
 * or -ENOMEM and nothing has changed. */
int tell_resize(struct health *health, size_t n);

/* A verdict or a horizon has changed. Flips are told when the loop has run through what is ready
 * now, horizons within 10 ms; whoever is told first takes the others along. */
void tell(struct health *health, struct unit *unit, bool is_flip);

/* Everything that is known, at once: after a start and a reload. */
void tell_all(struct health *health);

/* Opens the gate when every unit has a verdict, or has been waited for. */
void tell_if_ready(struct health *health);
