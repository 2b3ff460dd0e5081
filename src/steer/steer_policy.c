/* steer_policy.c - reads a service's policy into what the static stages need. Pure. */
#include "steer_policy.h"

#include <math.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/hash.h>

/* Route 53's geoproximity: a positive bias draws clients near, a negative one pushes them away. */
static double stretch_of(int bias)
{
    return bias >= 0 ? 1.0 - bias / 100.0 : 1.0 / (1.0 + bias / 100.0);
}

static void site_init(struct steer_site *site, const struct conf_target *t, int target)
{
    *site = (struct steer_site){ .target = target,
                                 .has_place = t->has_place,
                                 .name_hash = hash_plain(t->name, strlen(t->name)) };
    steer_unit(t->latitude, t->longitude, site->unit);
    site->stretch = stretch_of(t->bias);
}

bool steer_has_family(const struct conf_target *target, uint8_t family)
{
    for (size_t i = 0; i < target->n_addresses; i++)
        if (target->addresses[i].family == family)
            return true;
    return false;
}

/* One group is enough for a service of one family: what is up is up for every type. Where a CNAME may
 * come, all types must come to the same target: caches take a CNAME for the answer to each of them. */
static unsigned count_groups(const struct steer_policy *p)
{
    bool any4 = false, any6 = false, any_cname = false;

    for (size_t i = 0; i < p->n_sites; i++) {
        const struct conf_target *t = &p->conf->targets[p->sites[i].target];
        any4 |= steer_has_family(t, 4);
        any6 |= steer_has_family(t, 6);
        any_cname |= t->cname != NULL;
    }
    return any4 && any6 && !any_cname ? STEER_GROUPS : 1;
}

/* ---- prefixes ---- */

struct prefix_list {
    struct prefix *items;
    size_t n, max;
};

static void list_add(struct prefix_list *l, const struct conf_match *m)
{
    for (size_t i = 0; i < m->n_prefixes; i++) {
        size_t k = 0;
        while (k < l->n && (l->items[k].bits != m->prefixes[i].bits ||
                            !addr_equal(&l->items[k].addr, &m->prefixes[i].addr)))
            k++;
        if (k == l->n)
            l->items[l->n++] = m->prefixes[i];
    }
}

static size_t count_prefixes(const struct conf *conf, const struct conf_match *m)
{
    size_t n = m->n_prefixes;

    for (size_t i = 0; i < m->n_regions; i++)
        n += conf->regions[m->regions[i]].match.n_prefixes;
    return n;
}

typedef void match_cb(struct steer_policy *p, const struct conf_match *m, struct prefix_list *l);

static void on_match_count(struct steer_policy *p, const struct conf_match *m,
                           struct prefix_list *l)
{
    l->max += count_prefixes(p->conf, m);
}

static void on_match_add(struct steer_policy *p, const struct conf_match *m, struct prefix_list *l)
{
    list_add(l, m);
    for (size_t i = 0; i < m->n_regions; i++)
        list_add(l, &p->conf->regions[m->regions[i]].match);
}

static void each_match(struct steer_policy *p, match_cb *visit, struct prefix_list *l)
{
    for (size_t i = 0; i < p->n_stages; i++) {
        const struct conf_stage *stage = &p->stages[i];
        for (size_t r = 0; r < stage->n_rules; r++)
            visit(p, &stage->rules[r].match, l);
        for (size_t s = 0; stage->kind == CONF_STAGE_FENCE && s < p->n_sites; s++)
            if (p->conf->targets[p->sites[s].target].has_serves)
                visit(p, &p->conf->targets[p->sites[s].target].serves, l);
    }
}

static bool collect_prefixes(struct steer_policy *p, struct arena *arena)
{
    struct prefix_list l = { 0 };

    each_match(p, on_match_count, &l);
    l.items = arena_zero(arena, l.max + 1, sizeof *l.items);
    if (l.items == NULL)
        return false;
    each_match(p, on_match_add, &l);
    p->prefixes = l.items;
    p->n_prefixes = l.n;
    return true;
}

