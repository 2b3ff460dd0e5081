/* dns_explain.c - the answer and its reasons, by the code that answers. Pure. */
#include "dns_answer.h"

#include <stdlib.h>
#include <string.h>

static void explain_steering(const struct world *world, const struct dns_question *q,
                             struct dns_explanation *out)
{
    const struct world_base *base = world->base;
    struct steer_client client = { .resolver = q->resolver, .subnet = wire_subnet(&q->ecs) };
    struct rng rng;
    struct steer_moment moment = { .now_ms = q->now_ms, .rng = &rng };

    rng_seed(&rng, (uint64_t)q->now_ms);
    steer_explain(base->plans, world->tables[out->plan], world->inputs, base->geo,
                  out->service_index, q->type, &client, &base->draw_key, &moment, &out->steer);
}

static void explain_service(const struct world *world, const struct dns_question *q,
                            const struct zone_match *m, struct dns_explanation *out)
{
    bool has_node = m->verdict == ZONE_FOUND || m->verdict == ZONE_WILDCARD;
    uint32_t entry = has_node ? world->base->service_at[m->node->id] : 0;

    if (entry == 0)
        return;
    out->service_index = world_service(entry);
    out->service = &world->base->conf->services[out->service_index];
    out->plan = steer_plan_of(world->base->plans, out->service_index);
    out->is_steered_type = dns_service_at(world, m, q->type) != 0;
    if (out->is_steered_type)
        explain_steering(world, q, out);
}

/* Asks as a resolver would, over a transport that truncates nothing. */
static void explain_answer(const struct world *world, const struct dns_question *q,
                           struct dns_explanation *out)
{
    uint8_t packet[512];
    struct wire_query query = { .id = 0, .type = q->type, .class = WIRE_CLASS_IN, .name = q->name };
    struct dns_desk *desk = calloc(1, sizeof *desk);

    query.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232, .ecs = q->ecs };
    struct dns_in in = { .octets = packet,
                         .len = wire_query_write(packet, sizeof packet, &query),
                         .from = q->resolver,
                         .transport = DNS_TCP };
    struct dns_out answer = { .octets = out->answer, .cap = sizeof out->answer };
    if (desk != NULL) {
        desk->now_ms = q->now_ms;
        rng_seed(&desk->rng, (uint64_t)q->now_ms);
        dns_answer_batch(world, desk, &in, &answer, 1);
    }
    out->answer_len = answer.len;
    free(desk);
}

void dns_explain(const struct world *world, const struct dns_question *question,
                 struct dns_explanation *out)
{
    struct zone_match m = zone_find(world->base->zones, &question->name, question->type);

    memset(out, 0, sizeof *out);
    out->verdict = m.verdict;
    out->zone = m.zone;
    explain_service(world, question, &m, out);
    explain_answer(world, question, out);
}
