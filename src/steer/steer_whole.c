/* steer_whole.c - tables as a person reads them: classes and rows by name. Pure. */
#include "steer_table.h"

size_t steer_classes(const struct steer_plans *plans, size_t plan)
{
    return plans->plans[plan].view->n_classes;
}

uint32_t steer_class_of(const struct steer_plans *plans, size_t plan, const struct addr *who,
                        uint8_t *bits)
{
    const struct steer_view *view = plans->plans[plan].view;

    *bits = 0;
    if (view->geo == NULL)
        return 0;
    struct geo_cell cell = geo_view_find(view->geo, who);
    *bits = cell.bits;
    return cell.class;
}

static double tier_weight(const struct steer_entry *entries, size_t n, unsigned tier)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += entries[i].tier == tier ? entries[i].weight : 0;
    return sum;
}

static void put_row(const struct steer_policy *p, const struct steer_row *row,
                    const struct steer_entry *entries, struct steer_class_row *out)
{
    out->is_open = row->is_open;
    out->n = row->n;
    for (size_t i = 0; i < row->n; i++) {
        double whole = tier_weight(entries, row->n, entries[i].tier);
        out->shares[i] = (struct steer_share){ .target = p->sites[entries[i].site].target,
                                               .tier = entries[i].tier,
                                               .odds = whole > 0 ? entries[i].weight / whole : -1 };
    }
}

void steer_class_row(const struct steer_plans *plans, const struct steer_table *table, size_t plan,
                     uint32_t class, uint16_t type, struct steer_class_row *out)
{
    const struct steer_plan *p = &plans->plans[plan];
    size_t at = (size_t)class * p->policy.n_groups + steer_policy_group(&p->policy, type);
    const struct steer_row *row = &table->rows[at];

    out->is_special = p->view->classes[class].is_special;
    put_row(&p->policy, row, table->entries + row->first, out);
}

void steer_class_order(const struct steer_plans *plans, const struct steer_inputs *inputs,
                       size_t plan, uint32_t class, uint16_t type, struct steer_class_row *out)
{
    struct steer_plan endless = plans->plans[plan]; /* shares what it points to */
    unsigned group = steer_policy_group(&endless.policy, type);
    const struct steer_class *c = &endless.view->classes[class];
    struct steer_row_draft draft;

    endless.policy.take = STEER_SITES_MAX;
    steer_row_build(&endless, endless.view->sites + c->at[group], c->n[group], group, inputs,
                    &draft, NULL);
    out->is_special = c->is_special;
    put_row(&endless.policy, &draft.row, draft.entries, out);
}
