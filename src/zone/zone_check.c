/* zone_check.c - what a zone must have and must not: SOA, NS, CNAME, DNAME, SVCB, glue. Runs in whichever
 * thread loads; it sees the whole zone, one record's own form is zone_rdata.c's. */
#include "zone/zone_check.h"

#include <string.h>

#include <waymark/wire.h>
#include <waymark/zone.h>

#include "zone/zone_sets.h"
#include "zone/zone_svcb.h"

enum { SETS_MAX = 255 }; /* types at one name; n_rrsets is an octet */

/* What every check needs. */
struct check {
    struct zone_draft *draft;
    const char *file;
    struct zone_findings *findings;
};

struct place {
    const char *file;
    int line;
};

static struct place place_of(const struct check *c, const struct zone_draft_set *set, uint32_t i)
{
    const struct zone_draft_record *r = zone_draft_record_of(c->draft, set, i);

    return (struct place){ c->draft->files[r->file], (int)r->line };
}

static const char *name_of(const struct check *c, uint32_t node,
                           char out[static WIRE_NAME_TEXT_LEN])
{
    return wire_name_to_text(zone_draft_name(c->draft, node), out);
}

/* ---- flags ---- */

static void set_own_flags(struct zone_draft *d, uint32_t node)
{
    struct zone_draft_node *n = &d->nodes[node];

    for (uint32_t i = 0; i < n->n_sets; i++) {
        uint16_t type = d->sets[n->first_set + i].type;
        if (type == WIRE_NS && node != 0)
            n->flags |= ZONE_NODE_CUT;
        if (type == WIRE_DNAME)
            n->flags |= ZONE_NODE_DNAME;
    }
}

/* Parents first: what is below a cut or a DNAME hands that on. */
static void set_flags(struct zone_draft *d)
{
    set_own_flags(d, 0);
    for (uint32_t i = 1; i < d->n_nodes; i++) {
        struct zone_draft_node *n = &d->nodes[i];
        const struct zone_draft_node *parent = &d->nodes[n->parent];
        set_own_flags(d, i);
        if ((parent->flags & ZONE_NODE_OCCLUDED) != 0)
            n->is_below_dname = parent->is_below_dname;
        else
            n->is_below_dname =
                (parent->flags & (ZONE_NODE_CUT | ZONE_NODE_DNAME)) == ZONE_NODE_DNAME;
        if ((parent->flags & (ZONE_NODE_CUT | ZONE_NODE_DNAME | ZONE_NODE_OCCLUDED)) != 0)
            n->flags |= ZONE_NODE_OCCLUDED;
    }
}

/* ---- the apex ---- */

static void check_soa(const struct check *c)
{
    const struct zone_draft_set *soa = zone_draft_set_of(c->draft, 0, WIRE_SOA);
    char name[WIRE_NAME_TEXT_LEN];

    if (soa == NULL && !c->findings->lost_soa)
        zone_error(c->findings, c->file, 0, "the zone %s has no SOA record", name_of(c, 0, name));
    if (soa == NULL || soa->n == 1)
        return;
    struct place p = place_of(c, soa, 1);
    zone_error(c->findings, p.file, p.line, "a second SOA record; the first is on line %d",
               place_of(c, soa, 0).line);
}

static void check_apex_ns(const struct check *c)
{
    const struct zone_draft_set *ns = zone_draft_set_of(c->draft, 0, WIRE_NS);
    char name[WIRE_NAME_TEXT_LEN];

    if (ns == NULL && !c->findings->lost_ns)
        zone_error(c->findings, c->file, 0, "the zone %s has no NS record at its own name",
                   name_of(c, 0, name));
    if (ns == NULL || ns->n > 1 || c->findings->lost_ns)
        return;
    struct place p = place_of(c, ns, 0);
    zone_warning(c->findings, p.file, p.line,
                 "the zone %s has one name server only; two or more are asked for (RFC 2182 5)",
                 name_of(c, 0, name));
}

/* ---- what may stand together ---- */

/* RFC 4035 2.5: signatures and denial may stand beside a CNAME. */
static bool may_stand_beside_cname(uint16_t type)
{
    return type == WIRE_CNAME || type == 46 || type == 47;
}

