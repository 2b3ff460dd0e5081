/* explain_json.c - why a client gets its answer, as an object.
 *
 * Pure over the world it is given. The facts are dns_explain's and steer_explain's; here they get
 * names. Live and offline, JSON and text all go this way. */
#include "explain_json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/geo.h>
#include <waymark/health.h>
#include <waymark/world.h>

#include "attribution.h"
#include "json_put.h"
#include "moment.h"
#include "packet_json.h"
#include "stage_text.h"
#include "target_json.h"
#include "without.h"

struct facts {
    const struct world *world;
    const struct conf *conf;
    const struct dns_question *question;
    const struct dns_explanation *x;
    const struct explain_source *source;
};

static json_t *network_json(const struct addr *a, unsigned bits)
{
    struct prefix p = { .addr = addr_mask(a, bits), .bits = (uint8_t)bits };
    char text[PREFIX_TEXT_LEN];

    return json_text(prefix_format(&p, text));
}

static json_t *address_json(const struct addr *a)
{
    char text[ADDR_TEXT_LEN];

    return json_text(addr_format(a, text));
}

static json_t *without_json(const struct facts *f)
{
    json_t *all = json_array();

    for (size_t i = 0; f->source->without != NULL && i < f->source->without->n; i++)
        json_array_append_new(all, json_text(f->conf->targets[f->source->without->targets[i]].name));
    return all;
}

static json_t *source_json(const struct facts *f)
{
    json_t *o = json_object();

    put_bool(o, "is_live", f->source->is_live);
    put_int(o, "now_ms", f->source->now_ms);
    put_text(o, "file", f->conf->file);
    put_text(o, "server", WAYMARK_VERSION);
    put_int(o, "world", (int64_t)f->world->version);
    put_bool(o, "is_ready", f->world->is_ready);
    put_int(o, "loaded_ms", f->world->base->loaded_ms);
    put(o, "without", without_json(f));
    return o;
}

static json_t *question_json(const struct dns_question *q)
{
    json_t *o = json_object();
    char name[WIRE_NAME_TEXT_LEN], type[16], at[MOMENT_TEXT_LEN];
    struct addr any = { .family = q->ecs.family == 1 ? 4 : 6 };

    put_text(o, "name", wire_name_to_text(q->name.octets, name));
    put_text(o, "type", wire_type_to_text(q->type, type));
    put(o, "resolver", address_json(&q->resolver));
    put(o, "client",
        !q->ecs.is_present
            ? json_null()
            : network_json(q->ecs.source_bits == 0 ? &any : &q->ecs.addr, q->ecs.source_bits));
    put_text(o, "at", moment_format(q->now_ms, at));
    put_int(o, "at_ms", q->now_ms);
    return o;
}

static const char *verdict_word(enum zone_verdict verdict)
{
    switch (verdict) {
    case ZONE_OUTSIDE:
        return "outside";
    case ZONE_FOUND:
        return "found";
    case ZONE_WILDCARD:
        return "wildcard";
    case ZONE_ABSENT:
        return "absent";
    case ZONE_DELEGATED:
        return "delegated";
    case ZONE_BELOW_DNAME:
        return "below_dname";
    }
    return "?";
}

static json_t *zone_json(const struct facts *f)
{
    const struct zone *zone = f->x->zone;
    json_t *o = json_object();

    put_text(o, "verdict", verdict_word(f->x->verdict));
    if (zone != NULL) {
        put_text(o, "name", zone->name);
        put_text(o, "file", zone->file);
        put_int(o, "serial", zone->serial);
        put_int(o, "negative_ttl", zone->negative_ttl);
    }
    return o;
}

static json_t *policy_json(const struct facts *f)
{
    const struct conf_service *service = f->x->service;
    json_t *all = json_array();

    for (size_t i = 0; i < service->n_stages; i++) {
        json_t *o = json_object();
        char *detail = NULL;
        size_t len;
        FILE *out = open_memstream(&detail, &len);
        if (out != NULL) {
            stage_write_detail(f->conf, &service->stages[i], out);
            fclose(out);
        }
        put_text(o, "stage", stage_word(service->stages[i].kind));
        put_text(o, "detail", detail == NULL || detail[0] == '\0' ? NULL : detail);
        put_int(o, "line", service->stages[i].where.line);
        json_array_append_new(all, o);
        free(detail);
    }
    return all;
}

