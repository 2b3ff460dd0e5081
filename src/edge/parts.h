/* parts.h - one edge and the thread it lives on: what sessions, flights and the farm share.
 *
 * Threads: an edge and all it owns belong to its thread, but for `counts` and `state`, which others
 *          read and write with relaxed atomics, and what farm.h's lock guards. */
#pragma once

#include <sys/queue.h>

#include <waymark/conf.h>
#include <waymark/counters.h>
#include <waymark/edge.h>

#include "fetch.h"
#include "purge.h"
#include "key.h"
#include "lines.h"
#include "origin_trouble.h"
#include "rule_vary.h"
#include "store.h"

struct event_base;
struct edge_log;
struct farm_purges;
struct flight;
struct listener;
struct session;
struct ssl_ctx_st;

enum {
    EDGE_CONNECTIONS_MAX = 65536, /* of one edge */
    EDGE_FLIGHTS_MAX = 4096,      /* fetches at a time; one more is answered 503 */
    EDGE_MARKER_MS = 10000,       /* how long "uncacheable" is remembered */
    FLIGHT_BUCKETS = 1024
};

struct edge_thread {
    struct event_base *base;
    struct fetchers *fetchers;
    struct edge_log *log; /* NULL: none */
    void *const *world;   /* for rcu_read; NULL: no verdicts */
    char scratch[KEY_MAX];
    char mark[RULE_VARY_MARK_MAX];
    struct lines out; /* a head being written */
    struct http_fields fields;
};

struct edge {
    struct edge_thread *thread;
    struct conf *conf;             /* counted; `what` is in it */
    const struct conf_edge *what;
    char pop[64];
    struct store *store;
    struct purge *purge;
    struct farm_purges *purges;    /* what others purged, not yet taken over */
    uint64_t purges_seen;
    struct flight *flights[FLIGHT_BUCKETS]; /* those that can be joined, by key */
    struct flight *all_flights;
    TAILQ_HEAD(session_list, session) sessions; /* who began to wait, or came, last is the last */
    uint64_t clients_max; /* then who is idle longest gives way */
    struct listener *listeners;
    struct ssl_ctx_st *tls;        /* NULL: no TLS */
    int state;                     /* enum edge_state, relaxed atomic */
    struct edge_figures *counts;   /* one writer: the thread */
    struct origin_trouble origin;  /* a lock of its own */
};

/* Takes over what was purged elsewhere; before anything is looked up. */
void edge_sync_purges(struct edge *e);
/* Forgets all variants of a URL, as a key has it, and what is under way for it. */
void edge_invalidate(struct edge *e, struct http_text url);
/* Is the PoP of another edge of the configuration up, as far as the world knows? */
bool edge_is_up(const struct edge *e, int edge_index);
