/* steer_explain.c - the same choice with its reasons: the stages run again with a trace in hand, and
 * must come to what the table says. Pure. */
#include "steer_choose.h"

#include <assert.h>
#include <string.h>

static void explain_place(const struct steer_plan *plan, const struct geo *geo,
                          const struct steer_stand *stand, struct steer_explanation *out)
{
    out->decided_by = *stand->decided_by;
    out->is_by_ecs = stand->is_by_ecs;
    out->where = geo_locate(geo, stand->decided_by);
    out->has_view = plan->view->geo != NULL;
    out->class = stand->class;
    out->class_bits = stand->bits;
    out->n_classes = plan->view->n_classes;
}

/* The table and the slow evaluation are one code; if they differ, the table is wrong. */
static void assert_same_sites(const struct steer_view *view, const struct steer_class *class,
                              unsigned group, const struct steer_order *order)
{
    const struct steer_placed *sites = view->sites + class->at[group];

    assert(order->n == class->n[group]);
    for (size_t i = 0; i < order->n; i++)
        assert(order->items[i].site == sites[i].site && order->items[i].tier == sites[i].tier);
}

static void explain_stages(const struct steer_plan *plan, const struct steer_inputs *inputs,
                           uint16_t type, struct steer_explanation *out)
{
    const struct steer_policy *p = &plan->policy;
    unsigned group = steer_policy_group(p, type);
    const struct steer_class *class = &plan->view->classes[out->class];
    struct steer_spot spot =
        steer_spot(out->where.place, steer_policy_prefix(p, &out->decided_by));
    struct steer_order order;
    struct steer_row_draft row;

    steer_order_build(p, group, &spot, NULL, &order, &out->trace);
    assert_same_sites(plan->view, class, group, &order);
    steer_row_build(plan, plan->view->sites + class->at[group], class->n[group], group, inputs,
                    &row, &out->trace);
    out->horizon_s = row.row.horizon_s;
}

void steer_explain(const struct steer_plans *plans, const struct steer_table *table,
                   const struct steer_inputs *inputs, const struct geo *geo, size_t service,
                   uint16_t type, const struct steer_client *client, const struct hash_key *key,
                   const struct steer_moment *moment, struct steer_explanation *out)
{
    const struct steer_service *s = &plans->services[service];
    const struct steer_plan *plan = &plans->plans[s->plan];
    struct steer_stand stand = steer_stand(plan, &client->resolver, &client->subnet);

    memset(out, 0, sizeof *out);
    explain_place(plan, geo, &stand, out);
    explain_stages(plan, inputs, type, out);
    steer_choose(plans, table, service, type, client, key, moment, &out->choice);
    bool has_ticket = out->choice.is_drawn || out->choice.addresses > 0;
    if (has_ticket && s->conf->draw == CONF_DRAW_WINDOW) {
        struct steer_ticket t =
            steer_ticket(s, plan->policy.is_sticky, &stand, client, key, moment->now_ms);
        out->is_sticky = plan->policy.is_sticky;
        out->identity = t.identity;
        out->identity_bits = t.bits;
        out->window = t.window;
        out->window_rest_s = t.rest_s;
    }
}
