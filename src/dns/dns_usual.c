/* dns_usual.c - the usual queries of a batch, answered side by side: over UDP, one set of records that is
 * ready to copy, from a zone or of the one target that a service has for the client. All are read, then
 * all names looked up, then all clients of services located, so that the misses of a cold cache overlap;
 * and nothing is done that only other queries need. Those are left to dns_answer.c, which answers these
 * the same. Pure. */
#include "dns_answer.h"

#include <assert.h>

struct usual_batch {
    const struct world *world;
    struct dns_desk *desk;
    const struct dns_in *in;
    struct dns_out *out;
    size_t n;
    struct counter_bank *bank;
    const uint32_t *zone_slots;
    const uint32_t *const *answer_slots;
    uint64_t opt_head;
    size_t udp_size;
    uint32_t done; /* a bit for each that was answered */
    struct wire_usual queries[DNS_USUAL_MAX];
    const struct zone_node **nodes; /* by query */
    size_t n_steered;
    uint8_t steered[DNS_USUAL_MAX]; /* which those are */
    struct steer_asked asked[DNS_USUAL_MAX];
};

static void read_bare(struct usual_batch *b, uint32_t which)
{
    const struct wire_hash_key *key = zone_hash_key(b->world->base->zones);

    for (; which != 0; which &= which - 1) {
        unsigned i = (unsigned)__builtin_ctz(which);
        if (!wire_usual_parse_bare(b->in[i].octets, b->in[i].len, key, &b->queries[i]))
            wire_usual_make_none(&b->queries[i]);
    }
}

static inline void read_all(struct usual_batch *b)
{
    const struct wire_hash_key *key = zone_hash_key(b->world->base->zones);
    const struct dns_in *in = b->in;
    uint32_t others = 0;

    for (size_t i = 0; i < b->n; i++, in++)
        if (!wire_usual_parse(in->octets, in->len, key, &b->queries[i]))
            others |= 1u << i;
    if (others != 0)
        read_bare(b, others);
}

/* Up to 512 octets always; more if client, server and buffer allow. */
static inline bool fits(const struct usual_batch *b, const struct wire_usual *q, size_t len,
                        const struct dns_out *out)
{
    return len <= WIRE_UDP_PLAIN ||
           (len <= q->udp_size && len <= b->udp_size && len <= out->cap);
}

static inline void count(const struct usual_batch *b, const struct wire_usual *q,
                         const struct zone_node *node)
{
    counter_bump(&b->desk->counts.queries[DNS_UDP][dns_type_index(q->type)], 1);
    if (wire_usual_has_ecs(q))
        counter_bump(&b->desk->counts.with_ecs, 1);
    counter_add(b->bank, b->zone_slots[node->zone], 1);
}

/* false: it is too large. Inline at both places, or a static answer costs an eighth more instructions. */
__attribute__((always_inline)) static inline bool
put(struct usual_batch *b, size_t i, const struct wire_set *set, struct wire_usual_plan *plan)
{
    const struct wire_usual *q = &b->queries[i];
    struct dns_out *out = &b->out[i];

    *plan = wire_usual_plan(q, set);
    if (!fits(b, q, plan->end, out))
        return false;
    count(b, q, b->nodes[i]);
    b->done |= 1u << i;
    out->len = plan->end;
    wire_usual_answer(out->octets, b->in[i].octets, plan, set->wire, b->opt_head);
    return true;
}

static inline void answer_from_zone(struct usual_batch *b, size_t i)
{
    const struct zone_rrset *rrset = zone_rrset_of(b->nodes[i], b->queries[i].type);
    struct wire_usual_plan plan;

    if (rrset != NULL && rrset->is_answer)
        put(b, i, &rrset->set, &plan);
}

static inline void ask_service(struct usual_batch *b, size_t i, size_t service)
{
    struct steer_asked *asked = &b->asked[b->n_steered];

    b->steered[b->n_steered++] = (uint8_t)i;
    asked->service = (uint32_t)service;
    asked->type = b->queries[i].type;
    asked->resolver = &b->in[i].from;
    asked->subnet = &b->queries[i].subnet;
}

static inline void look_up_all(struct usual_batch *b)
{
    const uint32_t *service_at = b->world->base->service_at;

    zone_find_usual(b->world->base->zones, b->queries, b->n, b->nodes);
    for (size_t i = 0; i < b->n; i++) {
        const struct wire_usual *q = &b->queries[i];
        if (!zone_is_named(b->nodes[i], q))
            continue;
        uint32_t entry = service_at[b->nodes[i]->id];
        if (entry != 0 && (q->type == WIRE_A || q->type == WIRE_AAAA))
            ask_service(b, i, world_service(entry));
        else if ((entry & WORLD_EVERY_TYPE) == 0)
            answer_from_zone(b, i);
    }
}

static inline void answer_steered(struct usual_batch *b, size_t i, const struct steer_asked *asked)
{
    struct wire_usual_plan plan;

    if (asked->set == NULL || !put(b, i, asked->set, &plan))
        return;
    wire_usual_steer(b->out[i].octets, &plan, asked->ttl_s, asked->scope_bits);
    counter_add(b->bank, b->answer_slots[asked->service][asked->site], 1);
}

static inline void answer_all_steered(struct usual_batch *b)
{
    const struct world *world = b->world;

    steer_choose_usual(world->base->plans, world->tables, world->inputs, b->asked, b->n_steered);
    for (size_t n = 0; n < b->n_steered; n++)
        answer_steered(b, b->steered[n], &b->asked[n]);
}

uint32_t dns_usual_answer(const struct world *world, struct dns_desk *desk,
                          const struct dns_in in[], struct dns_out out[], size_t n)
{
    uint32_t all = UINT32_MAX >> (DNS_USUAL_MAX - n);
    const struct zone_node *nodes[DNS_USUAL_MAX];
    struct usual_batch b; /* not zeroed: it is 11 KiB */

    assert(0 < n && n <= DNS_USUAL_MAX);
    if (in[0].transport != DNS_UDP || world->base->conf->server.has_guard || desk->bank == NULL)
        return all;
    b.world = world;
    b.desk = desk;
    b.in = in;
    b.out = out;
    b.n = n;
    b.nodes = nodes;
    b.bank = desk->bank;
    b.zone_slots = world->base->zone_slots;
    b.answer_slots = world->base->answer_slots;
    b.n_steered = 0;
    b.done = 0;
    b.udp_size = (size_t)world->base->conf->server.udp_size;
    b.opt_head = wire_usual_opt_head((uint16_t)b.udp_size);
    read_all(&b);
    look_up_all(&b);
    if (world->is_ready)
        answer_all_steered(&b);
    counter_bump(&desk->counts.rcodes[DNS_UDP][WIRE_NOERROR],
                 (uint64_t)__builtin_popcount(b.done));
    return all & ~b.done;
}
