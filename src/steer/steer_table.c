/* steer_table.c - compiles a plan's rows for every class. Writer side; readers only look. */
#include "steer_table.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>

static bool row_add(struct steer_table *t, struct steer_row_draft *d)
{
    void *entries =
        list_reserve(t->entries, &t->max_entries, t->n_entries, d->row.n, sizeof *t->entries);

    if (entries == NULL)
        return false;
    t->entries = entries;
    d->row.first = (uint32_t)t->n_entries;
    memcpy(t->entries + t->n_entries, d->entries, d->row.n * sizeof *d->entries);
    t->n_entries += d->row.n;
    t->n_open += d->row.is_open;
    t->n_empty += d->row.n == 0;
    t->rows[t->n_rows++] = d->row;
    return true;
}

struct steer_table *steer_table_compile(const struct steer_plans *plans, size_t plan,
                                        const struct steer_inputs *inputs)
{
    const struct steer_plan *p = &plans->plans[plan];
    struct steer_table *t = calloc(1, sizeof *t);
    struct steer_row_draft draft;

    if (t == NULL)
        return NULL;
    atomic_init(&t->refs, 1);
    t->rows = calloc(p->view->n_classes * p->policy.n_groups, sizeof *t->rows);
    if (t->rows == NULL)
        goto fail;
    for (size_t c = 0; c < p->view->n_classes; c++) {
        const struct steer_class *class = &p->view->classes[c];
        for (unsigned g = 0; g < p->policy.n_groups; g++) {
            steer_row_build(p, p->view->sites + class->at[g], class->n[g], g, inputs, &draft,
                            NULL);
            if (!row_add(t, &draft))
                goto fail;
            t->open_groups |= (unsigned)draft.row.is_open << g;
        }
    }
    return t;
fail:
    steer_table_unref(t);
    return NULL;
}

struct steer_table *steer_table_ref(struct steer_table *table)
{
    atomic_fetch_add(&table->refs, 1);
    return table;
}

void steer_table_unref(struct steer_table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->refs, 1) != 1)
        return;
    free(table->rows);
    free(table->entries);
    free(table);
}

size_t steer_table_bytes(const struct steer_table *table)
{
    return sizeof *table + table->n_rows * sizeof *table->rows +
           table->max_entries * sizeof *table->entries;
}

size_t steer_table_open_rows(const struct steer_table *table)
{
    return table->n_open;
}

uint16_t steer_table_open_type(const struct steer_plans *plans, size_t plan,
                               const struct steer_table *table)
{
    const struct steer_policy *policy = &plans->plans[plan].policy;

    for (unsigned g = 0; g < policy->n_groups; g++)
        if (table->open_groups == 1u << g)
            return steer_group_type(policy, g);
    return WIRE_ANY;
}

size_t steer_table_empty_rows(const struct steer_table *table)
{
    return table->n_empty;
}