static void check_cname(const struct check *c, uint32_t node)
{
    const struct zone_draft_node *n = &c->draft->nodes[node];
    const struct zone_draft_set *cname = zone_draft_set_of(c->draft, node, WIRE_CNAME);
    char name[WIRE_NAME_TEXT_LEN], type[16];

    if (cname == NULL)
        return;
    if (cname->n > 1) {
        struct place p = place_of(c, cname, 1);
        zone_error(c->findings, p.file, p.line, "%s: a second CNAME; the first is on line %d",
                   name_of(c, node, name), place_of(c, cname, 0).line);
    }
    for (uint32_t i = 0; i < n->n_sets; i++) {
        const struct zone_draft_set *other = &c->draft->sets[n->first_set + i];
        if (may_stand_beside_cname(other->type))
            continue;
        struct place p = place_of(c, cname, 0), q = place_of(c, other, 0);
        zone_error(c->findings, p.file, p.line,
                   "%s: a CNAME beside other data (%s on line %d); it must stand alone",
                   name_of(c, node, name), wire_type_to_text(other->type, type), q.line);
        return;
    }
}

static void check_dname(const struct check *c, uint32_t node)
{
    const struct zone_draft_set *dname = zone_draft_set_of(c->draft, node, WIRE_DNAME);
    char name[WIRE_NAME_TEXT_LEN];

    if (dname == NULL)
        return;
    struct place p = place_of(c, dname, dname->n > 1);
    if (dname->n > 1)
        zone_error(c->findings, p.file, p.line, "%s: a second DNAME; the first is on line %d",
                   name_of(c, node, name), place_of(c, dname, 0).line);
    if ((c->draft->nodes[node].flags & ZONE_NODE_CUT) != 0)
        zone_error(c->findings, p.file, p.line, "%s: a DNAME beside NS (RFC 6672 2.3)",
                   name_of(c, node, name));
}

static void check_below_dname(const struct check *c, uint32_t node)
{
    const struct zone_draft_node *n = &c->draft->nodes[node];
    char name[WIRE_NAME_TEXT_LEN], above[WIRE_NAME_TEXT_LEN];

    if (!n->is_below_dname || n->n_sets == 0)
        return;
    uint32_t owner = n->parent;
    while ((c->draft->nodes[owner].flags & ZONE_NODE_DNAME) == 0)
        owner = c->draft->nodes[owner].parent;
    struct place p = place_of(c, &c->draft->sets[n->first_set], 0);
    zone_error(c->findings, p.file, p.line,
               "%s is below %s, whose DNAME leads away from all names there",
               name_of(c, node, name), name_of(c, owner, above));
}

/* RFC 4592 4.2 and 4.4 leave open what they would mean. */
static void check_wildcard(const struct check *c, uint32_t node)
{
    const struct zone_draft_node *n = &c->draft->nodes[node];
    char name[WIRE_NAME_TEXT_LEN];

    if ((n->flags & ZONE_NODE_WILDCARD) == 0)
        return;
    for (uint32_t i = 0; i < n->n_sets; i++) {
        const struct zone_draft_set *set = &c->draft->sets[n->first_set + i];
        struct place p = place_of(c, set, 0);
        if (set->type == WIRE_NS || set->type == WIRE_DNAME)
            zone_error(c->findings, p.file, p.line, "%s: a wildcard cannot have %s",
                       name_of(c, node, name), set->type == WIRE_NS ? "NS" : "DNAME");
    }
}

static void check_types(const struct check *c, uint32_t node)
{
    const struct zone_draft_node *n = &c->draft->nodes[node];
    char name[WIRE_NAME_TEXT_LEN];

    if (n->n_sets <= SETS_MAX)
        return;
    struct place p = place_of(c, &c->draft->sets[n->first_set + SETS_MAX], 0);
    zone_error(c->findings, p.file, p.line, "%s has records of %u types; at most %d are served",
               name_of(c, node, name), n->n_sets, SETS_MAX);
}

/* ---- service bindings ---- */

static void check_svcb(const struct check *c, const struct zone_draft_set *set, uint32_t i)
{
    const struct zone_draft_record *r = zone_draft_record_of(c->draft, set, i);
    const uint8_t *rdata = zone_draft_rdata(c->draft, r);
    const char *file = c->draft->files[r->file], *type = set->type == WIRE_SVCB ? "SVCB" : "HTTPS";
    const char *fault = zone_svcb_fault(rdata, r->rdata_len);
    const char *doubt = zone_svcb_doubt(rdata, r->rdata_len);

    if (fault != NULL)
        zone_error(c->findings, file, (int)r->line, "%s: %s; clients refuse the whole set", type,
                   fault);
    else if (doubt != NULL)
        zone_warning(c->findings, file, (int)r->line, "%s: %s", type, doubt);
}

static void check_bindings(const struct check *c, uint32_t node)
{
    static const uint16_t types[] = { WIRE_SVCB, WIRE_HTTPS };

    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const struct zone_draft_set *set = zone_draft_set_of(c->draft, node, types[t]);
        for (uint32_t i = 0; set != NULL && i < set->n; i++)
            check_svcb(c, set, i);
    }
}

