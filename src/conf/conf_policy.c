/* conf_policy.c - reads a service's policy: stages with their options, and the orders in them.
 *
 * Which order of stages makes sense is conf_stages.c's question. */
#include "conf_parts.h"

#include <assert.h>

#include "conf_name.h"
#include "conf_stages.h"

/* ---- orders of targets ---- */

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

static struct conf_order read_order(struct conf_reader *r, const config_setting_t *group,
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

/* ---- region ---- */

static bool read_rule(struct conf_reader *r, const config_setting_t *s,
                      const struct conf_service *service, struct conf_rule *rule)
{
    if (!conf_check_group(r, s, CONF_SET(rule) | CONF_SET(match) | CONF_SET(member)))
        return false;
    rule->where = conf_where(r, s);
    if (!conf_read_match(r, s, true, &rule->match))
        conf_error(r, s,
                   "the rule names nobody: expected region, continents, countries, "
                   "subdivisions, asns or prefixes");
    rule->order = read_order(r, s, OPT_rule_targets, service);
    return true;
}

static void read_rules(struct conf_reader *r, const config_setting_t *s,
                       const struct conf_service *service, struct conf_stage *stage)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, s, OPT_region_rules, &len);
    struct conf_rule *rules = conf_alloc(r, len, sizeof *rules);

    for (size_t i = 0; rules != NULL && i < len; i++)
        n += read_rule(r, config_setting_get_elem(list, (unsigned)i), service, &rules[n]);
    stage->rules = rules;
    stage->n_rules = n;
}

/* ---- stages ---- */

/* In the order of enum conf_stage_kind... */
static const enum conf_group_id groups[] = {
    [CONF_STAGE_HEALTHY] = CONF_GROUP_stage,  [CONF_STAGE_FENCE] = CONF_GROUP_fence,
    [CONF_STAGE_REGION] = CONF_GROUP_region,  [CONF_STAGE_NEAREST] = CONF_GROUP_nearest,
    [CONF_STAGE_WITHIN] = CONF_GROUP_within,  [CONF_STAGE_PRIORITY] = CONF_GROUP_priority,
    [CONF_STAGE_WEIGHTED] = CONF_GROUP_stage, [CONF_STAGE_TAKE] = CONF_GROUP_take,
};

/* ...which the words of the option `stage` follow too. `group` NULL: the stage is a bare word. */
static void read_options(struct conf_reader *r, const config_setting_t *group,
                         const struct conf_service *service, struct conf_stage *stage)
{
    switch (stage->kind) {
    case CONF_STAGE_FENCE:
        stage->is_hard = conf_read_bool(r, group, OPT_fence_hard);
        break;
    case CONF_STAGE_REGION:
        read_rules(r, group, service, stage);
        stage->order = read_order(r, group, OPT_region_others, service);
        break;
    case CONF_STAGE_NEAREST:
        stage->tie_pct = conf_read_number(r, group, OPT_nearest_tie_pct);
        if (conf_member(group, OPT_nearest_depth) != NULL)
            stage->depth = conf_read_int(r, group, OPT_nearest_depth);
        break;
    case CONF_STAGE_WITHIN:
        stage->km = conf_read_number(r, group, OPT_within_km);
        break;
    case CONF_STAGE_PRIORITY:
        stage->order = read_order(r, group, OPT_priority_targets, service);
        break;
    case CONF_STAGE_TAKE:
        stage->take = conf_read_int(r, group, OPT_take_n);
        break;
    case CONF_STAGE_HEALTHY:
    case CONF_STAGE_WEIGHTED:
        break;
    }
}

/* "within" alone, though `within` must be told how far. */
static void check_bare(struct conf_reader *r, const config_setting_t *s,
                       const struct conf_stage *stage)
{
    char expected[CONF_EXPECTED_LEN];

    for (int i = 0; i < CONF_OPTIONS; i++) {
        const struct conf_option *o = conf_option((enum conf_option_id)i);
        if (o->group == groups[stage->kind] && o->group != CONF_GROUP_stage &&
            conf_option_is_required(o))
            conf_error(r, s, "%s is missing: expected { stage = \"%s\"; %s = ...; } with %s",
                       o->name, conf_stage_name(stage->kind), o->name,
                       conf_option_expected(o, expected));
    }
}

/* The stage's name from a text or a group; -1 after an error. */
static int read_kind(struct conf_reader *r, const config_setting_t *s, bool *is_bare)
{
    const struct conf_option *o = conf_option(OPT_stage_stage);
    char expected[CONF_EXPECTED_LEN], shown[CONF_SHOW_LEN];
    const config_setting_t *name = config_setting_is_group(s) ? conf_member(s, OPT_stage_stage) : s;

    *is_bare = name == s;
    if (name == NULL) {
        conf_error(r, s, "stage is missing: expected %s", conf_option_expected(o, expected));
        return -1;
    }
    if (config_setting_type(name) != CONFIG_TYPE_STRING) {
        conf_error(r, name, "expected the name of a stage in quotes, or a group { stage = ...; }");
        return -1;
    }
    int kind = conf_option_word(o, config_setting_get_string(name));
    if (kind < 0)
        conf_error(r, name, "no stage is called \"%s\": expected %s",
                   conf_show(config_setting_get_string(name), shown),
                   conf_option_expected(o, expected));
    return kind;
}

static bool read_stage(struct conf_reader *r, const config_setting_t *s,
                       const struct conf_service *service, struct conf_stage *stage)
{
    bool is_bare;
    int kind = read_kind(r, s, &is_bare);

    if (kind < 0)
        return false;
    *stage = (struct conf_stage){ .kind = (enum conf_stage_kind)kind, .where = conf_where(r, s) };
    if (is_bare)
        check_bare(r, s, stage);
    else
        conf_check_group(r, s, CONF_SET(stage) | 1UL << groups[kind]);
    read_options(r, is_bare ? NULL : s, service, stage);
    return true;
}

void conf_read_policy(struct conf_reader *r, const config_setting_t *service,
                      struct conf_service *out)
{
    const config_setting_t *settings[CONF_STAGES_MAX];
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, service, OPT_service_policy, &len);
    struct conf_stage *stages = conf_alloc(r, len, sizeof *stages);

    assert(len <= CONF_STAGES_MAX); /* the table's limit is the door's */
    for (size_t i = 0; stages != NULL && i < len; i++) {
        settings[n] = config_setting_get_elem(list, (unsigned)i);
        n += read_stage(r, settings[n], out, &stages[n]);
    }
    conf_complete_stages(stages, n);
    out->stages = stages;
    out->n_stages = n;
    conf_check_stages(r, out, list, settings);
}
