/* reload.h - a new configuration while the old one serves.
 *
 * Threads: the functions on main; the work on a thread of its own, so that neither a failover nor
 * the control socket waits for a load. Its end comes back to main's loop. Owner:   serve makes and
 * frees it. */
#pragma once

#include <stdbool.h>

#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/why.h>

struct event_base;
struct report;
struct world_hub;
struct reload;

/* On the reload's thread, when all else is ready: makes ready what is not the world's, so that taking
 * it up cannot fail. false: the report says why, and nothing is published. */
typedef bool reload_prepare_cb(void *ctx, struct conf *conf, struct report *report);
/* On main, when a reload has ended, before whoever asked for it is told. Its part: to take up, or to
 * forget, what was made ready, and READY=1. */
typedef void reload_ended_cb(void *ctx, bool is_done, struct report *report);

struct reload_config {
    struct event_base *base;
    const char *conf_path;
    const struct conf *running; /* of the start: what a reload cannot change */
    struct world_hub *hub;
    reload_prepare_cb *prepare;
    reload_ended_cb *ended;
    control_reloaded_cb *unasked; /* what reload_request began has ended; frees the report */
    void *ctx;
};

/* Everything in the config outlives it. 0, or -errno with `why`. */
int reload_new(const struct reload_config *config, struct reload **out, char why[static WHY_LEN]);
void reload_free(struct reload *r); /* waits for the one that runs; NULL is fine */

/* 0; -EBUSY while one runs; -EAGAIN when there is no thread for it. */
int reload_start(struct reload *r, control_reloaded_cb *done, void *done_ctx);

/* Starts one, or has one follow the one that runs: what changed during it is not lost. */
void reload_request(struct reload *r);
