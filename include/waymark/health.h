/* health.h - probes every target and tells the world what it found.
 *
 * Threads: one of its own, with a libevent loop and libcurl's multi interface on it. The functions
 *          here may be called from any other thread; none of them waits for a probe.
 * Owner:   serve starts and stops it.
 * Units:   wall clock milliseconds for people, microseconds for round trips. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/why.h>

struct world_hub;
struct health;

enum health_verdict { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };

enum {
    HEALTH_NAME_LEN = 64,
    HEALTH_ERROR_LEN = 160,
    HEALTH_INTERVALS_KEPT = 3 /* of its check: a saved verdict younger than that is a first result */
};

/* What is believed of one address of one target. */
struct health_status {
    char target[HEALTH_NAME_LEN];
    struct endpoint address;  /* that is probed; family 0 for a CNAME not yet resolved */
    enum health_verdict verdict;
    bool is_checked;          /* false: the target has no check and counts as up */
    int64_t since_ms;         /* of the verdict; 0: none yet */
    int64_t last_probe_ms;    /* 0: none yet */
    uint32_t rtt_us;          /* of the last success */
    int contrary;             /* results in a row that contradict the verdict */
    char error[HEALTH_ERROR_LEN]; /* of the last failure; "" when none */
};

struct health_figures {
    uint64_t probes_up, probes_down; /* results */
    uint64_t transitions;
    uint64_t late; /* probes that started over an interval late: too many for this thread */
    size_t in_flight;
};

/* Takes the targets of the hub's current world, starts probing, and calls world_set_ready once first
 * results are in or were waited for. 0, or -errno with `why`. */
int health_start(struct world_hub *hub, struct health **out, char why[static WHY_LEN]);

/* The hub has a new configuration: targets that stay keep their verdicts. */
void health_reload(struct health *health);

/* Ends the thread, saves verdicts. NULL is fine. */
void health_stop(struct health *health);

/* Names all that a verdict of that address depends on: a saved one with another number was found under
 * another configuration. 0: out of memory. Pure. */
uint64_t health_fingerprint(const struct conf *conf, const struct conf_target *target,
                            size_t address);

/* Copies up to `max` statuses in the configuration's order; returns how many there are. */
size_t health_statuses(struct health *health, struct health_status *out, size_t max);
struct health_figures health_figures(struct health *health);
