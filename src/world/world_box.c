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

static bool set_table(struct world_hold *box, size_t plan, struct steer_table *table)
{
    box->world.tables[plan] = table;
    return world_tables_set(&box->tables, plan, table);
}

static bool compile_all(struct world_hold *box)
{
    const struct steer_plans *plans = box->base->base.plans;
    bool is_good = true;

    for (size_t i = 0; is_good && i < box->n_plans; i++)
        is_good = set_table(box, i, steer_table_compile(plans, i, box->inputs));
    return is_good;
}

/* A plan whose table is another already has seen all that changed. */
static bool update_plans_of(struct world_hold *box, const struct world_hold *like, int target)
{
    const struct steer_plans *plans = box->base->base.plans;
    size_t n;
    const uint32_t *concerned = steer_plans_of_target(plans, target, &n);
    bool is_good = true;

    for (size_t i = 0; is_good && i < n; i++) {
        size_t plan = concerned[i];
        struct steer_table *former = world_tables_get(&like->tables, plan);
        if (box->world.tables[plan] != former)
            continue;
        struct steer_table *table =
            steer_table_update(plans, plan, box->inputs, former, like->inputs);
        if (table == former)
            steer_table_unref(table);
        else
            is_good = set_table(box, plan, table);
    }
    return is_good;
}

static bool update_concerned(struct world_hold *box, const struct world_hold *like)
{
    bool is_good = true;

    memcpy(box->world.tables, like->world.tables, box->n_plans * sizeof box->world.tables[0]);
    for (int i = 0; is_good && i < (int)box->base->base.conf->n_targets; i++)
        if (differs(like->inputs, box->inputs, i))
            is_good = update_plans_of(box, like, i);
    return is_good;
}

static bool fill_tables(struct world_hold *box, const struct world_hold *like)
{
    if (!world_tables_init(&box->tables, box->n_plans, like == NULL ? NULL : &like->tables))
        return false;
    return like == NULL ? compile_all(box) : update_concerned(box, like);
}

struct world_hold *world_box_new(struct world_base_box *base, const struct steer_health *health,
                                 const struct world_hold *like, uint64_t version)
{
    size_t n = steer_plans_count(base->base.plans);
    struct world_hold *box = malloc(sizeof *box + n * sizeof box->world.tables[0]);

    if (box == NULL)
        return NULL;
    *box = (struct world_hold){ .refs = 1, .base = world_base_ref(base), .n_plans = n };
    box->inputs = steer_inputs_new(base->base.conf, health);
    box->world.base = &base->base;
    box->world.inputs = box->inputs;
    box->world.version = version;
    if (box->inputs != NULL && fill_tables(box, like))
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
    world_tables_fini(&box->tables);
    steer_inputs_free(box->inputs);
    world_base_unref(box->base);
    free(box);
}
