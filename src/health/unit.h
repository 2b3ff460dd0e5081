/* unit.h - one address of a target, or a target that is a CNAME: whatever has one verdict.
 *
 * Thread: the health thread; `status` is also read by others, under health.lock.
 * Owner:  the roster. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event_struct.h>

#include <waymark/conf.h>
#include <waymark/health.h>

#include "schedule.h"
#include "track.h"

struct health;
struct probe;

struct unit {
    struct health *health;
    struct conf *conf; /* referenced: where target and check live */
    const struct conf_target *target;
    const struct conf_check *check; /* NULL: always up, never probed */
    uint8_t address;                /* index in target->addresses; 0 for a CNAME */
    char *identity;
    uint64_t fingerprint; /* of the identity */

    struct unit *const *siblings; /* the units of this target, itself among them */
    size_t n_siblings;
    size_t place; /* in roster.units */

    struct track track;
    struct schedule schedule;
    struct event timer; /* the next probe; set up when the unit is started */
    struct probe *probe;
    size_t cost;     /* sockets that its probe may hold */
    bool is_waiting; /* for its turn, in health.turns */
    TAILQ_ENTRY(unit) turn;

    bool is_untold;  /* in health.untold: the world must hear of it */
    bool is_unsaved; /* since its last transition */
    uint32_t told_horizon_s;
    struct health_status status;
};

/* NULL: out of memory. */
struct unit *unit_new(struct health *health, struct conf *conf, const struct conf_target *target,
                      size_t address);
void unit_free(struct unit *unit); /* a probe in flight is called off; NULL is fine */

void unit_stop_waiting(struct unit *unit);

/* The same thing under a new configuration: only where it is written has changed. */
void unit_move(struct unit *unit, struct conf *conf, const struct conf_target *target,
               size_t address);

/* A verdict of an earlier process. */
void unit_restore(struct unit *unit, bool is_up, int64_t since_ms, int64_t checked_ms);

/* Begins to probe: `n_starting` begin together. */
void unit_start(struct unit *unit, size_t n_starting);

/* Its turn has come; called by turns. */
void unit_probe(struct unit *unit);
