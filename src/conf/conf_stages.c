/* conf_stages.c - which order of stages makes sense.
 *
 * A policy that is read without complaint here does what its words say: no stage undoes the one
 * before, none stands where it can have no effect. */
#include "conf_stages.h"

enum { DEPTH_PRESET = 4 };

static const char *const names[] = {
    [CONF_STAGE_HEALTHY] = "healthy",   [CONF_STAGE_FENCE] = "fence",
    [CONF_STAGE_REGION] = "region",     [CONF_STAGE_NEAREST] = "nearest",
    [CONF_STAGE_WITHIN] = "within",     [CONF_STAGE_PRIORITY] = "priority",
    [CONF_STAGE_WEIGHTED] = "weighted", [CONF_STAGE_STICKY] = "sticky",
    [CONF_STAGE_FLOOR] = "floor",       [CONF_STAGE_TAKE] = "take",
};

const char *conf_stage_name(enum conf_stage_kind kind)
{
    return names[kind];
}

static const struct conf_stage *find(const struct conf_stage *stages, size_t n,
                                     enum conf_stage_kind kind)
{
    for (size_t i = 0; i < n; i++)
        if (stages[i].kind == kind)
            return &stages[i];
    return NULL;
}

void conf_complete_stages(struct conf_stage *stages, size_t n)
{
    const struct conf_stage *take = find(stages, n, CONF_STAGE_TAKE);
    int least = take == NULL || take->take < DEPTH_PRESET ? DEPTH_PRESET : take->take;

    for (size_t i = 0; i < n; i++)
        if (stages[i].kind == CONF_STAGE_NEAREST && stages[i].depth == 0)
            stages[i].depth = least;
}

/* ---- what makes no sense ---- */

static void check_once(struct conf_reader *r, const config_setting_t *at,
                       const struct conf_service *service, size_t i)
{
    const struct conf_stage *first = find(service->stages, i, service->stages[i].kind);

    if (first != NULL)
        conf_error(r, at, "%s is given twice, first on line %d", names[first->kind],
                   first->where.line);
}

static bool is_draw(enum conf_stage_kind kind)
{
    return kind == CONF_STAGE_WEIGHTED || kind == CONF_STAGE_STICKY;
}

static const struct conf_stage *find_draw(const struct conf_stage *stages, size_t n)
{
    const struct conf_stage *weighted = find(stages, n, CONF_STAGE_WEIGHTED);

    return weighted != NULL ? weighted : find(stages, n, CONF_STAGE_STICKY);
}

/* take ends the list; weighted and sticky draw, and what they drew must not be sorted or thinned
 * again; floor says what is left of the draw. */
static void check_place(struct conf_reader *r, const config_setting_t *at,
                        const struct conf_service *service, size_t i)
{
    const struct conf_stage *stages = service->stages;
    enum conf_stage_kind kind = stages[i].kind;
    const struct conf_stage *draw = find_draw(stages, i);

    if (kind == CONF_STAGE_TAKE && i + 1 < service->n_stages)
        conf_error(r, at, "take must be the last stage: nothing can follow the end of the list");
    if (kind == CONF_STAGE_TAKE || find(stages, i, kind) != NULL)
        return;
    if (is_draw(kind) && draw != NULL)
        conf_error(r, at, "%s and %s both draw: expected one of them", names[draw->kind],
                   names[kind]);
    else if (kind != CONF_STAGE_FLOOR && draw != NULL)
        conf_error(r, at, "%s must stand before %s: only floor and take can follow a draw",
                   names[kind], names[draw->kind]);
    else if (find(stages, i, CONF_STAGE_FLOOR) != NULL)
        conf_error(r, at,
                   "%s must stand before floor: the standbys' shares are of what all other stages "
                   "have left",
                   names[kind]);
}

/* How many targets the stage's order leaves to stages behind it, by the largest tier; a stage that
 * tells all apart leaves 1. */
static size_t largest_tier(const struct conf_service *service, const struct conf_stage *stage)
{
    const struct conf_order *o = &stage->order;
    size_t largest = o->n == 0 ? 1 : service->n_targets - o->n; /* left out: together */

    for (size_t i = 0, k; i < o->n; i = k) {
        for (k = i; k < o->n && o->tiers[k] == o->tiers[i]; k++)
            ;
        largest = k - i > largest ? k - i : largest;
    }
    return largest;
}

