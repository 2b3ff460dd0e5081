/* dns_steered.c - answers from services: the choice, its records, or what is left when there is none.
 * Pure. */
#include "dns_answer.h"

static struct steer_choice choose(struct dns_answer *a, size_t service)
{
    const struct world_base *base = a->world->base;
    struct steer_client client = { .resolver = a->in->from, .ecs = a->query.edns.ecs };
    struct steer_moment moment = { .now_ms = a->desk->now_ms, .rng = &a->desk->rng };
    struct steer_choice choice;

    steer_choose(base->plans, a->world->tables[steer_plan_of(base->plans, service)], service,
                 a->query.type, &client, &base->draw_key, &moment, &choice);
    if (choice.scope_bits > a->scope_bits)
        a->scope_bits = choice.scope_bits;
    return choice;
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

static bool put_addresses(struct dns_answer *a, const struct steer_choice *choice)
{
    bool has_any = false;

    for (unsigned i = 0; i < choice->n; i++) {
        const struct wire_set *set = records_of(a, choice->targets[i], choice->is_blind);
        if (set == NULL)
            continue;
        has_any = true;
        if (!dns_put(a, WIRE_ANSWER, a->owner, set, choice->ttl_s))
            break;
    }
    return has_any;
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

static bool fall_back(struct dns_answer *a, const struct zone_match *m,
                      const struct conf_service *s)
{
    uint32_t ttl = (uint32_t)s->ttl_s;

    switch (s->no_target) {
    case CONF_NO_TARGET_SERVFAIL:
        a->rcode = WIRE_SERVFAIL;
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
    struct steer_choice choice = choose(a, service);
    if (choice.n == 0)
        return fall_back(a, match, &a->world->base->conf->services[service]);
    count(a, service, &choice);
    const struct wire_set *cname =
        steer_records(a->world->inputs, choice.targets[0], WIRE_CNAME, choice.is_blind);
    if (cname != NULL)
        return put_cname(a, match->zone, cname, &choice);
    if (!put_addresses(a, &choice))
        dns_zone_negative(a, match->zone, choice.ttl_s);
    return false;
}
