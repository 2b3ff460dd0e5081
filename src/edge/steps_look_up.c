/* steps_look_up.c - is it stored, and may what is stored answer? Edge thread.
 *
 * What may answer is rule_fresh.h's to say. */
#include "steps_inside.h"

#include <waymark/clock.h>

#include "flight.h"

static bool is_purged(struct session *s, struct object *o)
{
    const struct purge *p = s->edge->purge;

    if (o->generation >= purge_generation(p))
        return false;
    enum purge_effect effect = purge_check(p, object_url(o), o->tags, o->n_tags, o->generation);
    o->generation = purge_generation(p);
    if (effect == PURGE_SOFT)
        rule_fresh_expire(&o->fresh, clock_steady_us() / 1000);
    return effect == PURGE_HARD;
}

static bool is_usable(struct session *s, struct object *o, int64_t now_ms)
{
    if (is_purged(s, o))
        return false;
    if (o->is_marker)
        return now_ms - o->fresh.response_ms < EDGE_MARKER_MS;
    return o->body->state == BODY_COMPLETE || o->body->state == BODY_GROWING;
}

/* The newest variant that answers this request. What cannot be used any more leaves on the way. */
static struct object *find(struct session *s, int64_t now_ms)
{
    const struct object_key *key = &s->request->object_key;
    struct object *next, *found = NULL;

    for (struct object *o = store_first(s->edge->store, key); o != NULL && found == NULL;
         o = next) {
        next = store_next(o, key);
        if (!is_usable(s, o, now_ms))
            store_remove(s->edge->store, o);
        else if (o->is_marker || request_fits(s->request, o, s->edge->thread->mark))
            found = o;
        else
            s->forward = RULE_FWD_VARY;
    }
    return found;
}

static enum step serve(struct session *s, struct object *o, enum edge_result result)
{
    store_bump(o);
    s->told = (struct flight_told){
        .news = FLIGHT_OBJECT, .object = object_ref(o), .result = result, .is_stored = true
    };
    s->forward = RULE_HIT;
    return STEP_DELIVER;
}

/* Not of a body that still grows: it is as new as a fetch of its own would be, and if it grows too
 * large for the store its beginning is gone. */
static void update_in_background(struct session *s, struct object *o)
{
    struct flight_plan plan = {
        .edge = s->edge, .request = s->request, .kind = FLIGHT_SHARED, .stale = o
    };

    if (!o->is_validating && o->body->state == BODY_COMPLETE && s->request->head.method == HTTP_GET)
        flight_start(&plan); /* if it cannot, the next request tries again */
}

static enum step use_stored(struct session *s, struct object *o, int64_t now_ms)
{
    const struct request *r = s->request;
    bool is_fresh = rule_ttl_ms(&o->fresh, now_ms) >= 0;

    switch (rule_use(&o->fresh, &r->control, &r->options, now_ms)) {
    case RULE_USE:
        return serve(s, o, is_fresh ? EDGE_HIT : EDGE_STALE);
    case RULE_USE_AND_UPDATE:
        update_in_background(s, o);
        return serve(s, o, EDGE_STALE);
    case RULE_GATEWAY_TIMEOUT:
        return steps_reply(s, 504, "only a fresh stored response was asked for, and there is none");
    case RULE_VALIDATE:
        break;
    }
    s->forward = RULE_FWD_STALE;
    if (o->body->state == BODY_COMPLETE)
        s->stale = object_ref(o);
    else if (o->body->state == BODY_GROWING) /* as new as a fetch of its own would be */
        return serve(s, o, EDGE_MISS);
    return STEP_FETCH;
}

static enum step look_in_store(struct session *s)
{
    int64_t now_ms = clock_steady_us() / 1000;
    struct object *o = find(s, now_ms);

    if (o != NULL && !o->is_marker)
        return use_stored(s, o, now_ms);
    if (o != NULL) {
        s->is_alone = true;
        s->forward = RULE_FWD_BYPASS;
    }
    if (s->request->control.only_if_cached)
        return steps_reply(s, 504, "only a stored response was asked for, and there is none");
    return STEP_FETCH;
}

enum step steps_look_up(struct session *s)
{
    struct request *r = s->request;

    edge_sync_purges(s->edge);
    r->object_key.hash = store_hash(s->edge->store, r->key.text);
    s->forward = RULE_FWD_MISS;
    switch (rule_look_up(&r->head, &r->control, &r->options)) {
    case RULE_PASS:
        s->is_private = true;
        s->forward = r->head.method <= HTTP_HEAD ? RULE_FWD_REQUEST : RULE_FWD_METHOD;
        return STEP_FETCH;
    case RULE_BYPASS:
        s->is_alone = true;
        s->is_private = r->head.method == HTTP_HEAD;
        s->forward = RULE_FWD_REQUEST;
        return STEP_FETCH;
    case RULE_LOOK_UP:
        break;
    }
    return look_in_store(s);
}
