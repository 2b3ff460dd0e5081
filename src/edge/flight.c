/* flight.c - one fetch: begun, judged by its head, followed to its end. Edge thread.
 *
 * What may be stored and for how long is rule_fresh.h's to say. */
#include "flight.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>

#include "ask.h"
#include "edge_times.h"
#include "http_date.h"
#include "origin_files.h"
#include "rule_match.h"
#include "rule_pass.h"

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
    struct flight_waiter *waiters, **last; /* in the order they came: the first one's it is */
    struct fetch *fetch;
    struct ask ask;
    int attempt;
    bool no_shield;
    bool is_decided, is_stored, is_forgotten, is_busy, is_over;
    bool is_read; /* some of the request's body is gone: it cannot be sent again */
    uint64_t generation, body_seen;
    fetch_read_cb *read;
    void *read_ctx;
};

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

static void end_joining(struct flight *f)
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

static void tell_all(struct flight *f, struct flight_told told)
{
    while (f->waiters != NULL) {
        tell(f->waiters, &told);
        told.is_collapsed = true;
    }
}

/* An object: the first one's in any case, the others' if it is the variant that they asked for. */
static void hand_out(struct flight *f, struct flight_told told, bool is_for_all)
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
    end_joining(f);
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

/* Whom to ask is asked anew each time: the configuration may have changed meanwhile. */
static int begin_fetch(struct flight *f)
{
    struct lines fields = { 0 }, target = { 0 };
    char host[HTTP_HOST_MAX + 1], method[HTTP_METHOD_MAX + 1] = "GET";
    bool for_cache = f->kind != FLIGHT_PRIVATE;
    struct http_text name = f->request->head.method_text;
    const struct object *stale =
        f->stale != NULL && f->stale->fresh.can_validate ? f->stale : NULL;

    if (!ask_whom(f->edge, f->attempt, f->no_shield, &f->ask))
        return -EINVAL;
    ask_fields(f->edge, f->request, for_cache, stale, &fields);
    ask_host(f->edge, f->request, &f->ask, host);
    if (!for_cache) {
        memcpy(method, name.at, name.len);
        method[name.len] = '\0';
    }
    if (ask_target(f->request, for_cache, &target) && !fields.is_short) {
        struct fetch_spec spec = {
            .method = method,
            .url = f->ask.url,
            .target = target.at,
            .host = host,
            .fields = fields.at,
            .fields_len = fields.len,
            .connect_ms = f->ask.connect_ms,
            .first_byte_ms = f->ask.first_byte_ms,
            .upload = upload_of(f),
            .read = read_upload,
            .read_ctx = f,
            .on_change = on_change,
            .ctx = f,
        };
        f->fetch = f->ask.directory != NULL
                       ? origin_files_fetch(f->edge->thread->fetchers, f->ask.directory,
                                            f->ask.cache_control, &spec)
                       : edge_fetch_start(f->edge->thread->fetchers, &spec);
    }
    lines_fini(&fields);
    lines_fini(&target);
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

int flight_start(const struct flight_plan *plan)
{
    struct edge *e = plan->edge;
    struct flight *f;

    if (e->counts->fetches_in_flight >= EDGE_FLIGHTS_MAX)
        return -EBUSY;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return -ENOMEM;
    f->magic = FLIGHT_MAGIC;
    f->edge = e;
    f->kind = plan->kind;
    f->request = request_ref(plan->request);
    f->generation = purge_generation(e->purge);
    f->read = plan->read;
    f->read_ctx = plan->read_ctx;
    f->last = &f->waiters;
    link_in(f);
    if (plan->stale != NULL) {
        f->stale = object_ref(plan->stale);
        f->stale->is_validating = true;
    }
    if (begin_fetch(f) != 0) {
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
    if (f->is_read || (f->kind == FLIGHT_PRIVATE &&
                       !http_method_is_safe(f->request->head.method)))
        return false;
    if (f->ask.is_shield) {
        f->no_shield = true;
    } else {
        if (view->outcome != FETCH_NOTHING || f->attempt > 0 || ask_count(f->edge) < 2)
            return false;
        f->attempt++;
    }
    edge_fetch_cancel(f->fetch);
    f->fetch = NULL;
    return begin_fetch(f) == 0;
}

static bool serve_stale(struct flight *f, unsigned status)
{
    if (f->stale == NULL || f->stale->body->state == BODY_BROKEN ||
        !rule_use_on_error(&f->stale->fresh, &f->request->control, clock_wall_ms()))
        return false;
    hand_out(f,
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
    end_joining(f);
    f->is_over = true;
    if (serve_stale(f, 0))
        return;
    tell_all(f, (struct flight_told){ .news = FLIGHT_FAILED,
                                      .result = EDGE_LOCAL,
                                      .status = view->was_late ? 504 : 502,
                                      .detail = view->outcome == FETCH_BAD ? "BAD-ANSWER"
                                                                           : "NO-ANSWER" });
}

/* ---- judging a head ---- */

static void put_kept(const struct http_fields *fields, const struct rule_control *control,
                     bool to_store, struct lines *out)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        const struct http_field *f = &fields->list[i];
        if (f->id != HTTP_X_CACHE && rule_is_kept(f, control, to_store))
            lines_field(out, f->name, f->value);
    }
    if (!http_field_has(fields, HTTP_DATE)) {
        char date[HTTP_DATE_LEN + 1];
        http_date_write(clock_wall_ms() / 1000, date);
        lines_format(out, "Date: %s\r\n", date);
    }
}

static struct http_text url_of(const struct object *o)
{
    size_t skip = o->key_len > 5 && o->key[4] == 's' ? 6 : 5; /* "https:", "http:" */

    return (struct http_text){ o->key + skip, o->url_len - skip };
}

static enum purge_effect purged_meanwhile(const struct flight *f, const struct object *o)
{
    return purge_check(f->edge->purge, url_of(o), o->tags, o->n_tags, f->generation);
}

/* Why this response is for one client only; NULL: it may be stored. */
static const char *why_not_stored(const struct flight *f, const struct http_response_head *head,
                                  const struct rule_control *control)
{
    if (f->kind == FLIGHT_PRIVATE || f->is_forgotten)
        return "private";
    if (head->body == HTTP_BODY_UNTIL_CLOSE)
        return "no-length";
    if (head->has_length && head->length > store_object_max(f->edge->store))
        return "too-large";
    return rule_why_not_stored(&f->request->head, &f->request->control, head, control,
                               &f->request->options);
}

/* An object of the response; `*reason` may become one more why it cannot be stored. */
static struct object *make_object(struct flight *f, const struct fetch_view *view,
                                  const struct rule_control *control, const char **reason)
{
    struct edge_thread *t = f->edge->thread;
    char names[RULE_VARY_LIST_MAX];
    struct lines head = { 0 };
    int n_names = rule_vary_names(&view->head->fields, names);
    int n_mark = 0;

    if (n_names > 0)
        n_mark = rule_vary_mark((struct http_text){ names, (size_t)n_names },
                                &f->request->head.fields, t->mark);
    if ((n_names < 0 || n_mark < 0) && *reason == NULL)
        *reason = "vary";
    struct object *o = object_new(&f->request->object_key,
                                  (struct http_text){ names, n_names < 0 ? 0 : (size_t)n_names },
                                  (struct http_text){ t->mark, n_mark < 0 ? 0 : (size_t)n_mark });
    put_kept(&view->head->fields, control, *reason == NULL, &head);
    if (o == NULL || head.is_short ||
        object_set_head(o, view->head->status, head.at, head.len) != 0) {
        object_unref(o);
        o = NULL;
    } else {
        o->body = body_ref(view->body);
        o->no_length = view->head->body == HTTP_BODY_UNTIL_CLOSE;
        o->generation = f->generation;
        rule_fresh_make(view->head, control, &f->request->options, view->request_ms,
                        view->response_ms, &o->fresh);
    }
    lines_fini(&head);
    return o;
}

static void remember_uncacheable(struct flight *f)
{
    static const struct http_text nothing;
    struct object *o = object_new(&f->request->object_key, nothing, nothing);

    if (o == NULL)
        return;
    o->is_marker = true;
    o->generation = f->generation;
    o->fresh.response_ms = clock_wall_ms();
    store_add(f->edge->store, o);
    object_unref(o);
}

static void on_taken(void *ctx);

static void accept_response(struct flight *f, const struct fetch_view *view,
                            const struct rule_control *control)
{
    const char *reason = why_not_stored(f, view->head, control);

    f->object = make_object(f, view, control, &reason);
    if (f->object == NULL) {
        f->is_over = true;
        tell_all(f, (struct flight_told){ .news = FLIGHT_FAILED, .status = 503 });
        return;
    }
    f->is_decided = true;
    if (reason == NULL && purged_meanwhile(f, f->object) == PURGE_NONE) {
        f->object->generation = purge_generation(f->edge->purge);
        f->is_stored = store_add(f->edge->store, f->object);
    }
    if (reason != NULL && f->kind == FLIGHT_SHARED && !f->is_forgotten)
        remember_uncacheable(f);
    f->object->body->on_taken = on_taken;
    f->object->body->ctx = f;
    end_joining(f);
    f->read = NULL;
    hand_out(f,
             (struct flight_told){ .news = FLIGHT_OBJECT,
                                   .object = f->object,
                                   .result = f->kind == FLIGHT_SHARED ? EDGE_MISS : EDGE_BYPASS,
                                   .is_stored = f->is_stored,
                                   .status = view->head->status,
                                   .origin_us = view->first_byte_us,
                                   .detail = reason },
             reason == NULL); /* purged meanwhile, or no room: still theirs who had asked before */
    if (!f->is_stored)
        body_let_go(f->object->body);
}

/* 304: the stored head becomes the new one, its body stays. */
static bool freshen(struct flight *f, const struct fetch_view *view)
{
    struct http_fields *stored = malloc(sizeof *stored);
    struct http_response_head *merged = malloc(sizeof *merged);
    struct rule_control control;
    struct lines head = { 0 };
    bool is_done = false;

    if (stored == NULL || merged == NULL)
        goto end;
    object_fields(f->stale, stored);
    *merged = *view->head;
    merged->status = f->stale->status;
    if (!rule_304_fits(stored, &view->head->fields, view->response_ms / 1000) ||
        !rule_merge_304(stored, &view->head->fields, &merged->fields))
        goto end;
    rule_control_response(&merged->fields, &control);
    put_kept(&merged->fields, &control, true, &head);
    if (head.is_short || object_set_head(f->stale, f->stale->status, head.at, head.len) != 0)
        goto end;
    rule_fresh_make(merged, &control, &f->request->options, view->request_ms, view->response_ms,
                    &f->stale->fresh);
    if (purged_meanwhile(f, f->stale) != PURGE_NONE)
        store_remove(f->edge->store, f->stale);
    else
        store_recharge(f->edge->store, f->stale);
    is_done = true;
end:
    lines_fini(&head);
    free(stored);
    free(merged);
    return is_done;
}

static void accept_304(struct flight *f, const struct fetch_view *view)
{
    bool is_fresh = freshen(f, view);

    if (is_fresh) {
        f->is_over = true;
        end_joining(f);
        hand_out(f,
                 (struct flight_told){ .news = FLIGHT_OBJECT,
                                       .object = f->stale,
                                       .result = EDGE_REVALIDATED,
                                       .is_stored = true,
                                       .status = 304,
                                       .origin_us = view->first_byte_us },
                 true);
        return;
    }
    /* It speaks of another response than ours: ask again, for all of it. */
    store_remove(f->edge->store, f->stale);
    f->stale->is_validating = false;
    object_unref(f->stale);
    f->stale = NULL;
    edge_fetch_cancel(f->fetch);
    f->fetch = NULL;
    if (begin_fetch(f) != 0) {
        f->is_over = true;
        tell_all(f, (struct flight_told){ .news = FLIGHT_FAILED, .status = 503 });
    }
}

static void invalidate(struct flight *f, const struct fetch_view *view)
{
    static const enum http_id others[] = { HTTP_LOCATION, HTTP_CONTENT_LOCATION };
    const struct request *r = f->request;
    struct key_rule rule = request_rule_of(request_route(r, f->edge->what));

    if (!rule_invalidates(&r->head, view->head->status))
        return;
    edge_invalidate(f->edge, (struct http_text){ r->key.text.at, r->key.url_len });
    for (size_t i = 0; i < 2; i++) {
        char *room = f->edge->thread->scratch;
        struct http_text location = http_field_value(&view->head->fields, others[i]);
        int len = location.at == NULL
                      ? -1
                      : key_of_location(&r->key, location, &rule, room, KEY_MAX);
        if (len > 0)
            edge_invalidate(f->edge, (struct http_text){ room, (size_t)len });
    }
}

static void judge(struct flight *f, const struct fetch_view *view)
{
    struct rule_control control;
    const struct http_response_head *head = view->head;

    edge_times_add(&f->edge->counts->origin_time, (uint64_t)view->first_byte_us);
    edge_sync_purges(f->edge);
    if (f->kind == FLIGHT_PRIVATE && !http_method_is_safe(f->request->head.method))
        invalidate(f, view);
    if (head->status == 304 && f->stale != NULL) {
        accept_304(f, view);
        return;
    }
    if (rule_is_error(head->status) && f->stale != NULL && serve_stale(f, head->status)) {
        end_joining(f);
        f->is_over = true;
        return;
    }
    rule_control_response(&head->fields, &control);
    accept_response(f, view, &control);
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
    if (f->is_stored && (f->object->queue == OBJECT_NOWHERE ||
                         !store_recharge(f->edge->store, f->object))) {
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

static void on_change(void *ctx, struct fetch *fetch)
{
    struct flight *f = flight_of(ctx);
    struct fetch_view view = edge_fetch_view(fetch);

    f->is_busy = true;
    if (!f->is_decided && view.has_head && view.outcome != FETCH_BAD)
        judge(f, &view);
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
        end_joining(f);
    }
}

void flights_end(struct edge *e)
{
    while (e->all_flights != NULL)
        flight_free(e->all_flights);
}
