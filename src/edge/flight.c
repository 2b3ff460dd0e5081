/* flight.c - one fetch: begun, waited for, followed to its end. Edge thread. */
#include "flight_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <waymark/clock.h>

struct flight *flight_of(void *arg)
{
    struct flight *f = arg;

    assert(f->magic == FLIGHT_MAGIC);
    return f;
}

/* ---- the tables ---- */

static struct flight **bucket_of(struct edge *e, uint64_t hash)
{
    return &e->flights[hash % FLIGHT_BUCKETS];
}

static void make_joinable(struct flight *f)
{
    struct flight **b = bucket_of(f->edge, f->request->object_key.hash);

    f->is_joinable = true;
    f->next_joinable = *b;
    *b = f;
}

void flight_end_joining(struct flight *f)
{
    struct flight **at = bucket_of(f->edge, f->request->object_key.hash);

    if (!f->is_joinable)
        return;
    while (*at != f)
        at = &(*at)->next_joinable;
    *at = f->next_joinable;
    f->is_joinable = false;
}

static void link_in(struct flight *f)
{
    f->next = f->edge->all_flights;
    f->prev = &f->edge->all_flights;
    if (f->next != NULL)
        f->next->prev = &f->next;
    f->edge->all_flights = f;
    counter_bump(&f->edge->counts->fetches_in_flight, 1);
}

/* ---- waiters ---- */

static void add_waiter(struct flight *f, struct flight_waiter *w)
{
    w->flight = f;
    w->next = NULL;
    w->prev = f->last;
    *f->last = w;
    f->last = &w->next;
}

static void unlink_waiter(struct flight_waiter *w)
{
    struct flight *f = w->flight;

    assert(f != NULL);
    *w->prev = w->next;
    if (w->next != NULL)
        w->next->prev = w->prev;
    else
        f->last = w->prev;
    w->flight = NULL;
}

static void tell(struct flight_waiter *w, const struct flight_told *told)
{
    unlink_waiter(w);
    w->on_news(w->ctx, told);
}

void flight_fail(struct flight *f, unsigned status, const char *origin_error)
{
    struct flight_told told = { .news = FLIGHT_FAILED,
                                .status = status,
                                .origin_error = origin_error };

    flight_end_joining(f);
    f->is_over = true;
    while (f->waiters != NULL) {
        told.is_collapsed = f->waiters->request != f->request;
        tell(f->waiters, &told);
    }
}

void flight_hand_out(struct flight *f, struct flight_told told, bool is_for_all)
{
    struct flight_told again = { .news = FLIGHT_AGAIN, .is_stored = is_for_all };
    char *mark = f->edge->thread->mark;

    while (f->waiters != NULL) {
        const struct request *r = f->waiters->request;
        told.is_collapsed = r != f->request; /* whose it is may have left, or never waited */
        bool is_its = !told.is_collapsed || (is_for_all && request_fits(r, told.object, mark));
        tell(f->waiters, is_its ? &told : &again);
    }
}

void flight_end_with(struct flight *f, struct flight_told told)
{
    flight_end_joining(f);
    f->is_over = true;
    flight_hand_out(f, told, true);
}

static void flight_free(struct flight *f)
{
    if (f == NULL)
        return;
    assert(f->waiters == NULL);
    flight_end_joining(f);
    *f->prev = f->next;
    if (f->next != NULL)
        f->next->prev = f->prev;
    counter_drop(&f->edge->counts->fetches_in_flight, 1);
    if (f->stale != NULL)
        f->stale->is_validating = false;
    if (f->object != NULL && f->object->body != NULL)
        f->object->body->on_taken = NULL;
    edge_fetch_cancel(f->fetch);
    object_unref(f->stale);
    object_unref(f->object);
    request_unref(f->request);
    f->magic = 0;
    free(f);
}

/* ---- beginning ---- */

bool flight_join(struct edge *e, const struct request *request, struct flight_waiter *waiter)
{
    const struct object_key *key = &request->object_key;

    for (struct flight *f = *bucket_of(e, key->hash); f != NULL; f = f->next_joinable) {
        if (f->request->object_key.hash != key->hash ||
            !http_text_is(f->request->object_key.text, key->text) ||
            f->generation != purge_generation(e->purge))
            continue;
        add_waiter(f, waiter);
        return true;
    }
    return false;
}

static struct flight *flight_new(const struct flight_plan *plan)
{
    struct flight *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->magic = FLIGHT_MAGIC;
    f->edge = plan->edge;
    f->kind = plan->kind;
    f->request = request_ref(plan->request);
    f->generation = purge_generation(plan->edge->purge);
    f->read = plan->read;
    f->read_ctx = plan->read_ctx;
    f->last = &f->waiters;
    link_in(f);
    if (plan->stale != NULL) {
        f->stale = object_ref(plan->stale);
        f->stale->is_validating = true;
    }
    return f;
}

