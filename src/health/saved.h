/* saved.h - verdicts that outlive this process.
 *
 * Thread: the health thread, or its maker before it runs. Nothing here fails: without a state
 * folder the first probes decide, as on a first start. */
#pragma once

struct health;
struct unit;

/* Opens the store and takes from it what is younger than three intervals. */
void saved_restore(struct health *health);

/* A transition: it will be saved within a second. */
void saved_mark(struct health *health, struct unit *unit);

/* Saves everything and closes the store. */
void saved_close(struct health *health);