/* ---- name servers and their addresses ---- */

/* The longest ancestor, or the name itself, that is there. */
static uint32_t closest(const struct zone_draft *d, const struct wire_name *name, size_t *at)
{
    uint32_t node;

    for (*at = 0;; *at += 1u + name->octets[*at]) {
        node = zone_draft_find(d, name->octets + *at, name->len - *at);
        if (node != ZONE_NONE)
            return node;
    }
}

static bool has_wildcard(const struct zone_draft *d, uint32_t node)
{
    uint8_t name[WIRE_NAME_MAX + 2] = { 1, '*' };
    size_t len = d->nodes[node].name_len;

    memcpy(name + 2, zone_draft_name(d, node), len);
    return len + 2 <= WIRE_NAME_MAX && zone_draft_find(d, name, len + 2) != ZONE_NONE;
}

static bool has_address(const struct zone_draft *d, uint32_t node)
{
    return zone_draft_set_of(d, node, WIRE_A) != NULL ||
           zone_draft_set_of(d, node, WIRE_AAAA) != NULL;
}

/* RFC 1034 4.2.2: the address of a server inside what it serves is known to nobody else. */
static void check_server(const struct check *c, const struct zone_draft_set *ns, uint32_t i)
{
    const struct zone_draft_record *r = zone_draft_record_of(c->draft, ns, i);
    const struct zone_draft *d = c->draft;
    struct wire_name server, owner;
    char name[WIRE_NAME_TEXT_LEN], above[WIRE_NAME_TEXT_LEN];
    size_t at;

    if (!wire_name_from_octets(zone_draft_rdata(d, r), r->rdata_len, &server) ||
        !wire_name_from_octets(zone_draft_name(d, ns->node), d->nodes[ns->node].name_len, &owner) ||
        !wire_name_is_in(&server, &d->apex))
        return;
    uint32_t node = closest(d, &server, &at);
    bool is_here = at == 0 && has_address(d, node);
    bool is_glue = ns->node != 0 && wire_name_is_in(&server, &owner);
    const uint8_t off = ZONE_NODE_CUT | ZONE_NODE_OCCLUDED;
    if (is_here || (!is_glue && (d->nodes[node].flags & off) != 0))
        return; /* or it is some other zone's to give */
    if (!is_glue && at > 0 && has_wildcard(d, node))
        return;
    bool is_alias = at == 0 && zone_draft_set_of(d, node, WIRE_CNAME) != NULL;
    zone_warning(c->findings, d->files[r->file], (int)r->line,
                 is_alias  ? "%s, a name server of %s, is an alias; it needs addresses of its own"
                 : is_glue ? "%s, a name server of %s, has no address here: glue is missing"
                           : "%s, a name server of %s, has no address in this zone",
                 wire_name_to_text(server.octets, name), name_of(c, ns->node, above));
}

static void check_servers(const struct check *c, uint32_t node)
{
    const struct zone_draft_set *ns = zone_draft_set_of(c->draft, node, WIRE_NS);

    if (ns == NULL || (c->draft->nodes[node].flags & ZONE_NODE_OCCLUDED) != 0)
        return;
    for (uint32_t i = 0; i < ns->n; i++)
        check_server(c, ns, i);
}

bool zone_check(struct zone_draft *draft, const char *file, struct zone_findings *findings)
{
    const struct check c = { .draft = draft, .file = file, .findings = findings };

    if (!zone_draft_group(draft) || !zone_sets_settle(draft, findings))
        return false;
    set_flags(draft);
    check_soa(&c);
    check_apex_ns(&c);
    for (uint32_t node = 0; node < draft->n_nodes && !zone_findings_are_full(findings); node++) {
        check_cname(&c, node);
        check_dname(&c, node);
        check_below_dname(&c, node);
        check_wildcard(&c, node);
        check_types(&c, node);
        check_bindings(&c, node);
        check_servers(&c, node);
    }
    return true;
}

void zone_check_serial(const struct zone_draft *draft, uint32_t former,
                       struct zone_findings *findings)
{
    const struct zone_draft_set *soa = zone_draft_set_of(draft, 0, WIRE_SOA);

    if (soa == NULL)
        return;
    const struct zone_draft_record *r = zone_draft_record_of(draft, soa, 0);
    uint32_t serial = wire_get32(zone_draft_rdata(draft, r) + r->rdata_len - 20);
    if (serial - former < UINT32_C(1) << 31)
        return; /* RFC 1982 3.2: the same, or later */
    zone_warning(findings, draft->files[r->file], (int)r->line,
                 "the serial went back from %u to %u: secondaries keep what they have (RFC 1982)",
                 former, serial);
}
