/* flight_head.c - a response's head: may it be stored, whom is it for, what else does it change.
 * Edge thread.
 *
 * What may be stored and for how long is rule_fresh.h's to say. */
#include "flight_inside.h"

#include <waymark/clock.h>

#include "edge_times.h"
#include "http_date.h"
#include "rule_pass.h"

/* ---- an object of it ---- */

/* Age: but for what passes through as it is, each client's answer gets one of its own. */
static void put_kept(const struct flight *flight, const struct http_fields *fields,
                     const struct rule_control *control, bool to_store, struct lines *out)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        const struct http_field *f = &fields->list[i];
        if (f->id == HTTP_AGE && flight->kind != FLIGHT_PRIVATE)
            continue;
        if (f->id != HTTP_X_CACHE && rule_is_kept(f, control, to_store))
            lines_field(out, f->name, f->value);
    }
    if (!http_field_has(fields, HTTP_DATE)) {
        char date[HTTP_DATE_LEN + 1];
        http_date_write(clock_wall_ms() / 1000, date);
        lines_format(out, "Date: %s\r\n", date);
    }
}

static enum purge_effect purged_meanwhile(const struct flight *f, const struct object *o)
{
    return purge_check(f->edge->purge, object_url(o), o->tags, o->n_tags, f->generation);
}

/* Why this response is for one client only; NULL: it may be stored. */
static const char *why_not_stored(const struct flight *f, const struct fetch_view *view,
                                  const struct rule_control *control)
{
    const struct http_response_head *head = view->head;

    if (f->kind == FLIGHT_PRIVATE || f->is_forgotten)
        return "private";
    if (head->body == HTTP_BODY_UNTIL_CLOSE)
        return "no-length";
    if (head->has_length && head->length > store_object_max(f->edge->store))
        return "too-large";
    return rule_why_not_stored(&f->request->head, &f->request->control, head, control,
                               &f->request->options, view->response_ms);
}

/* The variant that Vary makes of it, still without a head. */
static struct object *make_variant(const struct flight *f, const struct http_fields *fields,
                                   const char **reason)
{
    char names[RULE_VARY_LIST_MAX], *mark = f->edge->thread->mark;
    int n_names = rule_vary_names(fields, names);
    int n_mark = n_names <= 0 ? n_names
                              : rule_vary_mark((struct http_text){ names, (size_t)n_names },
                                               &f->request->head.fields, mark);

    if (n_mark < 0) {
        *reason = *reason == NULL ? "vary" : *reason;
        n_names = n_mark = 0;
    }
    return object_new(&f->request->object_key, (struct http_text){ names, (size_t)n_names },
                      (struct http_text){ mark, (size_t)n_mark });
}

/* An object of the response; `*reason` may become one more why it cannot be stored. */
static struct object *make_object(const struct flight *f, const struct fetch_view *view,
                                  const struct rule_control *control, const char **reason)
{
    struct object *o = make_variant(f, &view->head->fields, reason);
    struct lines head = { 0 };

    put_kept(f, &view->head->fields, control, *reason == NULL, &head);
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
        o->fresh.response_ms = view->response_steady_ms;
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
    o->fresh.response_ms = clock_steady_us() / 1000;
    store_add(f->edge->store, o);
    object_unref(o);
}

/* false: purged meanwhile, or no room. */
static bool enter_store(struct flight *f)
{
    if (purged_meanwhile(f, f->object) != PURGE_NONE)
        return false;
    f->object->generation = purge_generation(f->edge->purge);
    return store_add(f->edge->store, f->object);
}

static void accept_response(struct flight *f, const struct fetch_view *view,
                            const struct rule_control *control)
{
    const char *reason = why_not_stored(f, view, control);

    f->object = make_object(f, view, control, &reason);
    if (f->object == NULL) {
        flight_fail(f, 503, NULL);
        return;
    }
    f->is_decided = true;
    f->is_stored = reason == NULL && enter_store(f);
    if (reason != NULL && f->kind == FLIGHT_SHARED && !f->is_forgotten)
        remember_uncacheable(f);
    flight_watch_readers(f);
    flight_end_joining(f);
    f->read = NULL;
    struct flight_told told = { .news = FLIGHT_OBJECT,
                                .object = f->object,
                                .result = f->kind == FLIGHT_SHARED ? EDGE_MISS : EDGE_BYPASS,
                                .is_stored = f->is_stored,
                                .status = view->head->status,
                                .origin_us = view->first_byte_us,
                                .detail = reason };
    /* Purged meanwhile, or no room: still theirs who had asked before. */
    flight_hand_out(f, told, reason == NULL);
    if (!f->is_stored)
        body_let_go(f->object->body);
}