static json_t *service_json(const struct facts *f)
{
    static const char *const no_target[] = { [CONF_NO_TARGET_ZONE] = "zone",
                                             [CONF_NO_TARGET_NODATA] = "nodata",
                                             [CONF_NO_TARGET_SERVFAIL] = "servfail" };
    const struct conf_service *service = f->x->service;
    json_t *o = json_object();

    put_text(o, "name", service->name);
    put_text(o, "file", service->where.file);
    put_int(o, "line", service->where.line);
    put_int(o, "ttl_s", service->ttl_s);
    put_int(o, "window_s", service->window_s);
    put_text(o, "draw", service->draw == CONF_DRAW_QUERY ? "query" : "window");
    put_text(o, "no_target", no_target[service->no_target]);
    put(o, "addresses", service->addresses == 0 ? json_null() : json_integer(service->addresses));
    put_int(o, "plan", (int64_t)f->x->plan);
    put_bool(o, "is_steered_type", f->x->is_steered_type);
    put(o, "policy", policy_json(f));
    return o;
}

static const char *text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static json_t *decided_json(const struct steer_explanation *s)
{
    json_t *o = json_object();

    put_text(o, "by", s->is_by_ecs ? "ecs" : "resolver");
    put(o, "address", address_json(&s->decided_by));
    return o;
}

static json_t *place_json(const struct steer_explanation *s)
{
    const struct geo_place *place = s->where.place;
    json_t *o = json_object();

    put_text(o, "continent", text_or_null(place->continent));
    put_text(o, "country", text_or_null(place->country));
    put_text(o, "subdivision_code", text_or_null(place->subdivision_code));
    put_text(o, "subdivision", text_or_null(place->subdivision));
    put_text(o, "city", text_or_null(place->city));
    put_text(o, "region", text_or_null(place->region));
    put(o, "asn", place->asn == 0 ? json_null() : json_integer(place->asn));
    if (place->has_point) {
        put_real(o, "latitude", (double)place->latitude);
        put_real(o, "longitude", (double)place->longitude);
    }
    put_bool(o, "is_country_level", place->is_country_level);
    put_bool(o, "is_special", place->is_special);
    put_text(o, "source", text_or_null(place->source));
    put(o, "line", place->line == 0 ? json_null() : json_integer(place->line));
    put(o, "network", network_json(&s->decided_by, s->where.bits));
    return o;
}

static json_t *class_json(const struct facts *f)
{
    const struct steer_explanation *s = &f->x->steer;
    struct steer_plan_figures figures = steer_plan_figures(f->world->base->plans, f->x->plan);

    if (!s->has_view)
        return json_null();
    json_t *o = json_object();
    put_int(o, "number", s->class);
    put_int(o, "count", (int64_t)s->n_classes);
    put(o, "network", network_json(&s->decided_by, s->class_bits));
    put_int(o, "view", (int64_t)figures.view);
    put_int(o, "view_networks", (int64_t)figures.view_leaves);
    return o;
}

static json_t *candidate_json(const struct facts *f, const struct steer_event *e)
{
    json_t *o = json_object();

    put_text(o, "target", f->conf->targets[e->target].name);
    put_bool(o, "is_kept", e->kind == STEER_PLACED);
    if (e->kind == STEER_PLACED)
        put_int(o, "tier", e->tier);
    put(o, "km", e->km < 0 ? json_null() : json_real(e->km));
    put(o, "odds_pct", e->odds < 0 ? json_null() : json_real(e->odds * 100));
    put_text(o, "reason", text_or_null(e->reason));
    return o;
}

static bool sees_place(enum conf_stage_kind kind)
{
    return kind != CONF_STAGE_HEALTHY && kind != CONF_STAGE_WEIGHTED &&
           kind != CONF_STAGE_STICKY && kind != CONF_STAGE_FLOOR;
}

/* Stages that see only the place come first, then those that see what changes, whatever the order
 * in which they are written. */
static json_t *stage_json(const struct facts *f, int stage)
{
    bool is_ours = stage >= 0;
    enum conf_stage_kind kind = is_ours ? f->x->service->stages[stage].kind : CONF_STAGE_TAKE;
    json_t *o = json_object();

    put_int(o, "index", stage);
    put_text(o, "stage", is_ours ? stage_word(kind) : "type");
    put_bool(o, "is_by_place", !is_ours || sees_place(kind));
    put(o, "candidates", json_array());
    return o;
}

/* What is dropped after a stage was told belongs to that stage: it stood in its list. */
static void drop_again(json_t *stage, json_t *candidate)
{
    json_t *all = json_object_get(stage, "candidates"), *other;
    const char *name = get_text(candidate, "target", "");
    size_t i;

    json_array_foreach (all, i, other) {
        if (strcmp(get_text(other, "target", ""), name) == 0) {
            json_array_set_new(all, i, candidate);
            return;
        }
    }
    json_array_append_new(all, candidate);
}

