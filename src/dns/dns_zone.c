/* dns_zone.c - answers from zones: data, CNAME, referral, NODATA, NXDOMAIN. Pure. */
#include "dns_answer.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

enum { SOA_FIXED_LEN = 20, ADDITIONAL_NAMES_MAX = 16 };

bool dns_put(struct dns_answer *a, enum wire_section section, const uint8_t *owner,
             const struct wire_set *set, uint32_t ttl_max)
{
    if (wire_write_set(&a->writer, section, owner, set, ttl_max))
        return true;
    a->flags |= WIRE_TC;
    return false;
}

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Under a service the zone's SOA must not let a cache keep the answer longer than the service wants:
 * its MINIMUM, the last four octets, is cut as well. */
static bool put_short_soa(struct dns_answer *a, const struct zone *zone, uint32_t ttl)
{
    uint8_t wire[WIRE_RR_HEAD + 2 * WIRE_NAME_MAX + SOA_FIXED_LEN];
    struct wire_set soa = zone->soa->set;

    assert(soa.wire_len <= sizeof wire);
    memcpy(wire, soa.wire, soa.wire_len);
    uint8_t *minimum = wire + soa.wire_len - 4;
    wire_put32(minimum, min_of(wire_get32(minimum), ttl));
    soa.wire = wire;
    return dns_put(a, WIRE_AUTHORITY, zone->apex.octets, &soa, ttl);
}

void dns_zone_negative(struct dns_answer *a, const struct zone *zone, uint32_t ttl_max)
{
    if (ttl_max < zone->negative_ttl)
        put_short_soa(a, zone, ttl_max);
    else
        dns_put(a, WIRE_AUTHORITY, zone->apex.octets, &zone->soa->set, zone->negative_ttl);
}

/* ---- additional records ---- */

/* Where in the RDATA of a type stands the name whose addresses help; -1: none. */
static int name_at(uint16_t type)
{
    switch (type) {
    case WIRE_NS:
        return 0;
    case WIRE_MX:
        return 2;
    case WIRE_SRV:
        return 6;
    case WIRE_SVCB:
    case WIRE_HTTPS:
        return 2;
    default:
        return -1;
    }
}

typedef bool name_cb(struct dns_answer *a, const struct zone_match *m,
                     const struct wire_name *name);

static bool read_name(const uint8_t *rr, int at, struct wire_name *out)
{
    size_t len = wire_rr_len(rr), before = (size_t)at;

    return len > before && wire_name_from_octets(wire_rr_data(rr) + before, len - before, out);
}

/* The root as the target of an HTTPS or SVCB record with a priority stands for its owner (RFC 9460
 * 2.5); elsewhere it says that there is no host. */
static bool is_owner_meant(uint16_t type, const uint8_t *rr, const struct wire_name *name)
{
    return name->len == 1 && (type == WIRE_HTTPS || type == WIRE_SVCB) &&
           wire_get16(wire_rr_data(rr)) != 0;
}

/* Has one of the first `i` records this name? Services often stand at one host. */
static bool stands_before(const struct wire_set *set, unsigned i, int at,
                          const struct wire_name *name)
{
    const uint8_t *rr = set->wire;
    struct wire_name other;

    for (; i > 0; i--) {
        if (read_name(rr, at, &other) && wire_name_equal(&other, name))
            return true;
        rr = wire_rr_next(rr);
    }
    return false;
}

/* Calls `visit` for at most `n` names in a set, until it returns false. The servers of an NS set
 * differ. */
static void each_name(struct dns_answer *a, const struct zone_match *m, const struct wire_set *set,
                      unsigned n, name_cb *visit)
{
    const uint8_t *rr = set->wire;
    int at = name_at(set->type);

    for (unsigned i = 0; at >= 0 && i < set->count && i < n; i++) {
        struct wire_name name;
        bool is_new = read_name(rr, at, &name) &&
                      (set->type == WIRE_NS || !stands_before(set, i, at, &name));
        const struct wire_name *host = &name;
        if (is_new && is_owner_meant(set->type, rr, &name))
            host = a->name;
        if (is_new && !visit(a, m, host))
            return;
        rr = wire_rr_next(rr);
    }
}

/* Whole sets; false when one did not fit. */
static bool put_addresses(struct dns_answer *a, const struct zone_node *node)
{
    static const uint16_t types[] = { WIRE_A, WIRE_AAAA };

    for (size_t i = 0; i < 2; i++) {
        const struct zone_rrset *set = node == NULL ? NULL : zone_rrset_of(node, types[i]);
        if (set != NULL &&
            !wire_write_set(&a->writer, WIRE_ADDITIONAL, node->name, &set->set, set->ttl))
            return false;
    }
    return true;
}

