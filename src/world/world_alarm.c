/* world_alarm.c - rows that ignore verdicts because nothing else is left ("fail open"), told to the
 * operator by transition, a line a plan. Writer side, outside the writer lock: a log may block. */
#include "world_alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/log.h>
#include <waymark/wire.h>

static bool is_open(const struct world_hold *box, size_t plan)
{
    return box->world.is_ready && steer_table_open_rows(box->world.tables[plan]) > 0;
}

/* ---- after a reload plans are numbered anew: a service's name leads to its former one ---- */

/* Names of the services that were open, sorted; none is the rule. */
struct names {
    const char **all;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without memory nothing was open, and an alarm may be told twice. */
static struct names names_of_open(const struct world_hold *box)
{
    const struct conf *conf = box->base->base.conf;
    struct names names = { .all = calloc(conf->n_services + 1, sizeof *names.all) };

    for (size_t i = 0; names.all != NULL && i < conf->n_services; i++)
        if (is_open(box, steer_plan_of(box->base->base.plans, i)))
            names.all[names.n++] = conf->services[i].name;
    if (names.n > 1)
        qsort(names.all, names.n, sizeof *names.all, by_name);
    return names;
}

static bool is_among(const struct names *names, const char *name)
{
    return names->n > 0 &&
           bsearch(&name, names->all, names->n, sizeof *names->all, by_name) != NULL;
}

/* ---- telling ---- */

/* "service "www"", or "service "www" and 2 more". */
static void name_services(const struct conf_service *service, size_t n_more, char *out, size_t room)
{
    if (n_more == 0)
        snprintf(out, room, "service \"%s\"", service->name);
    else
        snprintf(out, room, "service \"%s\" and %zu more", service->name, n_more);
}

static void tell(const struct world_hold *is, size_t plan)
{
    const struct world_base *base = &is->base->base;
    size_t n_open = steer_table_open_rows(is->world.tables[plan]), n_services;
    uint16_t type = steer_table_open_type(base->plans, plan, is->world.tables[plan]);
    size_t first = steer_plan_services(base->plans, plan, &n_services);
    char who[200];

    name_services(&base->conf->services[first], n_services - 1, who, sizeof who);
    if (is_open(is, plan))
        log_line(LOG_LEVEL_WARNING,
                 "%s: no target is left for %zu group%s of its clients%s; verdicts are ignored "
                 "there until one is up (`waymark status` names the targets)",
                 who, n_open, n_open == 1 ? "" : "s",
                 type == WIRE_A      ? " that ask for A"
                 : type == WIRE_AAAA ? " that ask for AAAA"
                                     : "");
    else
        log_line(LOG_LEVEL_NOTICE, "%s: a target is left for all clients again", who);
}

static void tell_of_verdicts(const struct world_hold *was, const struct world_hold *is)
{
    bool was_ready = was->world.is_ready;

    for (size_t i = 0; i < is->n_plans; i++)
        if ((was->world.tables[i] != is->world.tables[i] || was_ready != is->world.is_ready) &&
            is_open(was, i) != is_open(is, i))
            tell(is, i);
}

static void tell_of_load(const struct world_hold *was, const struct world_hold *is)
{
    const struct world_base *base = &is->base->base;
    struct names open = was == NULL ? (struct names){ 0 } : names_of_open(was);

    for (size_t i = 0; i < is->n_plans; i++) {
        size_t n, first = steer_plan_services(base->plans, i, &n);
        if (is_open(is, i) != is_among(&open, base->conf->services[first].name))
            tell(is, i);
    }
    free(open.all);
}

void world_alarm(const struct world_hold *was, const struct world_hold *is)
{
    if (was != NULL && was->base == is->base)
        tell_of_verdicts(was, is);
    else
        tell_of_load(was, is);
}
