/* saved.c - verdicts that outlive this process. Health thread.
 *
 * Transitions are saved together, a second after the first; at the end every verdict is, with the
 * time of its last probe. */
#include "saved.h"

#include <stdlib.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/log.h>
#include <waymark/state.h>

#include "roster.h"
#include "thread.h"
#include "unit.h"

static const struct timeval SOON = { .tv_sec = 1 };
static const int64_t FORGET_MS = INT64_C(7) * 24 * 3600 * 1000; /* who is gone that long */

static void on_save(evutil_socket_t fd, short what, void *ctx);

struct restoring {
    struct health *health;
    int64_t now_ms;
    size_t n;
};

static void on_saved_verdict(void *ctx, const struct state_verdict *saved)
{
    struct restoring *r = ctx;
    struct unit *unit = roster_find(r->health->roster, saved->target, &saved->address);

    if (unit == NULL || unit->check == NULL || unit->fingerprint != saved->check)
        return;
    int64_t age_ms = r->now_ms - saved->checked_ms;
    if (age_ms < 0 || age_ms > (int64_t)HEALTH_INTERVALS_KEPT * unit->check->every_s * 1000)
        return; /* too old, or of a clock that was wrong */
    int64_t since_ms = saved->since_ms < saved->checked_ms ? saved->since_ms : saved->checked_ms;
    unit_restore(unit, saved->is_up, since_ms, saved->checked_ms);
    r->n++;
}

static int64_t longest_interval_ms(const struct roster *roster)
{
    int every_s = 0;

    for (size_t i = 0; i < roster->n; i++) {
        const struct conf_check *check = roster->units[i]->check;
        if (check != NULL && check->every_s > every_s)
            every_s = check->every_s;
    }
    return (int64_t)every_s * 1000;
}

void saved_restore(struct health *health)
{
    struct restoring r = { .health = health, .now_ms = clock_wall_ms() };
    char why[WHY_LEN];

    event_assign(&health->save_soon, health->base, -1, 0, on_save, health);
    if (health->conf->server.state == NULL)
        return;
    if (state_open(health->conf->server.state, &health->state, why) != 0) {
        log_line(LOG_LEVEL_WARNING, "health: verdicts will not outlive this process: %s", why);
        return;
    }
    int64_t from_ms = r.now_ms - HEALTH_INTERVALS_KEPT * longest_interval_ms(health->roster);
    if (state_load_verdicts(health->state, from_ms, on_saved_verdict, &r, why) != 0) {
        log_line(LOG_LEVEL_WARNING, "health: verdicts will not outlive this process: %s", why);
        state_close(health->state);
        health->state = NULL;
    }
    if (r.n > 0)
        log_line(LOG_LEVEL_INFO, "health: %zu verdicts of the former process are still good", r.n);
}

void saved_mark(struct health *health, struct unit *unit)
{
    unit->is_unsaved = true;
    if (health->state != NULL && !event_pending(&health->save_soon, EV_TIMEOUT, NULL))
        event_add(&health->save_soon, &SOON);
}

static struct state_verdict verdict_of(const struct unit *unit)
{
    struct state_verdict v = {
        .target = unit->target->name,
        .check = unit->fingerprint,
        .is_up = unit->track.verdict == HEALTH_UP,
        .since_ms = unit->track.since_ms,
        .checked_ms = unit->status.last_probe_ms,
    };

    if (unit->target->cname == NULL)
        v.address = unit->target->addresses[unit->address];
    return v;
}

/* Of a trouble that lasts, the first line is enough. */
static void log_trouble(struct health *h, int err, const char *why)
{
    if (err != 0 && !h->is_saving_broken)
        log_line(LOG_LEVEL_WARNING, "health: cannot save verdicts: %s", why);
    h->is_saving_broken = err != 0;
}

static void save(struct health *h, bool is_all)
{
    struct state_verdict *verdicts = calloc(h->roster->n + 1, sizeof *verdicts);
    char why[WHY_LEN] = "out of memory";
    size_t n = 0;
    int err = -1;

    for (size_t i = 0; verdicts != NULL && i < h->roster->n; i++) {
        struct unit *unit = h->roster->units[i];
        if (unit->check == NULL || unit->track.verdict == HEALTH_UNKNOWN)
            continue;
        if (is_all || unit->is_unsaved)
            verdicts[n++] = verdict_of(unit);
        unit->is_unsaved = false;
    }
    if (verdicts != NULL)
        err = n == 0 ? 0 : state_save_verdicts(h->state, verdicts, n, why);
    log_trouble(h, err, why);
    free(verdicts);
}

static void on_save(evutil_socket_t fd, short what, void *ctx)
{
    save(ctx, false);
}

void saved_close(struct health *health)
{
    char why[WHY_LEN];

    if (event_initialized(&health->save_soon))
        event_del(&health->save_soon);
    if (health->state == NULL)
        return;
    save(health, true);
    if (!health->is_saving_broken)
        log_trouble(health, state_forget_verdicts(health->state, clock_wall_ms() - FORGET_MS, why),
                    why);
    state_close(health->state);
    health->state = NULL;
}
