/* dns_usual.c - the usual queries of a batch, answered side by side: over UDP, one set of records that is
 * ready to copy, from a zone or of the one target that a service has for the client. All are read, then
 * all names looked up, then all answers written, so that the misses of a cold cache overlap; and nothing
 * is done that only other queries need. Those are left to dns_answer.c, which answers these the same.
 * Pure. */
#include "dns_answer.h"

static inline void read_all(const struct world *world, const struct dns_in in[], size_t n,
                            struct wire_usual queries[])
{
    const struct wire_hash_key *key = zone_hash_key(world->base->zones);

    for (size_t i = 0; i < n; i++)
        if (in[i].transport != DNS_UDP ||
            !wire_usual_parse(in[i].octets, in[i].len, key, &queries[i]))
            queries[i].name_len = 0;
}

/* Larger answers than anybody takes need the client's offer, and our own bound. */
static inline bool fits(const struct wire_usual *q, size_t len, size_t udp_size,
                        const struct dns_out *out)
{
    if (udp_size > q->udp_size)
        udp_size = q->udp_size;
    return len <= WIRE_UDP_PLAIN || (len <= udp_size && len <= out->cap);
}

/* Of the one target that the service has for this client. */
static const struct wire_set *set_of_service(const struct world *world, const struct dns_in *in,
                                             const struct wire_usual *q, size_t service,
                                             struct steer_sole *out)
{
    const struct world_base *base = world->base;

    if (!world->is_ready)
        return NULL;
    return steer_choose_sole(base->plans, world->tables, world->inputs, service, q->type, &in->from,
                             &q->subnet, out);
}

static inline const struct wire_set *set_of_zone(const struct zone_node *node, uint16_t type,
                                                 uint32_t entry)
{
    const struct zone_rrset *rrset = zone_rrset_of(node, type);
    bool is_answer = rrset != NULL && rrset->is_answer && (entry & WORLD_EVERY_TYPE) == 0;

    return is_answer ? &rrset->set : NULL;
}

static inline void count(struct dns_desk *desk, uint32_t slot)
{
    if (desk->bank != NULL)
        counter_add(desk->bank, slot, 1);
}

static inline void count_question(struct dns_counts *counts, const struct wire_usual *q)
{
    counter_bump(&counts->queries[DNS_UDP][dns_type_index(q->type)], 1);
    if (wire_usual_has_ecs(q))
        counter_bump(&counts->with_ecs, 1);
}

static inline bool answer(const struct world *world, struct dns_desk *desk, const struct dns_in *in,
                          const struct zone_node *node, const struct wire_usual *q,
                          uint16_t udp_size, struct dns_out *out)
{
    uint32_t entry = world->base->service_at[node->id];
    bool is_steered = entry != 0 && (q->type == WIRE_A || q->type == WIRE_AAAA);
    struct steer_sole sole;
    const struct wire_set *set =
        is_steered ? set_of_service(world, in, q, world_service(entry), &sole)
                   : set_of_zone(node, q->type, entry);
    if (set == NULL)
        return false;
    size_t len = wire_usual_len(q, set);
    if (!fits(q, len, udp_size, out))
        return false;
    wire_usual_answer(out->octets, in->octets, q, set, udp_size);
    out->len = len;
    count_question(&desk->counts, q);
    if (is_steered) {
        wire_usual_steer(out->octets, q, set, sole.ttl_s, sole.scope_bits);
        count(desk, world->base->answer_slots[world_service(entry)][sole.site]);
    }
    return true;
}

uint32_t dns_usual_answer(const struct world *world, struct dns_desk *desk,
                          const struct dns_in in[], struct dns_out out[], size_t n)
{
    const struct world_base *base = world->base;
    uint16_t udp_size = (uint16_t)base->conf->server.udp_size;
    uint32_t done = 0, all = UINT32_MAX >> (DNS_USUAL_MAX - n);
    struct wire_usual queries[DNS_USUAL_MAX]; /* not zeroed: they are 9 KiB */
    const struct zone_node *nodes[DNS_USUAL_MAX];

    if (base->conf->server.has_guard)
        return all;
    read_all(world, in, n, queries);
    zone_find_usual(base->zones, queries, n, nodes);
    for (size_t i = 0; i < n; i++) {
        const struct zone_node *node = nodes[i];
        if (node != NULL && zone_is_named(node, &queries[i]) &&
            answer(world, desk, &in[i], node, &queries[i], udp_size, &out[i])) {
            count(desk, base->zone_slots[node->zone]);
            done |= 1u << i;
        }
    }
    counter_bump(&desk->counts.rcodes[DNS_UDP][WIRE_NOERROR], (uint64_t)__builtin_popcount(done));
    return all & ~done;
}
