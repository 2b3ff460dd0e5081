/* dns_usual.c - the usual queries of a batch, answered side by side: over UDP, one set of records that is
 * ready to copy, from a zone or of the one target that a service has for the client. All are read, then
 * all names looked up, all clients located and all answers written, so that the misses of a cold cache
 * overlap; and nothing is done that only other queries need. Those are left to dns_answer.c, which
 * answers these the same. Pure. */
#include "dns_answer.h"

/* A query between the stages. */
struct usual {
    const struct zone_node *node; /* NULL: it goes the whole way */
    uint32_t service;             /* its number + 1; 0: the zone answers */
    struct steer_where where;
};

struct usual_batch {
    const struct world *world;
    struct dns_desk *desk;
    const struct dns_in *in;
    struct dns_out *out;
    size_t n;
    struct usual usual[DNS_USUAL_MAX];
    struct wire_usual queries[DNS_USUAL_MAX];
};

static inline void read_all(struct usual_batch *b)
{
    const struct wire_hash_key *key = zone_hash_key(b->world->base->zones);

    for (size_t i = 0; i < b->n; i++)
        if (b->in[i].transport != DNS_UDP ||
            !wire_usual_parse(b->in[i].octets, b->in[i].len, key, &b->queries[i]))
            b->queries[i].name_len = 0;
}

/* Whether a service answers, and where its client is. */
static inline void locate(const struct world_base *base, const struct dns_in *in,
                          const struct wire_usual *q, struct usual *u)
{
    uint32_t entry = base->service_at[u->node->id];

    u->service = 0;
    if (entry == 0)
        return;
    if (q->type == WIRE_A || q->type == WIRE_AAAA) {
        u->service = (uint32_t)world_service(entry) + 1;
        u->where = steer_where(base->plans, u->service - 1, &in->from, &q->subnet);
    } else if ((entry & WORLD_EVERY_TYPE) != 0) {
        u->node = NULL;
    }
}

static inline void look_up_all(struct usual_batch *b)
{
    const struct world_base *base = b->world->base;
    const struct zone_node *nodes[DNS_USUAL_MAX];

    zone_find_usual(base->zones, b->queries, b->n, nodes);
    for (size_t i = 0; i < b->n; i++) {
        b->usual[i].node = NULL;
        if (nodes[i] == NULL || !zone_is_named(nodes[i], &b->queries[i]))
            continue;
        b->usual[i].node = nodes[i];
        locate(base, &b->in[i], &b->queries[i], &b->usual[i]);
    }
}

static inline struct steer_sole set_of_zone(const struct zone_node *node, uint16_t type)
{
    const struct zone_rrset *rrset = zone_rrset_of(node, type);

    bool is_answer = rrset != NULL && rrset->is_answer;

    return (struct steer_sole){ .set = is_answer ? &rrset->set : NULL };
}

static inline struct steer_sole set_of_service(const struct world *world, const struct usual *u,
                                               uint16_t type)
{
    if (!world->is_ready)
        return (struct steer_sole){ .set = NULL };
    return steer_sole(world->base->plans, world->tables, world->inputs, u->service - 1, type,
                      u->where.class);
}

/* Larger answers than anybody takes need the client's offer, and our own bound. */
static inline bool fits(const struct wire_usual *q, size_t len, size_t udp_size,
                        const struct dns_out *out)
{
    if (udp_size > q->udp_size)
        udp_size = q->udp_size;
    return len <= WIRE_UDP_PLAIN || (len <= udp_size && len <= out->cap);
}

static inline void count(struct dns_desk *desk, uint32_t slot)
{
    if (desk->bank != NULL)
        counter_add(desk->bank, slot, 1);
}

static inline void count_answer(const struct world_base *base, struct dns_desk *desk,
                                const struct usual *u, const struct wire_usual *q, unsigned site)
{
    counter_bump(&desk->counts.queries[DNS_UDP][dns_type_index(q->type)], 1);
    if (wire_usual_has_ecs(q))
        counter_bump(&desk->counts.with_ecs, 1);
    count(desk, base->zone_slots[u->node->zone]);
    if (u->service != 0)
        count(desk, base->answer_slots[u->service - 1][site]);
}

/* Returns a bit for each that was answered. */
static inline uint32_t answer_all(const struct usual_batch *b)
{
    const struct world *world = b->world;
    struct dns_desk *desk = b->desk;
    size_t udp_size = (size_t)world->base->conf->server.udp_size;
    uint64_t opt_head = wire_usual_opt_head((uint16_t)udp_size);
    uint32_t done = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct usual *u = &b->usual[i];
        const struct wire_usual *q = &b->queries[i];
        uint32_t service = u->service;
        if (u->node == NULL)
            continue;
        struct steer_sole s = service != 0 ? set_of_service(world, u, q->type)
                                           : set_of_zone(u->node, q->type);
        if (s.set == NULL)
            continue;
        struct wire_usual_plan plan = wire_usual_plan(q, s.set);
        struct dns_out *out = &b->out[i];
        if (!fits(q, plan.end, udp_size, out))
            continue;
        uint8_t *to = out->octets;
        wire_usual_answer(to, b->in[i].octets, &plan, s.set->wire, opt_head);
        if (service != 0)
            wire_usual_steer(to, &plan, s.ttl_s, u->where.scope_bits);
        out->len = plan.end;
        count_answer(world->base, desk, u, q, s.site);
        done |= 1u << i;
    }
    return done;
}

uint32_t dns_usual_answer(const struct world *world, struct dns_desk *desk,
                          const struct dns_in in[], struct dns_out out[], size_t n)
{
    uint32_t all = UINT32_MAX >> (DNS_USUAL_MAX - n);
    struct usual_batch b; /* not zeroed: it is 10 KiB */

    if (world->base->conf->server.has_guard)
        return all;
    b.world = world;
    b.desk = desk;
    b.in = in;
    b.out = out;
    b.n = n;
    read_all(&b);
    look_up_all(&b);
    uint32_t done = answer_all(&b);
    counter_bump(&desk->counts.rcodes[DNS_UDP][WIRE_NOERROR], (uint64_t)__builtin_popcount(done));
    return all & ~done;
}
