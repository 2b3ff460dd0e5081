/* offline.c - a world from files, for questions that no running server is asked. In a client
 * process. */
#include "offline.h"

#include <stdio.h>
#include <stdlib.h>

#include <waymark/report.h>

static bool is_up(const struct offline *o, const struct verdicts *v,
                  const struct conf_target *target, size_t address)
{
    const struct known_verdict *known = verdicts_of(v, o->conf, target, address);

    return !without_has(&o->without, o->conf, target->name) && (known == NULL || known->is_up);
}

static bool set_verdicts(struct offline *o, const struct verdicts *v)
{
    size_t max = o->conf->n_targets * CONF_ADDRESSES_MAX, n = 0;
    struct world_verdict *verdicts = calloc(max + 1, sizeof *verdicts);

    if (verdicts == NULL)
        return false;
    for (size_t i = 0; i < o->conf->n_targets; i++) {
        const struct conf_target *target = &o->conf->targets[i];
        for (size_t a = 0; a < conf_n_verdicts(target); a++)
            verdicts[n++] = (struct world_verdict){ .target = target->name,
                                                    .address = (uint8_t)a,
                                                    .is_up = is_up(o, v, target, a),
                                                    .horizon_s = STEER_STEADY };
    }
    bool is_set = world_set_verdicts(o->hub, verdicts, n, NULL) == 0;
    free(verdicts);
    return is_set;
}

/* The conf is there. */
static bool build(struct offline *o, const struct verdicts *v, struct report *report)
{
    o->hub = world_hub_new();
    if (o->hub != NULL)
        world_hub_quiet(o->hub);
    if (o->hub != NULL && !world_load(o->hub, o->conf, report))
        return false;
    if (o->hub != NULL && set_verdicts(o, v) && world_set_ready(o->hub) == 0)
        o->world = world_hold(o->hub, &o->hold);
    if (o->world == NULL)
        report_error(report, "", 0, "out of memory");
    return o->world != NULL;
}

static bool refuse(const char *why)
{
    fprintf(stderr, "waymark: %s\n", why);
    return false;
}

/* Those to do without, and the verdicts. */
static bool find(struct offline *o, const struct control_verdicts_args *args)
{
    char why[WHY_LEN];

    if (without_parse(o->conf, args->down, &o->without, why) != 0)
        return refuse(why);
    return verdicts_find(&o->verdicts, args, o->conf);
}

/* NULL: out of memory; and o->conf is NULL if it has errors. */
static struct report *begin(struct offline *o, const char *path)
{
    struct report *report = report_new();

    *o = (struct offline){ 0 };
    if (report != NULL)
        o->conf = conf_load(path, report);
    else
        refuse("out of memory");
    return report;
}

static bool end(struct offline *o, bool is_open, struct report *report)
{
    if (!is_open && report != NULL && report_errors(report) > 0)
        report_print(report, stderr);
    report_free(report);
    if (!is_open)
        offline_close(o);
    return is_open;
}

bool offline_open(struct offline *o, const char *path, const struct control_verdicts_args *args)
{
    struct report *report = begin(o, path);
    bool is_open = o->conf != NULL && find(o, args) && build(o, &o->verdicts, report);

    return end(o, is_open, report);
}

bool offline_open_beside(struct offline *o, const char *path, const struct offline *other)
{
    struct report *report = begin(o, path);
    bool is_open = false;

    if (o->conf != NULL) {
        without_carry(other->conf, &other->without, o->conf, &o->without);
        is_open = build(o, &other->verdicts, report);
    }
    return end(o, is_open, report);
}

void offline_close(struct offline *o)
{
    if (o->hold != NULL)
        world_release(o->hold);
    world_hub_free(o->hub);
    verdicts_fini(&o->verdicts);
    conf_unref(o->conf);
    *o = (struct offline){ 0 };
}

json_t *offline_verdicts(const struct offline *o)
{
    return verdicts_json(&o->verdicts, o->conf, &o->without);
}

int offline_service(const struct offline *o, const char *text)
{
    const struct world_base *base = o->world->base;
    struct wire_name name;

    if (!wire_name_from_text(text, &name))
        return -1;
    struct zone_match m = zone_find(base->zones, &name, WIRE_A);
    uint32_t entry =
        m.verdict == ZONE_FOUND || m.verdict == ZONE_WILDCARD ? base->service_at[m.node->id] : 0;
    return entry == 0 ? -1 : (int)world_service(entry);
}
