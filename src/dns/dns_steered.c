/* dns_steered.c - answers from services: the choice, its records, or what is left when there is none.
 * Pure. */
#include "dns_answer.h"

static void choose(struct dns_answer *a, size_t service, uint16_t type, struct steer_choice *out)
{
    const struct world_base *base = a->world->base;
    struct steer_client client = { .resolver = a->in->from,
                                   .subnet = wire_subnet(&a->query.edns.ecs) };
    struct steer_moment moment = { .now_ms = a->desk->now_ms, .rng = &a->desk->rng };

    steer_choose(base->plans, a->world->tables[steer_plan_of(base->plans, service)], service,
                 type, &client, &base->draw_key, &moment, out);
    if (out->scope_bits > a->scope_bits)
        a->scope_bits = out->scope_bits;
}

static void count(struct dns_answer *a, size_t service, const struct steer_choice *choice)
{
    const uint32_t *slots = a->world->base->answer_slots[service];

    for (unsigned i = 0; i < choice->n; i++)
        dns_count(a, slots[choice->sites[i]]);
    if (choice->is_open)
        counter_bump(&a->desk->counts.open_answers, 1);
}

/* ANY gets the first family there is (RFC 8482 4.1). */
static const struct wire_set *records_of(const struct dns_answer *a, int target, bool is_blind)
{
    const struct steer_inputs *inputs = a->world->inputs;
    const struct wire_set *set;

    if (a->query.type != WIRE_ANY)
        return steer_records(inputs, target, a->query.type, is_blind);
    set = steer_records(inputs, target, WIRE_A, is_blind);
    return set != NULL ? set : steer_records(inputs, target, WIRE_AAAA, is_blind);
}

/* All addresses, or those whose turn it is. */
static bool put_turn(struct dns_answer *a, const struct wire_set *set,
                     const struct steer_choice *choice)
{
    if (choice->addresses == 0)
        return dns_put(a, WIRE_ANSWER, a->owner, set, choice->ttl_s);
    struct wire_set some = steer_some(set, choice->addresses, choice->turn);
    return dns_put(a, WIRE_ANSWER, a->owner, &some, choice->ttl_s);
}

static bool put_addresses(struct dns_answer *a, const struct steer_choice *choice)
{
    bool has_any = false;

    for (unsigned i = 0; i < choice->n; i++) {
        const struct wire_set *set = records_of(a, choice->targets[i], choice->is_blind);
        if (set == NULL)
            continue;
        has_any = true;
        if (!put_turn(a, set, choice))
            break;
    }
    return has_any;
}

static bool names(const struct steer_choice *choice, int target)
{
    for (unsigned i = 0; i < choice->n; i++)
        if (choice->targets[i] == target)
            return true;
    return false;
}

/* A record for each target that A names, with the hints of AAAA where that names it too; false when the
 * service has none. A draw per query has no AAAA to agree with. */
static bool put_https(struct dns_answer *a, size_t service, const struct steer_choice *choice)
{
    const struct conf *conf = a->world->base->conf;
    const struct conf_service *s = &conf->services[service];
    struct steer_choice other;
    uint8_t wire[STEER_HTTPS_MAX];

    if (!s->has_https)
        return false;
    choose(a, service, WIRE_AAAA, &other);

    for (unsigned i = 0; i < choice->n; i++) {
        int target = choice->targets[i];
        bool has_ipv6 = s->draw == CONF_DRAW_QUERY || names(&other, target);
        struct wire_set set = steer_https(a->world->inputs, &conf->targets[target], s, target,
                                          choice, has_ipv6, wire);
        if (!dns_put(a, WIRE_ANSWER, a->owner, &set, choice->ttl_s))
            break;
    }
    return true;
}

static bool put_records(struct dns_answer *a, size_t service, const struct steer_choice *choice)
{
    return a->query.type == WIRE_HTTPS ? put_https(a, service, choice) : put_addresses(a, choice);
}

/* A provider's name answers every type; the chain goes on if it lies in the same zone. */
static bool put_cname(struct dns_answer *a, const struct zone *zone, const struct wire_set *cname,
                      const struct steer_choice *choice)
{
    if (!dns_wants_link(a->query.type))
        return dns_follow(a, cname, choice->ttl_s);
    if (a->query.type == WIRE_CNAME || a->query.type == WIRE_ANY)
        dns_put(a, WIRE_ANSWER, a->owner, cname, choice->ttl_s);
    else
        dns_zone_negative(a, zone, choice->ttl_s);
    return false;
}

static const struct dns_error nothing_left = { DNS_ERROR_OTHER, "no target is left" };

static bool fall_back(struct dns_answer *a, const struct zone_match *m,
                      const struct conf_service *s)
{
    uint32_t ttl = (uint32_t)s->ttl_s;

    switch (s->no_target) {
    case CONF_NO_TARGET_SERVFAIL:
        a->rcode = WIRE_SERVFAIL;
        a->error = &nothing_left;
        a->flags &= (uint16_t)~WIRE_AA;
        return false;
    case CONF_NO_TARGET_NODATA:
        dns_zone_negative(a, m->zone, ttl);
        return false;
    case CONF_NO_TARGET_ZONE:
        break;
    }
    return dns_zone_answer(a, m, ttl);
}

bool dns_steered_answer(struct dns_answer *a, const struct zone_match *match, uint32_t entry)
{
    size_t service = world_service(entry);

    if (!a->world->is_ready) { /* the resolver asks another server, or again */
        a->is_silent = true;
        return false;
    }
    struct steer_choice choice;
    choose(a, service, a->query.type, &choice);
    if (choice.n == 0)
        return fall_back(a, match, &a->world->base->conf->services[service]);
    count(a, service, &choice);
    const struct wire_set *cname =
        steer_records(a->world->inputs, choice.targets[0], WIRE_CNAME, choice.is_blind);
    if (cname != NULL)
        return put_cname(a, match->zone, cname, &choice);
    if (!put_records(a, service, &choice))
        dns_zone_negative(a, match->zone, choice.ttl_s);
    return false;
}
