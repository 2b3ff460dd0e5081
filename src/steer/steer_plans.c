/* steer_plans.c - services to plans to views, each distinct one built once. Writer side. */
#include "steer_plans.h"

#include <search.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/report.h>

#include "steer_key.h"

/* A key and what it stands for; the trees of tsearch(3) hold these. */
struct known {
    char *key;
    size_t number;
};

struct builder {
    struct steer_plans *plans;
    const struct geo *geo;
    const struct steer_plans *former; /* NULL: none, or of another base */
    struct report *report;
    void *known_views, *known_plans;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->key, ((const struct known *)b)->key);
}

static void known_free(void *node)
{
    struct known *k = node;

    free(k->key);
    free(k);
}

/* The entry of that key, a new one with `number` if it is new. Takes the key. NULL: out of memory. */
static struct known *know(void **tree, char *key, size_t number)
{
    struct known *fresh = malloc(sizeof *fresh);

    if (key == NULL || fresh == NULL) {
        free(key);
        free(fresh);
        return NULL;
    }
    *fresh = (struct known){ key, number };
    void *node = tsearch(fresh, tree, by_key);
    struct known *k = node == NULL ? NULL : *(struct known **)node;
    if (k != fresh)
        known_free(fresh);
    return k;
}

static bool out_of_memory(struct builder *b, const struct conf_service *s)
{
    report_error(b->report, s->where.file, s->where.line,
                 "service \"%s\": out of memory while its plan was built", s->name);
    return false;
}

static size_t count_geo_views(const struct steer_plans *plans)
{
    size_t n = 0;

    for (size_t i = 0; i < plans->n_views; i++)
        n += plans->views[i]->geo != NULL;
    return n;
}

/* One that divides the clients by place as the key says; NULL: there was none. */
static struct steer_view *former_view(const struct builder *b, const char *key)
{
    for (size_t i = 0; b->former != NULL && i < b->former->n_views; i++) {
        struct steer_view *v = b->former->views[i];
        if (v->geo != NULL && strcmp(v->key, key) == 0)
            return steer_view_ref(v);
    }
    return NULL;
}

static bool view_add(struct builder *b, struct steer_plan *plan, const char *key,
                     const struct conf_service *s)
{
    struct steer_plans *plans = b->plans;
    struct steer_view *view;
    char why[WHY_LEN];

    if (plan->policy.sees_place && count_geo_views(plans) >= (size_t)plans->conf->geo.views_max) {
        report_error(b->report, s->where.file, s->where.line,
                     "service \"%s\" needs one more view of the address space, and %d are allowed: "
                     "let services share their policy and sites, or raise geo.views_max",
                     s->name, plans->conf->geo.views_max);
        return false;
    }
    view = former_view(b, key);
    if (view == NULL && steer_view_build(&plan->policy, key, b->geo, &view, why) != 0) {
        report_error(b->report, s->where.file, s->where.line, "service \"%s\": %s", s->name, why);
        return false;
    }
    plans->views[plans->n_views++] = view;
    return true;
}

static bool plan_view(struct builder *b, struct steer_plan *plan, const struct conf_service *s)
{
    size_t fresh = b->plans->n_views;
    struct known *k = know(&b->known_views, steer_view_key(&plan->policy), fresh);

    if (k == NULL)
        return out_of_memory(b, s);
    if (k->number == fresh && !view_add(b, plan, k->key, s))
        return false;
    plan->view_number = k->number;
    plan->view = b->plans->views[k->number];
    return true;
}

static bool has_cname(const struct steer_policy *p)
{
    for (size_t i = 0; i < p->n_sites; i++)
        if (p->conf->targets[p->sites[i].target].cname != NULL)
            return true;
    return false;
}

/* The service's plan among those that are known, `n_plans` if it is new. Its policy is read into memory
 * of its own: a hundred thousand services of one plan must not leave theirs behind. NULL: no memory. */
static struct known *known_plan(struct builder *b, const struct conf_service *s)
{
    struct arena *arena = arena_new();
    struct known *k = NULL;
    struct steer_policy policy;

    if (arena != NULL && steer_policy_init(&policy, b->plans->conf, s, arena))
        k = know(&b->known_plans, steer_plan_key(&policy), b->plans->n_plans);
    arena_free(arena);
    return k;
}

static bool plan_add(struct builder *b, size_t service)
{
    struct steer_plans *plans = b->plans;
    const struct conf_service *s = &plans->conf->services[service];
    struct steer_plan *plan = &plans->plans[plans->n_plans];

    if (!steer_policy_init(&plan->policy, plans->conf, s, plans->arena))
        return out_of_memory(b, s);
    if (!plan_view(b, plan, s))
        return false;
    plan->has_cname = has_cname(&plan->policy);
    plan->first_service = (uint32_t)service;
    plans->n_plans++;
    return true;
}

