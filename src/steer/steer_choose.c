/* steer_choose.c - the choice: class by address, row by class, target by draw. Runs in the answer
 * path: no allocation, no lock. Pure. */
#include "steer_choose.h"

#include <endian.h>
#include <string.h>

#include "steer_log.h"

static uint8_t shared_bits(const struct addr *who)
{
    return who->family == 4 ? STEER_SHARED_BITS4 : STEER_SHARED_BITS6;
}

static struct geo_cell cell_of(const struct steer_plan *plan, const struct addr *who)
{
    if (plan->view->geo == NULL)
        return (struct geo_cell){ 0, 0 };
    return geo_view_find(plan->view->geo, who);
}

/* A special-purpose ECS address says nothing about the client: the resolver's own decides, and the
 * answer holds for that range only (RFC 7871 10). */
struct steer_stand steer_stand(const struct steer_plan *plan, const struct addr *resolver,
                               const struct addr *subnet)
{
    struct steer_stand s = { .decided_by = resolver };

    if (subnet->family != 0) {
        struct geo_cell cell = cell_of(plan, subnet);
        s.scope_bits = cell.bits;
        if (!plan->view->classes[cell.class].is_special) {
            s.decided_by = subnet;
            s.is_by_ecs = true;
            s.class = cell.class;
            s.bits = cell.bits;
            if (plan->policy.is_sticky && s.scope_bits < shared_bits(s.decided_by))
                s.scope_bits = shared_bits(s.decided_by);
            return s;
        }
    }
    struct geo_cell cell = cell_of(plan, resolver);
    s.class = cell.class;
    s.bits = cell.bits;
    return s;
}

/* Of a client subnet shorter than the network that decided, the octets behind it are zero: they are
 * that of the network that the answer's scope names, so all inside the scope have one identity. */
static void set_identity(struct steer_ticket *t, bool is_sticky, const struct steer_stand *stand,
                         const struct steer_client *client)
{
    if (stand->is_by_ecs && stand->scope_bits > 0) {
        t->bits = is_sticky ? shared_bits(&client->subnet) : stand->bits;
        t->identity = addr_mask(&client->subnet, t->bits);
        return;
    }
    t->bits = shared_bits(&client->resolver);
    t->identity = addr_mask(&client->resolver, t->bits);
}

/* The identity's own hash shifts the phase of its windows, so that the world does not move at once;
 * the window's number then makes the draw. Little-endian, so that all machines agree. */
struct steer_ticket steer_ticket(const struct steer_service *service, bool is_sticky,
                                 const struct steer_stand *stand,
                                 const struct steer_client *client, const struct hash_key *key,
                                 int64_t now_ms)
{
    struct steer_ticket t;
    struct {
        uint64_t service;
        uint8_t octets[16];
        uint8_t family, bits;
        uint8_t zero[6];
    } who = { .service = htole64(service->name_hash) };

    set_identity(&t, is_sticky, stand, client);
    memcpy(who.octets, t.identity.octets, sizeof who.octets);
    who.family = t.identity.family;
    who.bits = t.bits;
    uint64_t h = hash_keyed(key, &who, sizeof who);

    if (is_sticky) {
        t.draw = h;
        t.window = 0;
        t.rest_s = UINT32_MAX;
        return t;
    }
    int64_t window_s = service->conf->window_s;
    int64_t at_s = now_ms / 1000 + (int64_t)(h % (uint64_t)window_s);
    t.window = at_s / window_s;
    t.rest_s = (uint32_t)(window_s - at_s % window_s);

    uint64_t drawn[2] = { htole64(h), htole64((uint64_t)t.window) };
    t.draw = hash_keyed(key, drawn, sizeof drawn);
    return t;
}

static const struct steer_row *row_of(const struct steer_plan *plan,
                                      const struct steer_table *table, uint32_t class,
                                      uint16_t type)
{
    const struct steer_policy *p = &plan->policy;

    return &table->rows[(size_t)class * p->n_groups + steer_policy_group(p, type)];
}

static unsigned draw_one(const struct steer_entry *entries, unsigned n, uint64_t draw)
{
    uint32_t x = (uint32_t)(draw >> 32);
    unsigned i = 0;

    while (i + 1 < n && x >= entries[i].bound)
        i++;
    return i;
}

/* Without replacement: who was drawn leaves, the others keep their weights. */
static unsigned draw_rest(const struct steer_entry *entries, unsigned n, const bool gone[],
                          uint64_t draw)
{
    uint64_t total = 0;
    unsigned i = 0;

    for (unsigned k = 0; k < n; k++)
        total += gone[k] ? 0 : entries[k].weight;
    while (total == 0 && gone[i]) /* in order */
        i++;
    if (total == 0)
        return i;
    uint64_t x = (uint64_t)(((unsigned __int128)draw * total) >> 64);
    for (;; i++) {
        if (gone[i])
            continue;
        if (x < entries[i].weight)
            return i;
        x -= entries[i].weight;
    }
}

/* Weighted rendezvous: everybody's ticket is -log(u) / weight, u from the client and the target's
 * name, and the least wins. Who gets more weight wins clients and moves no other; a target that goes
 * leaves its own clients to the rest. `gone` NULL: nobody has. */