/* Events of one stage stand together. */
static json_t *stages_json(const struct facts *f)
{
    const struct steer_trace *trace = &f->x->steer.trace;
    json_t *all = json_array(), *now = NULL;
    int former = INT_MIN;

    for (size_t i = 0; i < trace->n && i < STEER_EVENTS_MAX; i++) {
        const struct steer_event *e = &trace->events[i];
        bool is_after = e->stage >= (int)f->x->service->n_stages;
        if (is_after && now != NULL) {
            drop_again(now, candidate_json(f, e));
            continue;
        }
        if (e->stage != former) {
            now = stage_json(f, is_after ? -1 : e->stage);
            json_array_append_new(all, now);
            former = e->stage;
        }
        json_array_append_new(json_object_get(now, "candidates"), candidate_json(f, e));
    }
    return all;
}

static json_t *targets_json(const struct facts *f)
{
    const struct explain_source *source = f->source;
    json_t *all = json_array();

    for (size_t i = 0; i < f->x->service->n_targets; i++) {
        int target = f->x->service->targets[i];
        bool is_without = source->without != NULL && /* what its probes say is beside the point */
                          without_has(source->without, f->conf, f->conf->targets[target].name);
        json_array_append_new(all, target_json(f->world, target, source->health,
                                               is_without ? 0 : source->n_health));
    }
    return all;
}

static json_t *draw_json(const struct steer_explanation *s)
{
    if (s->identity.family == 0)
        return json_null();
    json_t *o = json_object();
    put(o, "identity", network_json(&s->identity, s->identity_bits));
    put_bool(o, "is_sticky", s->is_sticky);
    put(o, "window", s->is_sticky ? json_null() : json_integer(s->window));
    put(o, "window_rest_s", s->is_sticky ? json_null() : json_integer(s->window_rest_s));
    return o;
}

/* Which of the three limits made the TTL what it is. */
static const char *ttl_bound(const struct facts *f)
{
    const struct steer_explanation *s = &f->x->steer;
    uint32_t ttl_s = (uint32_t)f->x->service->ttl_s;

    if (s->choice.n == 0)
        return "zone";
    if (s->choice.ttl_s >= ttl_s)
        return "ttl_s";
    return s->identity.family != 0 && s->window_rest_s <= s->horizon_s ? "window" : "horizon";
}

/* Caches cut the client subnet they asked with, even when another address decided. */
static json_t *scope_json(const struct facts *f)
{
    const struct wire_ecs *ecs = &f->question->ecs;

    if (ecs->source_bits == 0)
        return json_null();
    return network_json(&ecs->addr, f->x->steer.choice.scope_bits);
}

static json_t *choice_json(const struct facts *f)
{
    const struct steer_explanation *s = &f->x->steer;
    json_t *o = json_object(), *names = json_array();

    for (size_t i = 0; i < s->choice.n && i < STEER_TAKE_MAX; i++)
        json_array_append_new(names, json_text(f->conf->targets[s->choice.targets[i]].name));
    put(o, "targets", names);
    put_bool(o, "is_open", s->choice.is_open);
    put_bool(o, "is_drawn", s->choice.is_drawn);
    put(o, "scope_network", scope_json(f));
    put_int(o, "scope_bits", s->choice.scope_bits);
    put_int(o, "ttl_s", s->choice.ttl_s);
    put_text(o, "ttl_bound", ttl_bound(f));
    put(o, "horizon_s", s->horizon_s == STEER_STEADY ? json_null() : json_integer(s->horizon_s));
    return o;
}

static void put_steering(json_t *o, const struct facts *f)
{
    const struct steer_explanation *s = &f->x->steer;

    put(o, "decided", decided_json(s));
    put(o, "place", place_json(s));
    put(o, "class", class_json(f));
    put(o, "stages", stages_json(f));
    put_bool(o, "is_truncated", s->trace.is_truncated);
    put(o, "targets", targets_json(f));
    put(o, "draw", draw_json(s));
    put(o, "choice", choice_json(f));
}

static json_t *facts_json(const struct facts *f)
{
    json_t *o = json_object();

    put(o, "source", source_json(f));
    put(o, "question", question_json(f->question));
    put(o, "zone", zone_json(f));
    put(o, "service", f->x->service == NULL ? json_null() : service_json(f));
    if (f->x->service != NULL && f->x->is_steered_type)
        put_steering(o, f);
    put(o, "answer", packet_json(f->x->answer, f->x->answer_len));
    put(o, "attribution", attribution_json(f->world->base->geo));
    return o;
}

json_t *explain_json(const struct world *world, const struct dns_question *question,
                     const struct explain_source *source)
{
    struct dns_explanation *x = calloc(1, sizeof *x);

    if (x == NULL)
        return NULL;
    dns_explain(world, question, x);
    struct facts f = {
        .world = world, .conf = world->base->conf, .question = question, .x = x, .source = source
    };
    json_t *o = facts_json(&f);
    free(x);
    return o;
}
