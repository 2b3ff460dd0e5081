/* flight_inside.h - what flight.c, flight_fetch.c and flight_head.c share.
 *
 * Threads: the edge's. */
#pragma once

#include "flight.h"

enum { FLIGHT_MAGIC = 0xf116 };

struct flight {
    uint32_t magic;
    struct edge *edge;
    struct flight *next, **prev;           /* all of the edge */
    struct flight *next_joinable;
    bool is_joinable;
    enum flight_kind kind;
    struct request *request;
    struct object *stale, *object;         /* counted */
    struct flight_waiter *waiters, **last; /* in the order they came */
    struct fetch *fetch;
    int attempt;          /* origins asked before */
    bool is_to_shield;
    bool no_shield;       /* it was asked, and failed */
    bool is_decided, is_stored, is_forgotten, is_busy, is_over;
    bool is_read; /* some of the request's body is gone: it cannot be sent again */
    uint64_t generation, body_seen;
    fetch_read_cb *read;
    void *read_ctx;
};

struct flight *flight_of(void *arg); /* back from a void pointer */

int flight_begin_fetch(struct flight *f); /* 0, or -errno */
/* The fetch has failed: begins one from the origin instead of the shield, or from another origin.
 * false: there is none to ask, or the request cannot be sent again. */
bool flight_try_another(struct flight *f, const struct fetch_view *view);
void flight_on_change(void *ctx, struct fetch *fetch); /* its fetch_cb */
void flight_end_joining(struct flight *f);
/* Its body has been let go: the fetch follows its readers. */
void flight_watch_readers(struct flight *f);

/* The end of it: an error for all, or an object for all whose variant it is. */
void flight_fail(struct flight *f, unsigned status, const char *origin_error);
void flight_end_with(struct flight *f, struct flight_told told);
/* An object: for whom it was asked in any case, the others' if it is the variant that they asked
 * for. */
void flight_hand_out(struct flight *f, struct flight_told told, bool is_for_all);
/* What is stored instead of an error: false where that may not be. */
bool flight_serve_stale(struct flight *f, unsigned status, const char *origin_error);

/* The response's head is here: who gets what, and what is stored. */
void flight_judge(struct flight *f, const struct fetch_view *view);
