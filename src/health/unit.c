/* unit.c - one verdict: probes it when it is due and takes in the results. Health thread.
 *
 * Others are told through tell.c and saved.c. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/log.h>

#include "check_url.h"
#include "identity.h"
#include "probe.h"
#include "saved.h"
#include "tell.h"
#include "thread.h"

enum { VOID_LOG_EVERY_US = 60000000 };

static void on_due(evutil_socket_t fd, short what, void *ctx);

/* The address to show before a first probe: as far as the configuration knows it. */
static struct endpoint shown_address(const struct unit *unit)
{
    const struct conf_target *t = unit->target;
    const struct addr *addr = t->cname == NULL ? &t->addresses[unit->address] : NULL;
    struct endpoint shown = { 0 };
    struct check_url url;
    char why[WHY_LEN];

    if (addr != NULL)
        shown.addr = *addr;
    if (unit->check == NULL || check_url_expand(unit->check, addr, t->cname, &url, why) != 0)
        return shown;
    if (t->n_probe_addresses == 0)
        return url.peer.addr.family != 0 ? url.peer : shown;
    shown = t->probe_addresses[unit->address % t->n_probe_addresses];
    if (shown.port == 0)
        shown.port = url.peer.port;
    return shown;
}

struct unit *unit_new(struct health *health, struct conf *conf, const struct conf_target *target,
                      size_t address)
{
    struct unit *unit = calloc(1, sizeof *unit);

    if (unit == NULL)
        return NULL;
    unit->identity = identity_new(conf, target, address);
    if (unit->identity == NULL) {
        free(unit);
        return NULL;
    }
    unit->fingerprint = identity_hash(unit->identity);
    unit->health = health;
    unit->told_horizon_s = TRACK_STEADY;
    unit_move(unit, conf, target, address);
    if (unit->check != NULL) {
        struct track_rule rule = { unit->check->fall, unit->check->rise, unit->check->every_s };
        track_init(&unit->track, &rule);
    }
    unit->cost = unit->check == NULL ? 0 : probe_cost(conf, target);
    unit->status.is_checked = unit->check != NULL;
    unit->status.verdict = unit->check != NULL ? HEALTH_UNKNOWN : HEALTH_UP;
    unit->status.address = shown_address(unit);
    return unit;
}

void unit_free(struct unit *unit)
{
    if (unit == NULL)
        return;
    if (unit->probe != NULL) {
        probe_cancel(unit->probe);
        turns_give_back(&unit->health->turns, unit->cost);
    }
    unit_stop_waiting(unit);
    if (event_initialized(&unit->timer))
        event_del(&unit->timer);
    conf_unref(unit->conf);
    free(unit->identity);
    free(unit);
}

void unit_stop_waiting(struct unit *unit)
{
    turns_forget(&unit->health->turns, unit);
}

void unit_move(struct unit *unit, struct conf *conf, const struct conf_target *target,
               size_t address)
{
    struct conf *former = unit->conf;

    unit->conf = conf_ref(conf);
    unit->target = target;
    unit->check = target->check == CONF_NONE ? NULL : &conf->checks[target->check];
    unit->address = (uint8_t)address;
    snprintf(unit->status.target, sizeof unit->status.target, "%s", target->name);
    conf_unref(former);
}

void unit_restore(struct unit *unit, bool is_up, int64_t since_ms, int64_t checked_ms)
{
    track_restore(&unit->track, is_up, since_ms);
    unit->status.verdict = unit->track.verdict;
    unit->status.since_ms = since_ms;
    unit->status.last_probe_ms = checked_ms;
}

static void arm(struct unit *unit)
{
    int64_t wait_us = schedule_wait_us(&unit->schedule, clock_steady_us());
    struct timeval wait = { .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000 };

    event_add(&unit->timer, &wait);
}

void unit_start(struct unit *unit, size_t n_starting)
{
    struct health *h = unit->health;

    event_assign(&unit->timer, h->base, -1, 0, on_due, unit);
    schedule_init(&unit->schedule, unit->check->every_s, n_starting, clock_steady_us(), &h->rng);
    arm(unit);
}

static void on_due(evutil_socket_t fd, short what, void *ctx)
{
    struct unit *unit = ctx;

    turns_ask(&unit->health->turns, unit);
}

