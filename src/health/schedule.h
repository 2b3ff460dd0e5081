/* schedule.h - when the next probe is due.
 *
 * Pure: time and chance are arguments. Units: microseconds of the steady clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/rng.h>

struct schedule {
    int64_t every_us;
    int64_t due_us;
    bool is_spread; /* the second probe has found its place in the interval */
};

/* `n_starting` share the start: their first probes are spread over 2 ms each, a second at most. */
void schedule_init(struct schedule *schedule, int every_s, size_t n_starting, int64_t now_us,
                   struct rng *rng);

/* A probe starts now: when is the next one due? The second comes anywhere within an interval, so
 * that what started together does not stay together; the others after every_s +- 10 %. Times are cut
 * to a tick, 100 ms or a twentieth of the interval: a few probes at a time find warm caches, and cost
 * a third less than one by one. */
void schedule_started(struct schedule *schedule, int64_t now_us, struct rng *rng);

/* Is a start at `now_us` over an interval too late? */
bool schedule_is_late(const struct schedule *schedule, int64_t now_us);

/* How long to wait: 0 when it is due. */
int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us);