/* ---- the policy ---- */

static void keep_shares(struct steer_policy *p, const struct conf_stage *stage)
{
    for (size_t i = 0; i < stage->order.n; i++)
        for (size_t k = 0; k < p->n_sites; k++)
            if (p->sites[k].target == stage->order.targets[i])
                p->sites[k].floor_ppm = (uint32_t)lround(stage->pct * 10000);
}

static void read_stage(struct steer_policy *p, int i)
{
    const struct conf_stage *stage = &p->stages[i];

    switch (stage->kind) {
    case CONF_STAGE_HEALTHY:
        p->healthy = i;
        break;
    case CONF_STAGE_WEIGHTED:
        p->draw = i;
        break;
    case CONF_STAGE_STICKY: /* the place says whether a client's address means anything */
        p->draw = i;
        p->is_sticky = p->sees_place = true;
        break;
    case CONF_STAGE_FLOOR:
        p->floor = i;
        keep_shares(p, stage);
        break;
    case CONF_STAGE_TAKE:
        p->take = stage->take < STEER_TAKE_MAX ? stage->take : STEER_TAKE_MAX;
        break;
    case CONF_STAGE_NEAREST:
        p->depth = stage->depth;
        p->sees_place = true;
        break;
    case CONF_STAGE_FENCE:
    case CONF_STAGE_REGION:
    case CONF_STAGE_WITHIN:
        p->sees_place = true;
        break;
    case CONF_STAGE_PRIORITY:
        break;
    }
}

bool steer_policy_init(struct steer_policy *policy, const struct conf *conf,
                       const struct conf_service *service, struct arena *arena)
{
    *policy = (struct steer_policy){ .conf = conf,
                                     .stages = service->stages,
                                     .n_stages = service->n_stages,
                                     .n_sites = service->n_targets,
                                     .take = 1,
                                     .healthy = -1,
                                     .draw = -1,
                                     .floor = -1 };
    policy->sites = arena_zero(arena, service->n_targets, sizeof *policy->sites);
    if (policy->sites == NULL)
        return false;
    for (size_t i = 0; i < service->n_targets; i++)
        site_init(&policy->sites[i], &conf->targets[service->targets[i]], service->targets[i]);
    for (int i = 0; i < (int)service->n_stages; i++)
        read_stage(policy, i);
    if (policy->depth > 0 && policy->depth < policy->take)
        policy->depth = policy->take;
    policy->n_groups = count_groups(policy);
    return collect_prefixes(policy, arena);
}

bool steer_fits_group(const struct steer_policy *policy, unsigned group, size_t site)
{
    const struct conf_target *t = &policy->conf->targets[policy->sites[site].target];

    return policy->n_groups == 1 || t->cname != NULL ||
           steer_has_family(t, group == STEER_FOR_A ? 4 : 6);
}

bool steer_is_static(const struct conf_stage *stage)
{
    return stage->kind != CONF_STAGE_HEALTHY && stage->kind != CONF_STAGE_WEIGHTED &&
           stage->kind != CONF_STAGE_STICKY && stage->kind != CONF_STAGE_FLOOR &&
           stage->kind != CONF_STAGE_TAKE;
}

uint16_t steer_group_type(const struct steer_policy *policy, unsigned group)
{
    if (policy->n_groups == 1)
        return WIRE_ANY;
    return group == STEER_FOR_A ? WIRE_A : WIRE_AAAA;
}

const struct prefix *steer_policy_prefix(const struct steer_policy *policy, const struct addr *who)
{
    const struct prefix *best = NULL;

    for (size_t i = 0; i < policy->n_prefixes; i++) {
        const struct prefix *p = &policy->prefixes[i];
        if (prefix_contains(p, who) && (best == NULL || p->bits > best->bits))
            best = p;
    }
    return best;
}

void steer_trace_add(struct steer_trace *trace, const struct steer_event *event)
{
    if (trace == NULL)
        return;
    if (trace->n == STEER_EVENTS_MAX) {
        trace->is_truncated = true;
        return;
    }
    trace->events[trace->n++] = *event;
}