static bool service_plan(struct builder *b, size_t service)
{
    struct steer_plans *plans = b->plans;
    const struct conf_service *s = &plans->conf->services[service];
    struct known *k = known_plan(b, s);

    if (k == NULL)
        return out_of_memory(b, s);
    if (k->number == plans->n_plans && !plan_add(b, service))
        return false;
    plans->plans[k->number].n_services++;
    plans->services[service] = (struct steer_service){
        .conf = s, .plan = (uint32_t)k->number, .name_hash = hash_plain(s->name, strlen(s->name))
    };
    steer_route_init(&plans->routes[service], s, &plans->plans[k->number], (uint32_t)k->number);
    return true;
}

/* The lists of all targets lie one behind another. While they are filled, first[t + 1] is where t's next
 * number goes; then it is where t's list ends and that of t + 1 begins. */
static bool index_targets(struct steer_plans *plans)
{
    size_t *first = arena_zero(plans->arena, plans->conf->n_targets + 2, sizeof *first);
    size_t n = 0;

    if (first == NULL)
        return false;
    for (size_t i = 0; i < plans->n_plans; i++)
        for (size_t k = 0; k < plans->plans[i].policy.n_sites; k++, n++)
            first[plans->plans[i].policy.sites[k].target + 2]++;
    plans->of_target =
        arena_alloc(plans->arena, n * sizeof *plans->of_target, alignof(uint32_t));
    if (plans->of_target == NULL)
        return false;
    for (size_t t = 2; t < plans->conf->n_targets + 2; t++)
        first[t] += first[t - 1];
    for (size_t i = 0; i < plans->n_plans; i++)
        for (size_t k = 0; k < plans->plans[i].policy.n_sites; k++)
            plans->of_target[first[plans->plans[i].policy.sites[k].target + 1]++] = (uint32_t)i;
    plans->of_target_first = first;
    return true;
}

static struct steer_plans *plans_new(const struct conf *conf, const struct geo *geo)
{
    struct steer_plans *plans = calloc(1, sizeof *plans);

    if (plans == NULL)
        return NULL;
    plans->conf = conf;
    plans->geo = geo;
    plans->arena = arena_new();
    if (plans->arena == NULL)
        goto fail;
    plans->views = arena_zero(plans->arena, conf->n_services + 1, sizeof *plans->views);
    plans->plans = arena_zero(plans->arena, conf->n_services + 1, sizeof *plans->plans);
    plans->services = arena_zero(plans->arena, conf->n_services + 1, sizeof *plans->services);
    plans->routes = arena_zero(plans->arena, conf->n_services + 1, sizeof *plans->routes);
    if (plans->views != NULL && plans->plans != NULL && plans->services != NULL &&
        plans->routes != NULL)
        return plans;
fail:
    steer_plans_free(plans);
    return NULL;
}

struct steer_plans *steer_plans_build(const struct conf *conf, const struct geo *geo,
                                      struct report *report)
{
    return steer_plans_build_after(NULL, conf, geo, report);
}

struct steer_plans *steer_plans_build_after(const struct steer_plans *former,
                                            const struct conf *conf, const struct geo *geo,
                                            struct report *report)
{
    struct builder b = { .plans = plans_new(conf, geo),
                         .geo = geo,
                         .former = former != NULL && former->geo == geo ? former : NULL,
                         .report = report };
    bool is_good = b.plans != NULL;

    if (!is_good)
        report_error(report, conf->file, 0, "out of memory");
    for (size_t i = 0; is_good && i < conf->n_services; i++)
        is_good = service_plan(&b, i);
    if (is_good && !index_targets(b.plans)) {
        report_error(report, conf->file, 0, "out of memory");
        is_good = false;
    }
    tdestroy(b.known_views, known_free);
    tdestroy(b.known_plans, known_free);
    if (is_good)
        return b.plans;
    steer_plans_free(b.plans);
    return NULL;
}

void steer_plans_free(struct steer_plans *plans)
{
    if (plans == NULL)
        return;
    for (size_t i = 0; i < plans->n_views; i++)
        steer_view_free(plans->views[i]);
    arena_free(plans->arena);
    free(plans);
}

size_t steer_plans_count(const struct steer_plans *plans)
{
    return plans->n_plans;
}

size_t steer_plan_of(const struct steer_plans *plans, size_t service)
{
    return plans->services[service].plan;
}

const uint32_t *steer_plans_of_target(const struct steer_plans *plans, int target, size_t *n)
{
    size_t first = plans->of_target_first[target];

    *n = plans->of_target_first[target + 1] - first;
    return plans->of_target + first;
}

size_t steer_plan_services(const struct steer_plans *plans, size_t plan, size_t *n)
{
    *n = plans->plans[plan].n_services;
    return plans->plans[plan].first_service;
}

bool steer_plan_has_cname(const struct steer_plans *plans, size_t plan)
{
    return plans->plans[plan].has_cname;
}

struct steer_plan_figures steer_plan_figures(const struct steer_plans *plans, size_t plan)
{
    const struct steer_plan *p = &plans->plans[plan];
    const struct steer_view *v = p->view;

    return (struct steer_plan_figures){ .classes = v->n_classes,
                                        .view_leaves =
                                            v->geo == NULL ? 0 : geo_view_leaves(v->geo),
                                        .view_bytes = steer_view_bytes(v),
                                        .view = v->geo == NULL ? SIZE_MAX : p->view_number,
                                        .build_ms = v->build_ms };
}