/* "tokyo 127.0.10.1:8080", or the name alone where it says enough. */
static const char *name_of(const struct unit *unit, char *out, size_t size)
{
    char address[ENDPOINT_TEXT_LEN];

    if (unit->target->cname != NULL)
        snprintf(out, size, "%s", unit->status.target);
    else
        snprintf(out, size, "%s %s", unit->status.target,
                 endpoint_format(&unit->status.address, address));
    return out;
}

/* At a start a line per target that is up would bury those that are not. */
static void log_transition(const struct unit *unit, enum health_verdict before, const char *reason)
{
    char name[HEALTH_NAME_LEN + ENDPOINT_TEXT_LEN + 2];

    name_of(unit, name, sizeof name);
    if (unit->track.verdict == HEALTH_DOWN)
        log_line(LOG_LEVEL_WARNING, "health: %s is down: %s", name, reason);
    else if (before == HEALTH_DOWN || unit->health->is_ready)
        log_line(LOG_LEVEL_NOTICE, "health: %s is up%s", name,
                 before == HEALTH_DOWN ? " again" : "");
}

/* Our own trouble hits many probes at once: a line a minute says it. */
static void log_void(struct health *h, const char *reason)
{
    int64_t now_us = clock_steady_us();

    if (h->void_logged_us != 0 && now_us - h->void_logged_us < VOID_LOG_EVERY_US)
        return;
    h->void_logged_us = now_us;
    log_line(LOG_LEVEL_ERROR, "health: cannot probe, verdicts stay as they are: %s", reason);
}

static void update_status(struct unit *unit, const struct probe_result *result,
                          const struct endpoint *peer, int64_t now_ms)
{
    struct health *h = unit->health;
    struct health_status *status = &unit->status;
    enum health_verdict before = status->verdict;

    pthread_mutex_lock(&h->lock);
    if (peer->addr.family != 0)
        status->address = *peer;
    status->verdict = unit->track.verdict;
    status->since_ms = unit->track.since_ms;
    status->contrary = unit->track.contrary;
    if (result->outcome != PROBE_VOID)
        status->last_probe_ms = now_ms;
    if (result->outcome == PROBE_OK)
        status->rtt_us = result->rtt_us;
    else
        memcpy(status->error, result->reason, sizeof status->error);
    h->figures.transitions += before != HEALTH_UNKNOWN && before != status->verdict;
    h->figures.probes_up += result->outcome == PROBE_OK;
    h->figures.probes_down += result->outcome == PROBE_MISS;
    h->figures.in_flight--;
    pthread_mutex_unlock(&h->lock);
}

static void take_result(struct unit *unit, const struct probe_result *result,
                        const struct endpoint *peer)
{
    struct health *h = unit->health;
    enum health_verdict before = unit->track.verdict;
    int64_t now_ms = clock_wall_ms();

    if (result->outcome != PROBE_VOID)
        track_feed(&unit->track, result->outcome == PROBE_OK, now_ms);
    else
        log_void(h, result->reason);
    update_status(unit, result, peer, now_ms);
    if (unit->track.verdict != before) {
        log_transition(unit, before, result->reason);
        h->n_unknown -= before == HEALTH_UNKNOWN;
        /* While steered names wait anyway, first results go together. */
        tell(h, unit, h->is_ready);
        saved_mark(h, unit);
    } else if (track_horizon_s(&unit->track) != unit->told_horizon_s) {
        tell(h, unit, false);
    }
}

static void on_probe_done(void *ctx, const struct probe_result *result, const struct endpoint *peer)
{
    struct unit *unit = ctx;

    unit->probe = NULL; /* it frees itself */
    take_result(unit, result, peer);
    arm(unit);
    turns_give_back(&unit->health->turns, unit->cost);
}

void unit_probe(struct unit *unit)
{
    struct health *h = unit->health;
    int64_t now_us = clock_steady_us();
    bool is_late = schedule_is_late(&unit->schedule, now_us);

    schedule_started(&unit->schedule, now_us, &h->rng);
    unit->probe =
        probe_start(&h->tools, unit->conf, unit->target, unit->address, on_probe_done, unit);
    if (unit->probe == NULL) {
        log_void(h, "out of memory");
        h->turns.used -= unit->cost;
        arm(unit);
        return;
    }
    pthread_mutex_lock(&h->lock);
    h->figures.in_flight++;
    h->figures.late += is_late;
    pthread_mutex_unlock(&h->lock);
}
