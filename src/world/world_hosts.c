/* world_hosts.c - the hosts of services against the names of zones. A service overlays what a zone
 * file says; it never makes a name. Writer side. */
#include "world_base.h"

#include <stdlib.h>

#include <waymark/report.h>

struct host {
    const char *text;
    const struct conf_service *service;
    size_t index; /* of the service */
};

/* What all hosts are held against. */
struct hosts {
    const struct world_base *base;
    uint32_t *led_to; /* for each target the node, + 1, that its cname has here; 0: none */
    uint32_t *service_at;
    struct report *report;
};

static void complain(struct report *report, const struct host *h, const char *what,
                     const char *advice)
{
    report_error(report, h->service->where.file, h->service->where.line,
                 "service \"%s\": host %s %s: %s", h->service->name, h->text, what, advice);
}

static bool exists(const struct host *h, enum zone_verdict verdict, struct report *report)
{
    switch (verdict) {
    case ZONE_FOUND:
        return true;
    case ZONE_OUTSIDE:
        complain(report, h, "is in no zone of this server", "add its zone under `zones`");
        return false;
    case ZONE_WILDCARD:
        complain(report, h, "exists only through a wildcard",
                 "add the name to the zone, or steer the wildcard itself");
        return false;
    case ZONE_DELEGATED:
        complain(report, h, "is at or below a delegation",
                 "steer it in the zone that it is delegated to");
        return false;
    case ZONE_BELOW_DNAME:
        complain(report, h, "is below a DNAME", "steer the name that the DNAME leads to");
        return false;
    case ZONE_ABSENT:
        break;
    }
    complain(report, h, "does not exist in its zone",
             "add it there with the records to fall back on");
    return false;
}

static bool is_replaced(uint16_t type)
{
    return type == WIRE_A || type == WIRE_AAAA || type == WIRE_CNAME || type == WIRE_HTTPS;
}

/* The first type at the node that a CNAME cannot stand beside; 0: none. */
static uint16_t other_data(const struct zone_node *node)
{
    for (unsigned i = 0; i < node->n_rrsets; i++)
        if (!is_replaced(node->rrsets[i].set.type))
            return node->rrsets[i].set.type;
    return 0;
}

static bool is_compatible(const struct host *h, const struct zone_node *node, bool every_type,
                          struct report *report)
{
    char text[16];
    uint16_t other = every_type ? other_data(node) : 0;

    if (other != 0 && zone_rrset_of(node, WIRE_SOA) != NULL) {
        complain(report, h,
                 "can be answered with a CNAME, which stands alone, but is its zone's own name",
                 "give its targets addresses, or steer a name below it");
        return false;
    }
    if (other != 0) {
        report_error(report, h->service->where.file, h->service->where.line,
                     "service \"%s\": host %s can be answered with a CNAME, which stands alone, but "
                     "the zone has %s there: take that record away, or the targets with a cname",
                     h->service->name, h->text, wire_type_to_text(other, text));
        return false;
    }
    if (zone_rrset_of(node, WIRE_HTTPS) != NULL && !h->service->has_https) {
        complain(report, h, "has an HTTPS record in the zone",
                 "take it away, its hints would contradict the steered addresses; or give the "
                 "service `https`, whose records replace it");
        return false;
    }
    return true;
}

/* An alias that leads to itself answers nobody; but all other targets may do well. */
static void warn_of_circles(const struct hosts *all, const struct host *h,
                            const struct zone_node *node)
{
    const struct conf_service *s = h->service;

    for (size_t i = 0; i < s->n_targets; i++) {
        const struct conf_target *target = &all->base->conf->targets[s->targets[i]];
        if (all->led_to[s->targets[i]] == node->id + 1)
            report_warning(all->report, s->where.file, s->where.line,
                           "service \"%s\": host %s has the target \"%s\", whose cname %s leads "
                           "back to it: who gets that gets no address",
                           s->name, h->text, target->name, target->cname);
    }
}

static void bind_host(const struct hosts *all, const struct host *h)
{
    const struct world_base *base = all->base;
    uint32_t *service_at = all->service_at;
    struct report *report = all->report;
    struct wire_name name;

    if (!wire_name_from_text(h->text, &name)) {
        complain(report, h, "is no domain name", "write it like www.cdn.example");
        return;
    }
    struct zone_match m = zone_find(base->zones, &name, WIRE_A);
    if (!exists(h, m.verdict, report))
        return;
    size_t plan = steer_plan_of(base->plans, h->index);
    bool every_type = steer_plan_has_cname(base->plans, plan) ||
                      zone_rrset_of(m.node, WIRE_CNAME) != NULL;
    if (service_at[m.node->id] != 0)
        complain(report, h, "is claimed by another service too", "leave it to one of them");
    else if (is_compatible(h, m.node, every_type, report))
        service_at[m.node->id] = (uint32_t)h->index + 1 + (every_type ? WORLD_EVERY_TYPE : 0);
    warn_of_circles(all, h, m.node);
}

static void follow_cnames(const struct hosts *all)
{
    struct wire_name name;

    for (size_t i = 0; i < all->base->conf->n_targets; i++) {
        const char *cname = all->base->conf->targets[i].cname;
        if (cname == NULL || !wire_name_from_text(cname, &name))
            continue;
        struct zone_match m = zone_find(all->base->zones, &name, WIRE_A);
        if (m.verdict == ZONE_FOUND || m.verdict == ZONE_WILDCARD)
            all->led_to[i] = m.node->id + 1;
    }
}

void world_hosts_bind(const struct world_base *base, uint32_t *service_at, struct report *report)
{
    struct hosts all = { base, calloc(base->conf->n_targets + 1, sizeof *all.led_to), service_at,
                         report };

    if (all.led_to == NULL) {
        report_error(report, base->conf->file, 0, "out of memory");
        return;
    }
    follow_cnames(&all);
    for (size_t i = 0; i < base->conf->n_services; i++) {
        const struct conf_service *s = &base->conf->services[i];
        for (size_t k = 0; k < s->n_hosts; k++) {
            struct host h = { .text = s->hosts[k], .service = s, .index = i };
            bind_host(&all, &h);
        }
    }
    free(all.led_to);
}