/* Is it still for the requests that it was stored for, under the names that its Vary has now? */
static bool varies_alike(const struct object *o, const struct http_fields *fields)
{
    char names[RULE_VARY_LIST_MAX];
    int n = rule_vary_names(fields, names);

    return n >= 0 && http_text_is(object_names(o), (struct http_text){ names, (size_t)n });
}

/* 304: the stored head becomes the new one, its body stays. */
static bool freshen(struct flight *f, const struct fetch_view *view)
{
    struct object *o = f->stale;
    struct http_response_head merged = *view->head;
    struct http_fields stored;
    struct rule_control control;
    struct rule_fresh fresh;
    struct lines head = { 0 };

    object_fields(o, &stored);
    merged.status = o->status;
    if (!rule_304_fits(&stored, &view->head->fields, view->response_ms / 1000) ||
        !rule_merge_304(&stored, &view->head->fields, &merged.fields) ||
        !varies_alike(o, &merged.fields))
        return false;
    rule_control_response(&merged.fields, &control);
    if (rule_why_not_stored(&f->request->head, &f->request->control, &merged, &control,
                            &f->request->options, view->response_ms) != NULL)
        return false;
    put_kept(f, &merged.fields, &control, true, &head);
    /* Before the head is exchanged: `merged` points into the old one. */
    rule_fresh_make(&merged, &control, &f->request->options, view->request_ms, view->response_ms,
                    &fresh);
    bool is_set = !head.is_short && object_set_head(o, o->status, head.at, head.len) == 0;
    lines_fini(&head);
    if (!is_set)
        return false;
    o->fresh = fresh;
    o->fresh.response_ms = view->response_steady_ms;
    if (purged_meanwhile(f, o) != PURGE_NONE)
        store_remove(f->edge->store, o);
    else
        store_recharge(f->edge->store, o);
    return true;
}

static void accept_304(struct flight *f, const struct fetch_view *view)
{
    if (freshen(f, view)) {
        flight_end_with(f, (struct flight_told){ .news = FLIGHT_OBJECT,
                                                 .object = f->stale,
                                                 .result = EDGE_REVALIDATED,
                                                 .is_stored = true,
                                                 .status = 304,
                                                 .origin_us = view->first_byte_us });
        return;
    }
    /* It speaks of another response than ours, or of one that is not for all: ask again, for all
     * of it. */
    store_remove(f->edge->store, f->stale);
    f->stale->is_validating = false;
    object_unref(f->stale);
    f->stale = NULL;
    edge_fetch_cancel(f->fetch);
    f->fetch = NULL;
    if (flight_begin_fetch(f) != 0)
        flight_fail(f, 503, NULL);
}

/* We set no condition, nor did the client: there is nothing it could be about. */
static bool is_unasked_304(const struct flight *f, const struct fetch_view *view)
{
    const struct http_fields *asked = &f->request->head.fields;

    return view->head->status == 304 && f->stale == NULL && f->kind != FLIGHT_PRIVATE &&
           !http_field_has(asked, HTTP_IF_NONE_MATCH) &&
           !http_field_has(asked, HTTP_IF_MODIFIED_SINCE);
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
        int len =
            location.at == NULL ? -1 : key_of_location(&r->key, location, &rule, room, KEY_MAX);
        if (len > 0)
            edge_invalidate(f->edge, (struct http_text){ room, (size_t)len });
    }
}

void flight_judge(struct flight *f, const struct fetch_view *view)
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
    if (is_unasked_304(f, view)) {
        counter_bump(&f->edge->counts->fetches_failed, 1);
        flight_fail(f, 502, "http_protocol_error");
        return;
    }
    if (rule_is_error(head->status) && flight_serve_stale(f, head->status, NULL))
        return;
    rule_control_response(&head->fields, &control);
    accept_response(f, view, &control);
}
