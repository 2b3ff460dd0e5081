/* schedule.c - when the next probe is due. Pure. */
#include "schedule.h"

enum { SPREAD_EACH_US = 2000, SPREAD_MAX_US = 1000000, TICK_US = 100000, TICKS_AT_LEAST = 20 };

static const double JITTER = 0.1; /* of the interval, either way */
static const double SECOND_AT_LEAST = 0.1;

void schedule_init(struct schedule *schedule, int every_s, size_t n_starting, int64_t now_us,
                   struct rng *rng)
{
    double spread_us = SPREAD_MAX_US;

    if (n_starting < SPREAD_MAX_US / SPREAD_EACH_US)
        spread_us = (double)(n_starting * SPREAD_EACH_US);
    *schedule = (struct schedule){
        .every_us = (int64_t)every_s * 1000000,
        .due_us = now_us + (int64_t)(spread_us * rng_unit(rng)),
    };
}

static int64_t tick_us(const struct schedule *schedule)
{
    int64_t longest = schedule->every_us / TICKS_AT_LEAST;

    return longest < TICK_US ? longest : TICK_US;
}

void schedule_started(struct schedule *schedule, int64_t now_us, struct rng *rng)
{
    double part = schedule->is_spread ? 1 - JITTER + 2 * JITTER * rng_unit(rng)
                                      : SECOND_AT_LEAST + (1 - SECOND_AT_LEAST) * rng_unit(rng);

    schedule->is_spread = true;
    schedule->due_us = now_us + (int64_t)((double)schedule->every_us * part);
    schedule->due_us -= schedule->due_us % tick_us(schedule);
}

bool schedule_is_late(const struct schedule *schedule, int64_t now_us)
{
    return now_us - schedule->due_us > schedule->every_us;
}

int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us)
{
    return schedule->due_us > now_us ? schedule->due_us - now_us : 0;
}
