/* conf_whole.c - what no single part of a configuration can see: all warnings, nothing stops. */
#include "conf_parts.h"

#include <waymark/report.h>

/* ---- used nowhere ---- */

static void mark_match(bool *is_used, const struct conf_match *match)
{
    for (size_t i = 0; i < match->n_regions; i++)
        is_used[match->regions[i]] = true;
}

static void mark_rules(bool *is_used, const struct conf_service *service)
{
    for (size_t i = 0; i < service->n_stages; i++)
        for (size_t j = 0; j < service->stages[i].n_rules; j++)
            mark_match(is_used, &service->stages[i].rules[j].match);
}

static void warn_regions(struct conf_reader *r)
{
    const struct conf *c = r->conf;
    bool *is_used = conf_alloc(r, c->n_regions, sizeof *is_used);

    if (is_used == NULL)
        return;
    for (size_t i = 0; i < c->n_targets; i++)
        mark_match(is_used, &c->targets[i].serves);
    for (size_t i = 0; i < c->n_services; i++)
        mark_rules(is_used, &c->services[i]);
    for (size_t i = 0; i < c->n_regions; i++)
        if (!is_used[i])
            conf_warning_at(r, c->regions[i].where, "no rule and no target uses the region \"%s\"",
                            c->regions[i].name);
}

static void warn_checks(struct conf_reader *r)
{
    const struct conf *c = r->conf;
    bool *is_used = conf_alloc(r, c->n_checks, sizeof *is_used);

    if (is_used == NULL)
        return;
    for (size_t i = 0; i < c->n_targets; i++)
        if (c->targets[i].check != CONF_NONE)
            is_used[c->targets[i].check] = true;
    for (size_t i = 0; i < c->n_checks; i++)
        if (!is_used[i])
            conf_warning_at(r, c->checks[i].where, "no target uses the check \"%s\"",
                            c->checks[i].name);
}

static void warn_targets(struct conf_reader *r)
{
    const struct conf *c = r->conf;
    bool *is_used = conf_alloc(r, c->n_targets, sizeof *is_used);

    if (is_used == NULL)
        return;
    for (size_t i = 0; i < c->n_services; i++)
        for (size_t j = 0; j < c->services[i].n_targets; j++)
            is_used[c->services[i].targets[j]] = true;
    for (size_t i = 0; i < c->n_targets; i++)
        if (!is_used[i])
            conf_warning_at(r, c->targets[i].where, "no service uses the target \"%s\"",
                            c->targets[i].name);
}

static void warn_origins(struct conf_reader *r)
{
    const struct conf *c = r->conf;
    bool *is_used = conf_alloc(r, c->n_origins, sizeof *is_used);

    if (is_used == NULL)
        return;
    for (size_t i = 0; i < c->n_edges; i++)
        if (c->edges[i].origin != CONF_NONE)
            is_used[c->edges[i].origin] = true;
    for (size_t i = 0; i < c->n_origins; i++)
        if (!is_used[i])
            conf_warning_at(r, c->origins[i].where, "no edge uses the origin \"%s\"",
                            c->origins[i].name);
}

/* ---- families ---- */

enum { IPV4 = 1, IPV6 = 2 };

static int families(const struct conf_target *t)
{
    int set = 0;

    for (size_t i = 0; i < t->n_addresses; i++)
        set |= t->addresses[i].family == 4 ? IPV4 : IPV6;
    return set;
}

static const char *families_text(int set)
{
    return set == IPV4 ? "IPv4 only" : set == IPV6 ? "IPv6 only" : "IPv4 and IPv6";
}

/* A CNAME answers for every family. One warning per service, for the first that differs. */
static void warn_families(struct conf_reader *r, const struct conf_service *service)
{
    const struct conf_target *first = NULL;

    for (size_t i = 0; i < service->n_targets; i++) {
        const struct conf_target *t = &r->conf->targets[service->targets[i]];
        if (t->n_addresses == 0)
            continue;
        if (first == NULL) {
            first = t;
        } else if (families(t) != families(first)) {
            conf_warning_at(
                r, service->where,
                "the targets of service \"%s\" differ in families: \"%s\" has %s, \"%s\" "
                "%s; clients of one family will not see them all",
                service->name, first->name, families_text(families(first)), t->name,
                families_text(families(t)));
            return;
        }
    }
}

/* ---- geography ---- */

static bool needs_geo(const struct conf_service *service)
{
    for (size_t i = 0; i < service->n_stages; i++)
        switch (service->stages[i].kind) {
        case CONF_STAGE_NEAREST:
        case CONF_STAGE_WITHIN:
        case CONF_STAGE_REGION:
        case CONF_STAGE_FENCE:
            return true;
        default:
            break;
        }
    return false;
}

static void warn_geo(struct conf_reader *r)
{
    const struct conf *c = r->conf;

    if (c->geo.n_databases > 0 || c->geo.networks != NULL)
        return;
    for (size_t i = 0; i < c->n_services; i++)
        if (needs_geo(&c->services[i])) {
            conf_warning_at(r, c->services[i].where,
                            "service \"%s\" asks for the client's place, but geo has neither "
                            "databases nor networks: no client has one",
                            c->services[i].name);
            return;
        }
}

void conf_check_whole(struct conf_reader *r)
{
    if (r->conf->n_zones == 0)
        report_warning(r->report, r->file, 0, "no zones: every query will be refused");
    warn_regions(r);
    warn_checks(r);
    warn_targets(r);
    warn_origins(r);
    for (size_t i = 0; i < r->conf->n_services; i++)
        warn_families(r, &r->conf->services[i]);
    warn_geo(r);
    conf_check_idle(r);
}
