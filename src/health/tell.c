/* tell.c - what the world hears of the verdicts, and when. Health thread. */
#include "tell.h"

#include <errno.h>
#include <stdlib.h>

#include <event2/event.h>

#include <waymark/log.h>
#include <waymark/world.h>

#include "roster.h"
#include "thread.h"
#include "unit.h"

_Static_assert(TRACK_STEADY == STEER_STEADY, "the world takes our horizons as they are");

static const struct timeval SOON = { .tv_usec = 10000 };
static const struct timeval AGAIN = { .tv_usec = 100000 }; /* after a lack of memory */

static uint32_t target_horizon_s(const struct unit *unit)
{
    uint32_t horizon_s = TRACK_STEADY;

    for (size_t i = 0; i < unit->n_siblings; i++) {
        uint32_t s = track_horizon_s(&unit->siblings[i]->track);
        horizon_s = s < horizon_s ? s : horizon_s;
    }
    return horizon_s;
}

static void fill_verdict(struct unit *unit, struct world_verdict *verdict)
{
    *verdict = (struct world_verdict){
        .target = unit->target->name,
        .address = unit->address,
        .is_up = unit->track.verdict == HEALTH_UP,
        .horizon_s = target_horizon_s(unit),
        .probed = unit->target,
    };
}

/* All that is untold, in one new world. false: no memory, it will be tried again. */
static bool tell_world(struct health *h)
{
    if (h->n_untold == 0)
        return true;
    struct world_verdict *verdicts = malloc(h->n_untold * sizeof *verdicts);
    int err = -ENOMEM;
    if (verdicts != NULL) {
        for (size_t i = 0; i < h->n_untold; i++)
            fill_verdict(h->untold[i], &verdicts[i]);
        err = world_set_verdicts(h->hub, verdicts, h->n_untold, NULL);
    }
    free(verdicts);
    if (err != 0) {
        log_line(LOG_LEVEL_ERROR, "health: no memory for new verdicts; trying again");
        event_add(&h->tell_soon, &AGAIN);
        return false;
    }
    for (size_t i = 0; i < h->n_untold; i++) {
        h->untold[i]->told_horizon_s = track_horizon_s(&h->untold[i]->track);
        h->untold[i]->is_untold = false;
    }
    h->n_untold = 0;
    event_del(&h->tell_soon);
    return true;
}

static void on_tell(evutil_socket_t fd, short what, void *ctx)
{
    struct health *h = ctx;

    if (tell_world(h))
        tell_if_ready(h);
}

static void on_first_wait_over(evutil_socket_t fd, short what, void *ctx)
{
    struct health *h = ctx;

    h->is_wait_over = true;
    tell_if_ready(h);
}

void tell_init(struct health *health)
{
    struct timeval wait = { .tv_sec = health->conf->health.first_results_s };

    event_assign(&health->tell_now, health->base, -1, 0, on_tell, health);
    event_assign(&health->tell_soon, health->base, -1, 0, on_tell, health);
    event_assign(&health->first_wait, health->base, -1, 0, on_first_wait_over, health);
    event_add(&health->first_wait, &wait);
}

void tell_fini(struct health *health)
{
    if (event_initialized(&health->tell_now)) {
        event_del(&health->tell_now);
        event_del(&health->tell_soon);
        event_del(&health->first_wait);
    }
    free(health->untold);
    health->untold = NULL;
}

int tell_resize(struct health *health, size_t n)
{
    struct unit **untold = calloc(n + 1, sizeof(struct unit *));

    if (untold == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < health->n_untold; i++)
        health->untold[i]->is_untold = false;
    free(health->untold);
    health->untold = untold;
    health->n_untold = 0;
    return 0;
}

static void mark(struct health *h, struct unit *unit)
{
    if (unit->is_untold)
        return;
    unit->is_untold = true;
    h->untold[h->n_untold++] = unit;
}

void tell(struct health *health, struct unit *unit, bool is_flip)
{
    mark(health, unit);
    if (is_flip)
        event_active(&health->tell_now, EV_TIMEOUT, 0);
    else if (!event_pending(&health->tell_soon, EV_TIMEOUT, NULL))
        event_add(&health->tell_soon, &SOON);
}

void tell_all(struct health *health)
{
    health->n_unknown = 0;
    for (size_t i = 0; i < health->roster->n; i++) {
        struct unit *unit = health->roster->units[i];
        if (unit->check == NULL)
            continue;
        if (unit->track.verdict == HEALTH_UNKNOWN)
            health->n_unknown++;
        else
            mark(health, unit);
    }
    event_active(&health->tell_now, EV_TIMEOUT, 0);
}

static void log_first_results(const struct health *h)
{
    size_t n_up = 0, n_down = 0;

    for (size_t i = 0; i < h->roster->n; i++) {
        const struct unit *unit = h->roster->units[i];
        n_up += unit->check != NULL && unit->track.verdict == HEALTH_UP;
        n_down += unit->track.verdict == HEALTH_DOWN;
    }
    if (h->n_unknown > 0)
        log_line(LOG_LEVEL_WARNING,
                 "health: first results: %zu up, %zu down, %zu count as up, not heard of in %d s",
                 n_up, n_down, h->n_unknown, h->conf->health.first_results_s);
    else
        log_line(LOG_LEVEL_NOTICE, "health: first results: %zu up, %zu down", n_up, n_down);
}

void tell_if_ready(struct health *health)
{
    if (health->is_ready || (health->n_unknown > 0 && !health->is_wait_over))
        return;
    if (!tell_world(health) || world_set_ready(health->hub) != 0) {
        event_add(&health->first_wait, &AGAIN);
        return;
    }
    health->is_ready = true;
    event_del(&health->first_wait);
    log_first_results(health);
}
