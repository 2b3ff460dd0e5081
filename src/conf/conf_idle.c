/* conf_idle.c - what is written and has no effect: all warnings, nothing stops. */
#include "conf_parts.h"

static const struct conf_stage *find(const struct conf_service *service, enum conf_stage_kind kind)
{
    for (size_t i = 0; i < service->n_stages; i++)
        if (service->stages[i].kind == kind)
            return &service->stages[i];
    return NULL;
}

static bool has_target(const struct conf_service *service, int target)
{
    for (size_t i = 0; i < service->n_targets; i++)
        if (service->targets[i] == target)
            return true;
    return false;
}

/* Some service has it, and none of those has the stage. */
static bool is_never_in(const struct conf *c, int target, enum conf_stage_kind kind)
{
    bool is_used = false;

    for (size_t i = 0; i < c->n_services; i++) {
        if (!has_target(&c->services[i], target))
            continue;
        is_used = true;
        if (find(&c->services[i], kind) != NULL)
            return false;
    }
    return is_used;
}

static void warn_targets(struct conf_reader *r)
{
    const struct conf *c = r->conf;

    for (size_t i = 0; i < c->n_targets; i++) {
        const struct conf_target *t = &c->targets[i];
        if (t->has_serves && is_never_in(c, (int)i, CONF_STAGE_FENCE))
            conf_warning_at(
                r, t->where,
                "serves of \"%s\" does nothing: no service that has it has the stage fence",
                t->name);
        if (t->bias != 0 && is_never_in(c, (int)i, CONF_STAGE_NEAREST))
            conf_warning_at(
                r, t->where,
                "bias of \"%s\" does nothing: no service that has it has the stage nearest",
                t->name);
    }
}

static bool is_all_zero(const struct conf *c, const struct conf_service *service)
{
    for (size_t i = 0; i < service->n_targets; i++)
        if (c->targets[service->targets[i]].weight != 0)
            return false;
    return service->n_targets > 1;
}

static void warn_service(struct conf_reader *r, const struct conf_service *service)
{
    const struct conf_stage *draw = find(service, CONF_STAGE_WEIGHTED);

    if (draw == NULL)
        draw = find(service, CONF_STAGE_STICKY);
    if (draw != NULL && is_all_zero(r->conf, service))
        conf_warning_at(
            r, draw->where,
            "all targets of service \"%s\" have weight 0, the last resort's: they share alike",
            service->name);
    if (find(service, CONF_STAGE_WEIGHTED) != NULL && service->draw == CONF_DRAW_WINDOW &&
        service->window_s < service->ttl_s)
        conf_warning_at(
            r, service->where,
            "service \"%s\": no TTL outlives the window of a draw, and window_s is %d: ttl_s %d "
            "is never reached",
            service->name, service->window_s, service->ttl_s);
}

static bool names_more_than_asns(const struct conf_match *m)
{
    return m->n_continents + m->n_countries + m->n_subdivisions + m->n_prefixes > 0;
}

/* Itself or by its regions. */
static bool is_by_asn_alone(const struct conf *c, const struct conf_match *m)
{
    bool has_asns = m->n_asns > 0, has_more = names_more_than_asns(m);

    for (size_t i = 0; i < m->n_regions; i++) {
        const struct conf_match *members = &c->regions[m->regions[i]].match;
        has_asns |= members->n_asns > 0;
        has_more |= names_more_than_asns(members);
    }
    return has_asns && !has_more;
}

/* Databases of places do not know AS numbers. */
static void warn_asns(struct conf_reader *r, const struct conf_service *service)
{
    const struct conf *c = r->conf;

    if (c->geo.n_asn_databases > 0 || c->geo.networks != NULL)
        return;
    for (size_t i = 0; i < service->n_stages; i++)
        for (size_t k = 0; k < service->stages[i].n_rules; k++)
            if (is_by_asn_alone(c, &service->stages[i].rules[k].match))
                conf_warning_at(
                    r, service->stages[i].rules[k].where,
                    "service \"%s\": this rule can never match: it names AS numbers, and geo has "
                    "neither asn_databases nor networks that would know a client's",
                    service->name);
}

void conf_check_idle(struct conf_reader *r)
{
    warn_targets(r);
    for (size_t i = 0; i < r->conf->n_services; i++) {
        warn_service(r, &r->conf->services[i]);
        warn_asns(r, &r->conf->services[i]);
    }
}
