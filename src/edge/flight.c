/* flight.c - one fetch: begun, waited for, followed to its end. Edge thread. */
#include "flight_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <waymark/clock.h>

#include "ask.h"
#include "origin_files.h"

static struct flight *flight_of(void *arg)
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
    edge_count(&f->edge->counts->fetches_in_flight, 1);
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

void flight_tell_all(struct flight *f, struct flight_told told)
{
    while (f->waiters != NULL) {
        tell(f->waiters, &told);
        told.is_collapsed = true;
    }
}

void flight_hand_out(struct flight *f, struct flight_told told, bool is_for_all)
{
    struct flight_told again = { .news = FLIGHT_AGAIN, .is_stored = is_for_all };
    char *mark = f->edge->thread->mark;

    while (f->waiters != NULL) {
        bool is_its = !told.is_collapsed ||
                      (is_for_all && request_fits(f->waiters->request, told.object, mark));
        tell(f->waiters, is_its ? &told : &again);
        told.is_collapsed = true;
    }
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
    edge_uncount(&f->edge->counts->fetches_in_flight);
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

static void on_change(void *ctx, struct fetch *fetch);

static long read_upload(void *ctx, char *out, size_t room)
{
    struct flight *f = flight_of(ctx);

    if (f->read == NULL) /* the answer came first: its session reads no more of the request */
        return -1;
    f->is_read = true;
    return f->read(f->read_ctx, out, room);
}

static int64_t upload_of(const struct flight *f)
{
    const struct http_request_head *head = &f->request->head;

    if (f->read == NULL || head->body == HTTP_BODY_NONE)
        return FETCH_BODY_NONE;
    return head->body == HTTP_BODY_LENGTH ? (int64_t)head->length : FETCH_BODY_UNKNOWN;
}

static struct fetch *start_fetch(struct flight *f, const struct ask *ask,
                                 const struct ask_head *head)
{
    struct fetchers *fetchers = f->edge->thread->fetchers;
    struct fetch_spec spec = {
        .method = head->method,
        .url = ask->url,
        .connect_to = ask->connect_to,
        .target = head->target.at,
        .host = head->host,
        .fields = head->fields.at,
        .fields_len = head->fields.len,
        .connect_ms = ask->connect_ms,
        .first_byte_ms = ask->first_byte_ms,
        .upload = upload_of(f),
        .read = read_upload,
        .read_ctx = f,
        .on_change = on_change,
        .ctx = f,
    };

    if (ask->directory != NULL)
        return origin_files_fetch(fetchers, ask->directory, ask->cache_control, &spec);
    return edge_fetch_start(fetchers, &spec);
}

/* Whom to ask is asked anew each time: the configuration may have changed meanwhile. */
int flight_begin_fetch(struct flight *f)
{
    const struct object *stale = f->stale != NULL && f->stale->fresh.can_validate ? f->stale : NULL;
    struct ask_head head = { 0 };
    struct ask ask;

    if (!ask_whom(f->edge, f->attempt, f->no_shield, &ask))
        return -EINVAL;
    f->is_to_shield = ask.is_shield;
    if (ask_write(f->edge, f->request, &ask, f->kind != FLIGHT_PRIVATE, stale, &head))
        f->fetch = start_fetch(f, &ask, &head);
    ask_head_fini(&head);
    edge_count(&f->edge->counts->fetches, 1);
    return f->fetch == NULL ? -ENOMEM : 0;
}

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

static bool try_another(struct flight *f, const struct fetch_view *view)
{
    if (f->is_read || (f->kind == FLIGHT_PRIVATE && !http_method_is_safe(f->request->head.method)))
        return false;
    if (f->is_to_shield) {
        f->no_shield = true;
    } else {
        if (view->outcome != FETCH_NOTHING || f->attempt > 0 || ask_count(f->edge) < 2)
            return false;
        f->attempt++;
    }
    edge_fetch_cancel(f->fetch);
    f->fetch = NULL;
    return flight_begin_fetch(f) == 0;
}

bool flight_serve_stale(struct flight *f, unsigned status)
{
    if (f->stale == NULL || f->stale->body->state == BODY_BROKEN ||
        !rule_use_on_error(&f->stale->fresh, &f->request->control, clock_wall_ms()))
        return false;
    flight_hand_out(f,
                    (struct flight_told){ .news = FLIGHT_OBJECT,
                                          .object = f->stale,
                                          .result = EDGE_STALE,
                                          .status = status,
                                          .detail = "ORIGIN-FAILED" },
                    true);
    return true;
}

static void fail(struct flight *f, const struct fetch_view *view)
{
    if (view->outcome != FETCH_RUNNING)
        edge_count(&f->edge->counts->fetches_failed, 1);
    if (try_another(f, view))
        return;
    flight_end_joining(f);
    f->is_over = true;
    if (flight_serve_stale(f, 0))
        return;
    flight_tell_all(f, (struct flight_told){ .news = FLIGHT_FAILED,
                                             .result = EDGE_LOCAL,
                                             .status = view->was_late ? 504 : 502,
                                             .detail = view->outcome == FETCH_BAD ? "BAD-ANSWER"
                                                                                  : "NO-ANSWER" });
}

/* ---- following a body ---- */

static void follow(struct flight *f, const struct fetch_view *view)
{
    struct body *body = f->object->body;
    bool is_running = view->outcome == FETCH_RUNNING;

    edge_count(&f->edge->counts->bytes_origin, body->len - f->body_seen);
    f->body_seen = body->len;
    if (view->outcome == FETCH_CUT || view->outcome == FETCH_BAD) {
        edge_count(&f->edge->counts->fetches_failed, 1);
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

static void on_change(void *ctx, struct fetch *fetch)
{
    struct flight *f = flight_of(ctx);
    struct fetch_view view = edge_fetch_view(fetch);

    f->is_busy = true;
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
    while (e->all_flights != NULL)
        flight_free(e->all_flights);
}