/* A stage that sorts, behind one that has told all targets apart, has nothing left to sort. */
static void check_effect(struct conf_reader *r, const config_setting_t *at,
                         const struct conf_service *service, size_t i)
{
    const struct conf_stage *stages = service->stages;
    enum conf_stage_kind kind = stages[i].kind;
    const struct conf_stage *nearest = find(stages, i, CONF_STAGE_NEAREST);
    const struct conf_stage *priority = find(stages, i, CONF_STAGE_PRIORITY);

    if (kind == CONF_STAGE_REGION && nearest != NULL)
        conf_error(r, at,
                   "region must stand before nearest: after it, only targets at the same "
                   "distance would be ordered");
    if (kind == CONF_STAGE_PRIORITY && nearest != NULL && nearest->tie_pct == 0)
        conf_error(r, at,
                   "priority must stand before nearest, or nearest needs tie_pct: only targets at "
                   "the same distance would be ordered");
    if ((kind == CONF_STAGE_NEAREST || kind == CONF_STAGE_REGION) && priority != NULL &&
        service->n_targets > 1 && largest_tier(service, priority) <= 1)
        conf_error(r, at,
                   "%s has nothing left to sort: priority on line %d makes a tier of each target; "
                   "write equals as an inner array",
                   names[kind], priority->where.line);
    if (is_draw(kind) && priority != NULL && service->n_targets > 1 && conf_is_clean(r) &&
        largest_tier(service, priority) <= 1)
        conf_warning(r, at,
                     "%s has nothing to draw from: priority on line %d makes a tier of each "
                     "target; write equals as an inner array",
                     names[kind], priority->where.line);
}

static void check_depth(struct conf_reader *r, const config_setting_t *at,
                        const struct conf_service *service, size_t i)
{
    const struct conf_stage *nearest = &service->stages[i];
    const struct conf_stage *take = find(service->stages, service->n_stages, CONF_STAGE_TAKE);

    if (nearest->kind == CONF_STAGE_NEAREST && take != NULL && nearest->depth < take->take)
        conf_error(r, at, "depth is %d, less than the %d that take wants: expected at least %d",
                   nearest->depth, take->take, take->take);
}

/* ---- what is probably not meant ---- */

typedef bool has_cb(const struct conf_target *target);

static bool has_place(const struct conf_target *target)
{
    return target->has_place;
}

static bool has_serves(const struct conf_target *target)
{
    return target->has_serves;
}

static bool has_check(const struct conf_target *target)
{
    return target->check != CONF_NONE;
}

static bool any_target(const struct conf_reader *r, const struct conf_service *service, has_cb *has)
{
    for (size_t i = 0; i < service->n_targets; i++)
        if (has(&r->conf->targets[service->targets[i]]))
            return true;
    return false;
}

static void warn_useless(struct conf_reader *r, const config_setting_t *at,
                         const struct conf_service *service, size_t i)
{
    enum conf_stage_kind kind = service->stages[i].kind;
    bool needs_place = kind == CONF_STAGE_NEAREST || kind == CONF_STAGE_WITHIN;

    if (needs_place && !any_target(r, service, has_place))
        conf_warning(r, at, "no target of the service has coordinates, so %s does nothing",
                     names[kind]);
    if (kind == CONF_STAGE_FENCE && !any_target(r, service, has_serves))
        conf_warning(r, at, "no target of the service has serves, so fence does nothing");
}

static void warn_unhealthy(struct conf_reader *r, const config_setting_t *policy,
                           const struct conf_service *service)
{
    if (find(service->stages, service->n_stages, CONF_STAGE_HEALTHY) == NULL &&
        any_target(r, service, has_check))
        conf_warning(r, policy,
                     "without the stage healthy, targets are chosen even when their "
                     "checks fail");
}

void conf_check_stages(struct conf_reader *r, const struct conf_service *service,
                       const config_setting_t *policy, const config_setting_t *const *settings)
{
    for (size_t i = 0; i < service->n_stages; i++) {
        check_once(r, settings[i], service, i);
        check_place(r, settings[i], service, i);
        check_effect(r, settings[i], service, i);
        check_depth(r, settings[i], service, i);
        if (conf_is_clean(r))
            warn_useless(r, settings[i], service, i);
    }
    if (service->draw == CONF_DRAW_QUERY &&
        find(service->stages, service->n_stages, CONF_STAGE_STICKY) != NULL)
        conf_error(r, policy,
                   "draw = \"query\" throws anew for each query, and sticky keeps what was drawn: "
                   "expected one of them");
    if (service->n_stages > 0 && conf_is_clean(r))
        warn_unhealthy(r, policy, service);
}
