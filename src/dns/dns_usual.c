/* dns_usual.c - the usual queries of a batch, answered side by side: over UDP, one set of records that is
 * ready to copy, from a zone or of the one target that a service has for the client. All are read, then
 * all names looked up, then all answers written, so that the misses of a cold cache overlap; and nothing
 * is done that only other queries need. Those are left to dns_answer.c, which answers these the same.
 * Pure. */
#include "dns_answer.h"

#define NO_SLOT UINT32_MAX

struct usual_batch {
    size_t n;
    uint8_t at[DNS_USUAL_MAX]; /* in the batch that came in */
    struct zone_probe probes[DNS_USUAL_MAX];
    struct wire_usual queries[DNS_USUAL_MAX];
};

/* What the one set of an answer is, and what its client gets with it. */
struct usual_set {
    const struct wire_set *set;
    uint32_t ttl_max;
    uint8_t scope_bits;
    uint32_t slot; /* of the target's counter, or NO_SLOT */
};

static void read_all(const struct world *world, const struct dns_in in[], size_t n,
                     struct usual_batch *b)
{
    const struct wire_hash_key *key = zone_hash_key(world->base->zones);

    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct wire_usual *q = &b->queries[b->n];
        if (in[i].transport != DNS_UDP || !wire_usual_parse(in[i].octets, in[i].len, key, q))
            continue;
        b->probes[b->n] = (struct zone_probe){ .name = q->name, .len = q->name_len, .hash = q->hash };
        b->at[b->n++] = (uint8_t)i;
    }
}

static bool find_steered(const struct world *world, const struct dns_in *in,
                         const struct wire_usual *q, size_t service, struct usual_set *out)
{
    const struct world_base *base = world->base;
    size_t plan = steer_plan_of(base->plans, service);
    struct steer_sole sole;

    if (!world->is_ready)
        return false;
    out->set = steer_choose_sole(base->plans, world->tables[plan], world->inputs, service, q->type,
                                 &in->from, &q->subnet, &sole);
    if (out->set == NULL)
        return false;
    out->ttl_max = sole.ttl_s;
    out->scope_bits = sole.scope_bits;
    out->slot = base->answer_slots[service][sole.site];
    return true;
}

/* What is below a cut is not ours to say, and DS is the parent's at an apex. */
static bool find_set(const struct world *world, const struct dns_in *in,
                     const struct zone_node *node, const struct wire_usual *q,
                     struct usual_set *out)
{
    uint32_t entry = world->base->service_at[node->id];

    if ((node->flags & (ZONE_NODE_CUT | ZONE_NODE_OCCLUDED)) != 0 || q->type == WIRE_DS ||
        !wire_type_is_plain(q->type))
        return false;
    if (entry != 0 && (q->type == WIRE_A || q->type == WIRE_AAAA))
        return find_steered(world, in, q, world_service(entry), out);
    const struct zone_rrset *rrset = zone_rrset_of(node, q->type);
    if (rrset == NULL || (entry & WORLD_EVERY_TYPE) != 0)
        return false;
    *out = (struct usual_set){ .set = &rrset->set, .ttl_max = UINT32_MAX, .slot = NO_SLOT };
    return true;
}

static void count(const struct world *world, struct dns_desk *desk, const struct zone_node *node,
                  const struct wire_usual *q, const struct usual_set *set)
{
    counter_bump(&desk->counts.queries[DNS_UDP][dns_type_index(q->type)], 1);
    counter_bump(&desk->counts.rcodes[DNS_UDP][WIRE_NOERROR], 1);
    if (q->has_ecs)
        counter_bump(&desk->counts.with_ecs, 1);
    if (desk->bank == NULL)
        return;
    counter_add(desk->bank, world->base->zone_slots[node->zone], 1);
    if (set->slot != NO_SLOT)
        counter_add(desk->bank, set->slot, 1);
}

static size_t size_limit(const struct conf_server *server, const struct wire_usual *q, size_t cap)
{
    size_t limit = q->udp_size > WIRE_UDP_PLAIN ? q->udp_size : WIRE_UDP_PLAIN;

    if (limit > (size_t)server->udp_size)
        limit = (size_t)server->udp_size;
    return limit < cap ? limit : cap;
}

static bool answer_one(const struct world *world, struct dns_desk *desk, const struct dns_in *in,
                       const struct zone_node *node, const struct wire_usual *q,
                       struct dns_out *out)
{
    const struct conf_server *server = &world->base->conf->server;
    struct usual_set set;

    if (node == NULL || !find_set(world, in, node, q, &set))
        return false;
    size_t len = wire_usual_answer(out->octets, size_limit(server, q, out->cap), in->octets, q,
                                   set.set, set.ttl_max, set.scope_bits,
                                   (uint16_t)server->udp_size);
    if (len == 0)
        return false;
    out->len = len;
    count(world, desk, node, q, &set);
    return true;
}

uint32_t dns_usual_answer(const struct world *world, struct dns_desk *desk,
                          const struct dns_in in[], struct dns_out out[], size_t n)
{
    uint32_t rest = UINT32_MAX >> (DNS_USUAL_MAX - n);
    struct usual_batch b; /* not zeroed: it is 12 KiB */

    if (world->base->conf->server.has_guard)
        return rest;
    read_all(world, in, n, &b);
    zone_probe_many(world->base->zones, b.probes, b.n);
    for (size_t k = 0; k < b.n; k++)
        if (answer_one(world, desk, &in[b.at[k]], b.probes[k].node, &b.queries[k], &out[b.at[k]]))
            rest &= ~(1u << b.at[k]);
    return rest;
}