static unsigned draw_sticky(const struct steer_policy *p, const struct steer_entry *entries,
                            unsigned n, const bool gone[], uint64_t draw)
{
    uint64_t best_log = 0;
    unsigned best = n;

    for (unsigned i = 0; i < n; i++) {
        if (gone != NULL && gone[i])
            continue;
        uint64_t log = steer_minus_log2(rng_mix(draw ^ p->sites[entries[i].site].name_hash));
        if (best < n && log * entries[best].weight >= best_log * entries[i].weight)
            continue;
        best = i;
        best_log = log;
    }
    return best;
}

static unsigned draw_first(const struct steer_policy *p, const struct steer_entry *entries,
                           unsigned n, uint64_t draw)
{
    return p->is_sticky ? draw_sticky(p, entries, n, NULL, draw) : draw_one(entries, n, draw);
}

static bool is_cname(const struct steer_policy *p, unsigned site)
{
    return p->conf->targets[p->sites[site].target].cname != NULL;
}

static void add(const struct steer_policy *p, unsigned site, struct steer_choice *out)
{
    out->sites[out->n] = (uint16_t)site;
    out->targets[out->n++] = p->sites[site].target;
}

/* A CNAME stands alone (RFC 1034 3.6.2): first it is the answer, later it is passed over. */
static bool take_target(const struct steer_policy *p, unsigned site, struct steer_choice *out)
{
    if (is_cname(p, site) && out->n > 0)
        return false;
    add(p, site, out);
    return is_cname(p, site);
}

/* Takes from one tier, drawn or in order; true when the list is complete. */
static bool take_from_tier(const struct steer_policy *p, const struct steer_entry *entries,
                           unsigned n, uint64_t *draw, struct steer_choice *out)
{
    bool gone[STEER_SITES_MAX] = { false };

    for (unsigned k = 0; k < n && out->n < p->take; k++) {
        unsigned i = p->is_sticky ? draw_sticky(p, entries, n, gone, *draw)
                                  : draw_rest(entries, n, gone, *draw);
        gone[i] = true;
        if (!p->is_sticky) /* whose order is one draw */
            *draw = rng_mix(*draw); /* a further draw from the same ticket */
        if (take_target(p, entries[i].site, out))
            return true;
    }
    return out->n == p->take;
}

static void choose_several(const struct steer_policy *p, const struct steer_row *row,
                           const struct steer_entry *entries, uint64_t draw,
                           struct steer_choice *out)
{
    for (unsigned at = 0, n; at < row->n; at += n) {
        n = 1;
        while (at + n < row->n && entries[at + n].tier == entries[at].tier)
            n++;
        if (take_from_tier(p, entries + at, n, &draw, out))
            return;
    }
}

static void choose(const struct steer_policy *p, const struct steer_row *row,
                   const struct steer_entry *entries, uint64_t draw, struct steer_choice *out)
{
    if (p->take > 1) {
        choose_several(p, row, entries, draw, out);
        return;
    }
    unsigned i = out->is_drawn ? draw_first(p, entries, row->n_first, draw) : 0;
    add(p, entries[i].site, out);
}

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The draw, coherent or not; the TTL never outlives it. */
static uint64_t draw_of(const struct steer_service *s, const struct steer_plan *plan,
                        const struct steer_stand *stand, const struct steer_client *client,
                        const struct hash_key *key, const struct steer_moment *moment,
                        struct steer_choice *out)
{
    uint64_t draw;

    if (s->conf->draw == CONF_DRAW_QUERY) {
        draw = rng_next(moment->rng);
    } else {
        struct steer_ticket t =
            steer_ticket(s, plan->policy.is_sticky, stand, client, key, moment->now_ms);
        out->ttl_s = min_of(out->ttl_s, t.rest_s);
        draw = t.draw;
    }
    out->turn = (uint32_t)draw; /* the low half: targets are drawn by the high one */
    return draw;
}

void steer_choose(const struct steer_plans *plans, const struct steer_table *table, size_t service,
                  uint16_t type, const struct steer_client *client, const struct hash_key *key,
                  const struct steer_moment *moment, struct steer_choice *out)
{
    const struct steer_service *s = &plans->services[service];
    const struct steer_plan *plan = &plans->plans[s->plan];
    struct steer_stand stand = steer_stand(plan, &client->resolver, &client->subnet);
    const struct steer_row *row = row_of(plan, table, stand.class, type);
    uint64_t draw = 0;

    out->n = 0;
    out->is_open = row->is_open;
    out->is_blind = row->is_open || plan->policy.healthy < 0;
    out->is_drawn = row->is_drawn;
    out->addresses = (uint8_t)s->conf->addresses;
    out->turn = 0;
    out->scope_bits = stand.scope_bits;
    out->ttl_s = min_of((uint32_t)s->conf->ttl_s, row->horizon_s);
    if (out->is_drawn || out->addresses > 0)
        draw = draw_of(s, plan, &stand, client, key, moment, out);
    out->ttl_s += out->ttl_s == 0;
    if (row->n > 0)
        choose(&plan->policy, row, table->entries + row->first, draw, out);
}