/* At or below the cut: nobody else can tell this server's addresses. */
static bool is_in_domain(const struct zone_match *m, const struct wire_name *server)
{
    struct wire_name cut;

    return wire_name_from_octets(m->node->name, WIRE_NAME_MAX, &cut) &&
           wire_name_is_in(server, &cut);
}

/* Glue that a resolver cannot do without: when it does not fit the referral is truncated (RFC 9471
 * 3.1). Behind an alias the resolver starts again at the alias's target, and can do without. */
static bool put_glue(struct dns_answer *a, const struct zone_match *m, const struct wire_name *name)
{
    if (!is_in_domain(m, name) ||
        put_addresses(a, zone_node_at(a->world->base->zones, m->zone, name)))
        return true;
    if (a->writer.n_answer == 0)
        a->flags |= WIRE_TC;
    return false;
}

/* Sibling glue, or data of the zone: as much as fits (RFC 9471 3.2). */
static bool put_sibling(struct dns_answer *a, const struct zone_match *m,
                        const struct wire_name *name)
{
    if (!is_in_domain(m, name))
        put_addresses(a, zone_node_at(a->world->base->zones, m->zone, name));
    return true;
}

/* Addresses that spare a question: left out when they do not fit, and where a service steers. */
static bool put_helpful(struct dns_answer *a, const struct zone_match *from,
                        const struct wire_name *name)
{
    struct zone_match m = zone_find(a->world->base->zones, name, WIRE_A);

    if (m.verdict != ZONE_FOUND || m.zone != from->zone ||
        a->world->base->service_at[m.node->id] != 0)
        return true;
    return put_addresses(a, m.node);
}

/* ---- the answers ---- */

static void refer(struct dns_answer *a, const struct zone_match *m)
{
    const struct zone_rrset *ns = zone_rrset_of(m->node, WIRE_NS);

    if (a->writer.n_answer == 0)
        a->flags &= (uint16_t)~WIRE_AA;
    if (!dns_put(a, WIRE_AUTHORITY, m->node->name, &ns->set, ns->ttl))
        return;
    each_name(a, m, &ns->set, UINT_MAX, put_glue);
    if ((a->flags & WIRE_TC) == 0)
        each_name(a, m, &ns->set, ADDITIONAL_NAMES_MAX, put_sibling);
}

static void put_data(struct dns_answer *a, const struct zone_match *m, const struct zone_rrset *set,
                     uint32_t ttl_max)
{
    if (set->set.type == WIRE_DNAME) {
        dns_put_dname(a, m->node, set);
        return;
    }
    bool has_room = dns_put(a, WIRE_ANSWER, a->owner, &set->set, min_of(set->ttl, ttl_max));

    if (has_room && name_at(set->set.type) >= 0)
        each_name(a, m, &set->set, ADDITIONAL_NAMES_MAX, put_helpful);
}

static bool answer_from(struct dns_answer *a, const struct zone_match *m, uint32_t ttl_max)
{
    const struct zone_rrset *set = NULL;

    if (!dns_wants_link(a->query.type))
        set = zone_rrset_of(m->node, WIRE_CNAME);
    if (set != NULL)
        return dns_follow(a, &set->set, min_of(set->ttl, ttl_max));
    if (a->query.type == WIRE_ANY) /* one set is enough (RFC 8482 4.1) */
        set = m->node->n_rrsets > 0 ? &m->node->rrsets[0] : NULL;
    else
        set = zone_rrset_of(m->node, a->query.type);
    if (set != NULL)
        put_data(a, m, set, ttl_max);
    else
        dns_zone_negative(a, m->zone, ttl_max);
    return false;
}

bool dns_zone_answer(struct dns_answer *a, const struct zone_match *match, uint32_t ttl_max)
{
    switch (match->verdict) {
    case ZONE_FOUND:
    case ZONE_WILDCARD:
        return answer_from(a, match, ttl_max);
    case ZONE_DELEGATED:
        refer(a, match);
        break;
    case ZONE_ABSENT:
        a->rcode = WIRE_NXDOMAIN;
        dns_zone_negative(a, match->zone, ttl_max);
        break;
    case ZONE_BELOW_DNAME:
    case ZONE_OUTSIDE:
        break; /* the chain deals with them */
    }
    return false;
}
