/* conf_order.c - reads targets in tiers: ["a", "b"], or (["a", "b"], "c") with equals together. */
#include "conf_order.h"

#include "conf_name.h"

struct order_reader {
    struct conf_reader *r;
    const struct conf_service *service;
    int *targets, *tiers;
    size_t n, cap;
};

static bool is_in_service(const struct conf_service *service, int target)
{
    for (size_t i = 0; i < service->n_targets; i++)
        if (service->targets[i] == target)
            return true;
    return false;
}

static bool is_in_order(const struct order_reader *o, int target)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->targets[i] == target)
            return true;
    return false;
}

static void add_target(struct order_reader *o, const config_setting_t *s, int tier)
{
    int target = conf_ref_of(o->r, s, o->r->targets, "target");

    if (target == CONF_NONE)
        return;
    if (!is_in_service(o->service, target))
        conf_error(o->r, s, "\"%s\" is not among the targets of the service",
                   config_setting_get_string(s));
    else if (is_in_order(o, target))
        conf_error(o->r, s, "\"%s\" is given twice", config_setting_get_string(s));
    else if (o->n < o->cap) {
        o->targets[o->n] = target;
        o->tiers[o->n++] = tier;
    }
}

static void add_tier(struct order_reader *o, const config_setting_t *s, int tier)
{
    bool is_list = config_setting_is_array(s) || config_setting_is_list(s);

    if (!is_list) {
        add_target(o, s, tier);
        return;
    }
    if (config_setting_length(s) == 0)
        conf_error(o->r, s, "expected names of targets, got none");
    for (int i = 0; i < config_setting_length(s); i++)
        add_target(o, config_setting_get_elem(s, (unsigned)i), tier);
}

struct conf_order conf_read_order(struct conf_reader *r, const config_setting_t *group,
                                  enum conf_option_id id, const struct conf_service *service)
{
    size_t len;
    const config_setting_t *list = conf_read_list(r, group, id, &len);
    struct order_reader o = { .r = r, .service = service, .cap = service->n_targets };

    if (list == NULL || o.cap == 0)
        return (struct conf_order){ 0 };
    o.targets = conf_alloc(r, o.cap, sizeof *o.targets);
    o.tiers = conf_alloc(r, o.cap, sizeof *o.tiers);
    if (o.targets == NULL || o.tiers == NULL)
        return (struct conf_order){ 0 };
    for (size_t i = 0; i < len; i++)
        add_tier(&o, config_setting_get_elem(list, (unsigned)i), (int)i);
    return (struct conf_order){ .targets = o.targets, .tiers = o.tiers, .n = o.n };
}

bool conf_order_has(const struct conf_order *order, int target)
{
    for (size_t i = 0; i < order->n; i++)
        if (order->targets[i] == target)
            return true;
    return false;
}

struct conf_order conf_order_join(struct conf_reader *r, const struct conf_order *first,
                                  const struct conf_order *then)
{
    int *targets = conf_alloc(r, first->n + then->n + 1, sizeof *targets);
    int *tiers = conf_alloc(r, first->n + then->n + 1, sizeof *tiers);
    int behind = first->n == 0 ? 0 : first->tiers[first->n - 1] + 1;
    size_t n = 0;

    if (targets == NULL || tiers == NULL)
        return (struct conf_order){ 0 };
    for (; n < first->n; n++) {
        targets[n] = first->targets[n];
        tiers[n] = first->tiers[n];
    }
    for (size_t i = 0; i < then->n; i++)
        if (!conf_order_has(first, then->targets[i])) {
            targets[n] = then->targets[i];
            tiers[n++] = behind + then->tiers[i];
        }
    return (struct conf_order){ .targets = targets, .tiers = tiers, .n = n };
}
