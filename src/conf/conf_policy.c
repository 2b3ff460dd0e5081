/* conf_policy.c - reads a service's policy: stages with their options.
 *
 * The rules of `region` are conf_rules.c's business; which order of stages makes sense is
 * conf_stages.c's. */
#include "conf_parts.h"

#include <assert.h>

#include "conf_order.h"
#include "conf_rules.h"
#include "conf_stages.h"

enum { FLOORS_PCT_MAX = 90 }; /* together */

static void read_floor(struct conf_reader *r, const config_setting_t *group,
                       const struct conf_service *service, struct conf_stage *stage)
{
    stage->pct = conf_read_number(r, group, OPT_floor_pct);
    stage->order = conf_read_order(r, group, OPT_floor_targets, service);
    double sum = stage->pct * (double)stage->order.n;
    if (sum > FLOORS_PCT_MAX)
        conf_error(r, group,
                   "the standbys would keep %g %% together: expected at most %d, or hardly anything "
                   "is left for the others",
                   sum, FLOORS_PCT_MAX);
    if (stage->order.n > 0 && stage->order.n == service->n_targets)
        conf_error(r, conf_member(group, OPT_floor_targets),
                   "all targets of the service are standbys: nobody is left to stand by for");
}

/* ---- stages ---- */

/* In the order of enum conf_stage_kind... */
static const enum conf_group_id groups[] = {
    [CONF_STAGE_HEALTHY] = CONF_GROUP_stage,  [CONF_STAGE_FENCE] = CONF_GROUP_fence,
    [CONF_STAGE_REGION] = CONF_GROUP_region,  [CONF_STAGE_NEAREST] = CONF_GROUP_nearest,
    [CONF_STAGE_WITHIN] = CONF_GROUP_within,  [CONF_STAGE_PRIORITY] = CONF_GROUP_priority,
    [CONF_STAGE_WEIGHTED] = CONF_GROUP_stage, [CONF_STAGE_STICKY] = CONF_GROUP_stage,
    [CONF_STAGE_FLOOR] = CONF_GROUP_floor,    [CONF_STAGE_TAKE] = CONF_GROUP_take,
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
        conf_read_rules(r, group, service, stage);
        stage->order = conf_read_order(r, group, OPT_region_others, service);
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
        stage->order = conf_read_order(r, group, OPT_priority_targets, service);
        break;
    case CONF_STAGE_FLOOR:
        read_floor(r, group, service, stage);
        break;
    case CONF_STAGE_TAKE:
        stage->take = conf_read_int(r, group, OPT_take_n);
        break;
    case CONF_STAGE_HEALTHY:
    case CONF_STAGE_WEIGHTED:
    case CONF_STAGE_STICKY:
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