int flight_start(const struct flight_plan *plan)
{
    if (plan->edge->counts->fetches_in_flight >= EDGE_FLIGHTS_MAX)
        return -EBUSY;
    struct flight *f = flight_new(plan);
    if (f == NULL || flight_begin_fetch(f) != 0) {
        flight_free(f);
        return -ENOMEM;
    }
    if (f->kind == FLIGHT_SHARED)
        make_joinable(f);
    if (plan->waiter != NULL)
        add_waiter(f, plan->waiter);
    return 0;
}

/* ---- failing ---- */

bool flight_serve_stale(struct flight *f, unsigned status, const char *origin_error)
{
    if (f->stale == NULL || f->stale->body->state == BODY_BROKEN ||
        !rule_use_on_error(&f->stale->fresh, &f->request->control, clock_steady_us() / 1000))
        return false;
    flight_end_with(f, (struct flight_told){ .news = FLIGHT_OBJECT,
                                             .object = f->stale,
                                             .result = EDGE_STALE,
                                             .status = status,
                                             .detail = "ORIGIN-FAILED",
                                             .origin_error = origin_error });
    return true;
}

static void note_failure(struct flight *f, const struct fetch_view *view)
{
    if (view->error != NULL)
        origin_failed(&f->edge->origin, f->edge->pop, view->error_text, clock_wall_ms());
}

static void fail(struct flight *f, const struct fetch_view *view)
{
    if (view->outcome != FETCH_RUNNING)
        counter_bump(&f->edge->counts->fetches_failed, 1);
    if (flight_try_another(f, view))
        return;
    note_failure(f, view);
    if (!flight_serve_stale(f, 0, view->error))
        flight_fail(f, view->was_late ? 504 : 502, view->error);
}

/* ---- following a body ---- */

static void follow(struct flight *f, const struct fetch_view *view)
{
    struct body *body = f->object->body;
    bool is_running = view->outcome == FETCH_RUNNING;

    counter_bump(&f->edge->counts->bytes_origin, body->len - f->body_seen);
    f->body_seen = body->len;
    if (view->outcome == FETCH_CUT || view->outcome == FETCH_BAD) {
        counter_bump(&f->edge->counts->fetches_failed, 1);
        note_failure(f, view);
        store_remove(f->edge->store, f->object);
    }
    if (f->is_stored &&
        (f->object->queue == OBJECT_NOWHERE || !store_recharge(f->edge->store, f->object))) {
        f->is_stored = false; /* too large, or purged: it goes on for those who read it */
        if (is_running)
            body_let_go(body);
    }
    body_wake(body);
    bool is_wanted = body->is_kept || body->readers != NULL || view->head->body == HTTP_BODY_NONE;
    f->is_over = !is_running || !is_wanted;
    if (!f->is_over)
        edge_fetch_resume(f->fetch);
}

/* A reader has moved on, or was the last one. Also called while the flight itself wakes them. */
static void on_taken(void *ctx)
{
    struct flight *f = flight_of(ctx);
    struct body *body = f->object->body;

    if (f->is_busy || body->is_kept)
        return;
    if (body->readers == NULL)
        flight_free(f);
    else
        edge_fetch_resume(f->fetch);
}

void flight_watch_readers(struct flight *f)
{
    f->object->body->on_taken = on_taken;
    f->object->body->ctx = f;
}

void flight_on_change(void *ctx, struct fetch *fetch)
{
    struct flight *f = flight_of(ctx);
    struct fetch_view view = edge_fetch_view(fetch);

    f->is_busy = true;
    if (view.outcome == FETCH_WHOLE || (view.has_head && view.head->body == HTTP_BODY_NONE))
        origin_answered(&f->edge->origin, f->edge->pop);
    if (!f->is_decided && view.has_head && view.outcome != FETCH_BAD)
        flight_judge(f, &view);
    else if (!f->is_decided && view.outcome != FETCH_RUNNING)
        fail(f, &view);
    if (f->is_decided && !f->is_over)
        follow(f, &view);
    f->is_busy = false;
    if (f->is_over)
        flight_free(f);
}

/* ---- from outside ---- */

void flight_leave(struct flight_waiter *waiter)
{
    struct flight *f = waiter->flight;

    if (f == NULL)
        return;
    unlink_waiter(waiter);
    if (f->kind == FLIGHT_PRIVATE && !f->is_busy)
        flight_free(f);
}

void flight_upload(struct flight_waiter *waiter)
{
    if (waiter->flight != NULL && waiter->flight->fetch != NULL)
        edge_fetch_upload(waiter->flight->fetch);
}

void flight_forget(struct edge *e, struct http_text url)
{
    struct flight *next;

    for (struct flight *f = e->all_flights; f != NULL; f = next) {
        next = f->next;
        struct http_text own = { f->request->key.text.at, f->request->key.url_len };
        if (f->kind == FLIGHT_PRIVATE || f->is_decided || !http_text_is(own, url))
            continue;
        f->is_forgotten = true;
        flight_end_joining(f);
    }
}

void flights_end(struct edge *e)
{
    struct flight *next;

    for (struct flight *f = e->all_flights; f != NULL; f = next) {
        next = f->next;
        flight_free(f);
    }
}
