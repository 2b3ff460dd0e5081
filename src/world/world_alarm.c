/* world_alarm.c - rows that ignore verdicts because nothing else is left ("fail open"), told to the
 * operator by transition, a line a plan. Writer side, outside the writer lock: a log may block. */
#include "world_alarm.h"

#include <stdio.h>
#include <string.h>

#include <waymark/log.h>
#include <waymark/wire.h>

static bool is_open(const struct world_hold *box, size_t plan)
{
    return box->world.is_ready && steer_table_open_rows(box->tables[plan]) > 0;
}

/* The first service of the plan, and how many more there are. */
static const struct conf_service *service_of(const struct world_base *base, size_t plan,
                                             size_t *n_more)
{
    const struct conf_service *first = NULL;

    *n_more = 0;
    for (size_t i = 0; i < base->conf->n_services; i++) {
        if (steer_plan_of(base->plans, i) != plan)
            continue;
        *n_more += first != NULL;
        if (first == NULL)
            first = &base->conf->services[i];
    }
    return first;
}

/* After a reload plans are numbered anew: the service's name leads to its former one. */
static bool was_open(const struct world_hold *was, const struct world_hold *is, size_t plan,
                     const struct conf_service *service)
{
    if (was == NULL)
        return false;
    if (was->base == is->base)
        return is_open(was, plan);
    const struct conf *conf = was->base->base.conf;
    for (size_t i = 0; i < conf->n_services; i++)
        if (strcmp(conf->services[i].name, service->name) == 0)
            return is_open(was, steer_plan_of(was->base->base.plans, i));
    return false;
}

/* "service "www"", or "service "www" and 2 more". */
static void name_services(const struct conf_service *service, size_t n_more, char *out, size_t room)
{
    if (n_more == 0)
        snprintf(out, room, "service \"%s\"", service->name);
    else
        snprintf(out, room, "service \"%s\" and %zu more", service->name, n_more);
}

static void tell(const struct world_hold *is, size_t plan, const struct conf_service *service,
                 size_t n_more)
{
    size_t n_open = steer_table_open_rows(is->tables[plan]);
    uint16_t type = steer_table_open_type(is->base->base.plans, plan, is->tables[plan]);
    char who[200];

    name_services(service, n_more, who, sizeof who);
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

void world_alarm(const struct world_hold *was, const struct world_hold *is)
{
    for (size_t plan = 0; plan < is->n_tables; plan++) {
        size_t n_more;
        if (was != NULL && was->base == is->base && is_open(was, plan) == is_open(is, plan))
            continue;
        const struct conf_service *service = service_of(&is->base->base, plan, &n_more);
        if (is_open(is, plan) != was_open(was, is, plan, service))
            tell(is, plan, service, n_more);
    }
}
