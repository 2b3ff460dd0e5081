/* world_box.c - small new worlds that share with the old one what did not change. Writer side. */
#include "world_box.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool differs(const struct steer_inputs *a, const struct steer_inputs *b, int target)
{
    const struct steer_health *x = steer_inputs_health(a, target);
    const struct steer_health *y = steer_inputs_health(b, target);

    return x->up != y->up || x->horizon_s != y->horizon_s;
}

/* The targets that differ, so that each plan asks about few; returns how many. */
static size_t list_changed(const struct conf *conf, const struct steer_inputs *a,
                           const struct steer_inputs *b, int *changed)
{
    size_t n = 0;

    for (int i = 0; i < (int)conf->n_targets; i++)
        if (differs(a, b, i))
            changed[n++] = i;
    return n;
}

static bool uses_any(const struct steer_plans *plans, size_t plan, const int *targets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (steer_plan_uses(plans, plan, targets[i]))
            return true;
    return false;
}

static bool fill_tables(struct world_hold *box, const struct world_hold *like)
{
    const struct steer_plans *plans = box->base->base.plans;
    int *changed = calloc(CONF_TARGETS_MAX, sizeof *changed);
    size_t n_changed = 0;
    bool is_good = changed != NULL;

    if (is_good && like != NULL)
        n_changed = list_changed(box->base->base.conf, like->inputs, box->inputs, changed);
    for (size_t i = 0; is_good && i < box->n_tables; i++) {
        bool is_shared = like != NULL && !uses_any(plans, i, changed, n_changed);
        box->tables[i] = is_shared ? steer_table_ref(like->tables[i])
                                   : steer_table_compile(plans, i, box->inputs);
        is_good = box->tables[i] != NULL;
        box->world.tables[i] = box->tables[i];
    }
    free(changed);
    return is_good;
}

struct world_hold *world_box_new(struct world_base_box *base, const struct steer_health *health,
                                 const struct world_hold *like, uint64_t version)
{
    size_t n = steer_plans_count(base->base.plans);
    struct world_hold *box = calloc(1, sizeof *box + n * sizeof box->world.tables[0]);

    if (box == NULL)
        return NULL;
    atomic_init(&box->refs, 1);
    box->base = world_base_ref(base);
    box->n_tables = n;
    box->tables = calloc(n + 1, sizeof *box->tables);
    box->inputs = steer_inputs_new(base->base.conf, health);
    box->world.base = &base->base;
    box->world.inputs = box->inputs;
    box->world.version = version;
    if (box->tables != NULL && box->inputs != NULL && fill_tables(box, like))
        return box;
    world_box_unref(box);
    return NULL;
}

const struct world *world_without(struct world_hold *hold, const int *targets, size_t n,
                                  struct world_hold **out)
{
    size_t n_all = hold->base->base.conf->n_targets;
    struct steer_health *health = calloc(n_all + 1, sizeof *health);

    *out = NULL;
    for (size_t i = 0; health != NULL && i < n_all; i++)
        health[i] = *steer_inputs_health(hold->inputs, (int)i);
    for (size_t i = 0; health != NULL && i < n; i++)
        health[targets[i]] = (struct steer_health){ .up = 0, .horizon_s = STEER_STEADY };
    if (health != NULL)
        *out = world_box_new(hold->base, health, hold, hold->world.version);
    free(health);
    if (*out == NULL)
        return NULL;
    (*out)->world.is_ready = hold->world.is_ready;
    return &(*out)->world;
}

struct world_hold *world_box_of(const struct world *world)
{
    return (struct world_hold *)((char *)(uintptr_t)world - offsetof(struct world_hold, world));
}

struct world_hold *world_box_ref(struct world_hold *box)
{
    atomic_fetch_add(&box->refs, 1);
    return box;
}

void world_box_unref(struct world_hold *box)
{
    if (box == NULL || atomic_fetch_sub(&box->refs, 1) != 1)
        return;
    for (size_t i = 0; box->tables != NULL && i < box->n_tables; i++)
        steer_table_unref(box->tables[i]);
    free(box->tables);
    steer_inputs_free(box->inputs);
    world_base_unref(box->base);
    free(box);
}
