/* offline.c - a world from files alone, for questions that no running server is asked. In a client
 * process. */
#include "offline.h"

#include <stdio.h>
#include <stdlib.h>

#include <waymark/report.h>

/* Without a health thread there are no verdicts: every target is taken for up. */
static size_t list_verdicts(const struct conf *conf, const struct without *without,
                            struct world_verdict *out)
{
    size_t n = 0;

    for (size_t i = 0; i < conf->n_targets; i++) {
        const struct conf_target *target = &conf->targets[i];
        size_t n_addresses = target->cname != NULL ? 1 : target->n_addresses;
        for (size_t a = 0; a < n_addresses; a++)
            out[n++] = (struct world_verdict){ .target = target->name,
                                               .address = (uint8_t)a,
                                               .is_up = !without_has(without, conf, target->name),
                                               .horizon_s = STEER_STEADY };
    }
    return n;
}

static bool set_verdicts(struct offline *o, const struct without *without)
{
    size_t max = o->conf->n_targets * CONF_ADDRESSES_MAX;
    struct world_verdict *verdicts = calloc(max + 1, sizeof *verdicts);

    if (verdicts == NULL)
        return false;
    size_t n = list_verdicts(o->conf, without, verdicts);
    bool is_set = world_set_verdicts(o->hub, verdicts, n, NULL) == 0;
    free(verdicts);
    return is_set;
}

bool offline_open(struct offline *o, struct conf *conf, const struct without *without,
                  struct report *report)
{
    *o = (struct offline){ .conf = conf_ref(conf), .hub = world_hub_new() };
    if (o->hub != NULL && !world_load(o->hub, conf, report))
        goto fail;
    if (o->hub != NULL && set_verdicts(o, without) && world_set_ready(o->hub) == 0)
        o->world = world_hold(o->hub, &o->hold);
    if (o->world != NULL)
        return true;
    report_error(report, "", 0, "out of memory");
fail:
    offline_close(o);
    return false;
}

bool offline_open_file(struct offline *o, const char *path, const char *without)
{
    struct report *report = report_new();
    struct conf *conf = report == NULL ? NULL : conf_load(path, report);
    struct without names = { 0 };
    char why[WHY_LEN];
    bool is_open = false;

    *o = (struct offline){ 0 };
    if (conf != NULL && without_parse(conf, without, &names, why) != 0)
        fprintf(stderr, "waymark: %s\n", why);
    else if (conf != NULL)
        is_open = offline_open(o, conf, &names, report);
    if (!is_open && report != NULL && report_errors(report) > 0)
        report_print(report, stderr);
    conf_unref(conf);
    report_free(report);
    return is_open;
}

void offline_close(struct offline *o)
{
    if (o->hold != NULL)
        world_release(o->hold);
    world_hub_free(o->hub);
    conf_unref(o->conf);
    *o = (struct offline){ 0 };
}

int offline_service(const struct offline *o, const char *text)
{
    const struct world_base *base = o->world->base;
    struct wire_name name;

    if (!wire_name_from_text(text, &name))
        return -1;
    struct zone_match m = zone_find(base->zones, &name, WIRE_A);
    uint32_t entry = m.verdict == ZONE_FOUND || m.verdict == ZONE_WILDCARD
                         ? base->service_at[m.node->id]
                         : 0;
    return entry == 0 ? -1 : (int)world_service(entry);
}
