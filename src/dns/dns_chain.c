/* dns_chain.c - from the name asked for along CNAMEs and DNAMEs to what ends them, inside one zone
 * (RFC 1034 4.3.2, RFC 6672 3.2): what lies in another zone is the resolver's next question. Pure. */
#include "dns_answer.h"

#include <string.h>

uint32_t dns_service_at(const struct world *world, const struct zone_match *match, uint16_t type)
{
    if (match->verdict != ZONE_FOUND && match->verdict != ZONE_WILDCARD)
        return 0;
    uint32_t entry = world->base->service_at[match->node->id];
    if (entry & WORLD_EVERY_TYPE)
        return entry;
    bool is_steered = type == WIRE_A || type == WIRE_AAAA || type == WIRE_HTTPS ||
                      type == WIRE_CNAME || type == WIRE_ANY;
    return is_steered ? entry : 0;
}

bool dns_follow(struct dns_answer *a, const struct wire_set *cname, uint32_t ttl_max)
{
    const uint8_t *target = wire_rr_data(cname->wire);

    if (!dns_put(a, WIRE_ANSWER, a->owner, cname, ttl_max) ||
        !wire_name_from_octets(target, wire_rr_len(cname->wire), &a->link))
        return false;
    a->name = &a->link;
    a->owner = target; /* lives as long as the world */
    return true;
}

/* The name with the DNAME's owner replaced by its target; false when that is too long. */
static bool substitute(const struct wire_name *name, const struct zone_node *node,
                       const struct wire_set *dname, struct wire_name *out)
{
    uint8_t octets[2 * WIRE_NAME_MAX];
    struct wire_name owner;
    size_t target_len = wire_rr_len(dname->wire);

    if (!wire_name_from_octets(node->name, WIRE_NAME_MAX, &owner))
        return false;
    size_t kept = (size_t)name->len - owner.len;
    memcpy(octets, name->octets, kept);
    memcpy(octets + kept, wire_rr_data(dname->wire), target_len);
    return wire_name_from_octets(octets, kept + target_len, out);
}

bool dns_put_dname(struct dns_answer *a, const struct zone_node *node,
                   const struct zone_rrset *dname)
{
    for (unsigned i = 0; i < a->n_dnames; i++)
        if (a->dnames[i] == node)
            return true;
    if (a->n_dnames < DNS_CHAIN_MAX)
        a->dnames[a->n_dnames++] = node;
    return dns_put(a, WIRE_ANSWER, node->name, &dname->set, dname->ttl);
}

/* The DNAME and the CNAME made from it (RFC 6672 3.1), with the DNAME's TTL. */
static bool follow_dname(struct dns_answer *a, const struct zone_match *m)
{
    const struct zone_rrset *dname = zone_rrset_of(m->node, WIRE_DNAME);
    uint8_t wire[WIRE_RR_HEAD + WIRE_NAME_MAX];
    struct wire_set cname = { .type = WIRE_CNAME, .count = 1, .wire = wire };
    struct wire_name next;

    if (!dns_put_dname(a, m->node, dname))
        return false;
    if (!substitute(a->name, m->node, &dname->set, &next)) {
        a->rcode = WIRE_YXDOMAIN;
        return false;
    }
    uint8_t *data = wire_rr_put(wire, WIRE_CNAME, WIRE_CLASS_IN, dname->ttl, next.len);
    memcpy(data, next.octets, next.len);
    cname.wire_len = WIRE_RR_HEAD + next.len;
    if (!dns_put(a, WIRE_ANSWER, a->owner, &cname, dname->ttl) || a->query.type == WIRE_CNAME)
        return false;
    a->link = next;
    a->name = &a->link;
    a->owner = a->link.octets;
    return true;
}

/* One link. true: there may be another. */
static bool resolve_step(struct dns_answer *a, const struct zone_match *m)
{
    uint32_t entry = dns_service_at(a->world, m, a->query.type);

    if (entry != 0)
        return dns_steered_answer(a, m, entry);
    if (m->verdict == ZONE_BELOW_DNAME)
        return follow_dname(a, m);
    return dns_zone_answer(a, m, UINT32_MAX);
}

/* The names that a chain has passed. */
struct trail {
    unsigned n;
    struct {
        uint8_t len, octets[WIRE_NAME_MAX];
    } names[DNS_CHAIN_MAX];
};

static void remember(struct trail *t, const struct wire_name *name)
{
    t->names[t->n].len = name->len;
    memcpy(t->names[t->n++].octets, name->octets, name->len);
}

/* A chain that comes back has said all it can. The name tells: one wildcard or DNAME may stand for
 * several links. */
static bool is_loop(const struct trail *t, const struct wire_name *name)
{
    for (unsigned i = 0; i < t->n; i++)
        if (t->names[i].len == name->len &&
            memcmp(t->names[i].octets, name->octets, name->len) == 0)
            return true;
    return false;
}

/* Its own apex is part of the zone, for DS as well. */
static struct zone_match find_next(const struct dns_answer *a, const struct zone *zone)
{
    const struct zone_set *zones = a->world->base->zones;

    if (wire_name_equal(a->name, &zone->apex))
        return zone_find_in(zones, zone, a->name, a->query.type);
    return zone_find(zones, a->name, a->query.type);
}

/* The links behind the first. Most lead elsewhere at once: to a CDN's own domain. */
static void follow_chain(struct dns_answer *a, const struct zone *zone)
{
    struct trail trail; /* not zeroed: it is 4 KiB */

    if (!wire_name_is_in(a->name, &zone->apex))
        return;
    trail.n = 0;
    remember(&trail, &a->query.name);
    while (trail.n < DNS_CHAIN_MAX && !is_loop(&trail, a->name)) {
        remember(&trail, a->name);
        struct zone_match m = find_next(a, zone);
        if (m.zone != zone || !resolve_step(a, &m))
            return;
    }
}

void dns_resolve(struct dns_answer *a)
{
    struct zone_match m = zone_find(a->world->base->zones, a->name, a->query.type);

    if (m.verdict == ZONE_OUTSIDE) {
        a->rcode = WIRE_REFUSED;
        a->error = &dns_not_ours;
        return;
    }
    dns_count(a, a->world->base->zone_slots[m.node->zone]);
    a->flags |= WIRE_AA;
    if (resolve_step(a, &m))
        follow_chain(a, m.zone);
}
