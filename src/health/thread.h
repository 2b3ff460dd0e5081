/* thread.h - the health thread and all it owns.
 *
 * Fields belong to the health thread once it runs, those under `lock` and the atomics excepted. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <event2/event_struct.h>

#include <waymark/health.h>
#include <waymark/rng.h>

#include "probe.h"
#include "turns.h"

struct conf;
struct event_base;
struct roster;
struct state;
struct unit;
struct world_hub;

struct health {
    struct world_hub *hub;
    pthread_t thread;
    bool has_thread;
    int wake_fd; /* eventfd: look at the two wishes */
    atomic_bool wants_reload, wants_stop;

    pthread_mutex_t lock; /* over roster, statuses of its units, figures */
    bool has_lock;
    struct roster *roster;
    struct health_figures figures;

    struct conf *conf; /* referenced */
    struct event_base *base;
    struct probe_tools tools;
    struct turns turns;
    struct rng rng;
    struct event wake;

    /* tell.c */
    struct event tell_now, tell_soon, first_wait;
    struct unit **untold; /* room for every unit of the roster */
    size_t n_untold;
    size_t n_unknown; /* units without a verdict */
    bool is_ready, is_wait_over;

    /* saved.c */
    struct state *state; /* NULL: none, or given up */
    struct event save_soon;
    bool is_saving_broken;

    int64_t void_logged_us; /* steady clock; when we last complained of our own trouble */
};
