/* steer_inputs.c - one frozen snapshot of what steering depends on beside the configuration, with
 * each target's records prepared twice: those that are up, and all. Pure. */
#include "steer_inputs.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>

static uint8_t *put_head(uint8_t *p, uint16_t type, size_t len)
{
    return wire_rr_put(p, type, WIRE_CLASS_IN, INT32_MAX, len); /* the answer lowers the TTL */
}

static bool prepare_addresses(struct arena *arena, const struct conf_target *t, uint8_t family,
                              uint32_t mask, struct wire_set *out)
{
    uint16_t type = family == 4 ? WIRE_A : WIRE_AAAA;
    uint16_t rdlen = family == 4 ? 4 : 16;
    uint8_t *wire = arena_alloc(arena, 2 * t->n_addresses * (WIRE_RR_HEAD + (size_t)rdlen), 1);
    uint8_t *p = wire;

    *out = (struct wire_set){ .wire = wire };
    if (wire == NULL)
        return false;
    for (size_t i = 0; i < t->n_addresses; i++) {
        if (t->addresses[i].family != family || (mask >> i & 1) == 0)
            continue;
        p = put_head(p, type, rdlen);
        memcpy(p, t->addresses[i].octets, rdlen);
        p += rdlen;
        out->count++;
    }
    out->type = out->count > 0 ? type : 0;
    out->wire_len = (uint32_t)(p - wire);
    memcpy(p, wire, out->wire_len);
    return true;
}

static bool prepare_cname(struct arena *arena, const struct conf_target *t, struct wire_set *out)
{
    struct wire_name name;
    uint8_t *wire = arena_alloc(arena, WIRE_RR_HEAD + WIRE_NAME_MAX, 1);

    if (wire == NULL || !wire_name_from_text(t->cname, &name))
        return false;
    memcpy(put_head(wire, WIRE_CNAME, name.len), name.octets, name.len);
    *out = (struct wire_set){ .type = WIRE_CNAME, .count = 1, .wire = wire };
    out->wire_len = WIRE_RR_HEAD + name.len;
    return true;
}

static bool prepare(struct arena *arena, const struct conf_target *t, uint32_t up,
                    struct steer_records *out)
{
    if (t->cname != NULL) {
        if (!prepare_cname(arena, t, &out->all[STEER_RECORD_CNAME]))
            return false;
        out->live[STEER_RECORD_CNAME] = out->all[STEER_RECORD_CNAME];
        return true;
    }
    for (int i = STEER_RECORD_A; i <= STEER_RECORD_AAAA; i++) {
        uint8_t family = i == STEER_RECORD_A ? 4 : 6;
        if (!prepare_addresses(arena, t, family, UINT32_MAX, &out->all[i]) ||
            !prepare_addresses(arena, t, family, up, &out->live[i]))
            return false;
    }
    return true;
}

struct steer_inputs *steer_inputs_new(const struct conf *conf, const struct steer_health *health)
{
    struct steer_inputs *in = calloc(1, sizeof *in);

    if (in == NULL)
        return NULL;
    in->arena = arena_new();
    if (in->arena == NULL)
        goto fail;
    in->health = arena_copy(in->arena, health, conf->n_targets * sizeof *health);
    in->records = arena_zero(in->arena, conf->n_targets, sizeof *in->records);
    if (in->health == NULL || in->records == NULL)
        goto fail;
    for (size_t i = 0; i < conf->n_targets; i++)
        if (!prepare(in->arena, &conf->targets[i], health[i].up, &in->records[i]))
            goto fail;
    return in;
fail:
    steer_inputs_free(in);
    return NULL;
}

void steer_inputs_free(struct steer_inputs *inputs)
{
    if (inputs == NULL)
        return;
    arena_free(inputs->arena);
    free(inputs);
}

const struct steer_health *steer_inputs_health(const struct steer_inputs *inputs, int target)
{
    return &inputs->health[target];
}

const struct wire_set *steer_records(const struct steer_inputs *inputs, int target, uint16_t type,
                                     bool is_blind)
{
    return steer_records_at(inputs, target, type, is_blind);
}

static bool family_is_up(const struct conf_target *t, uint32_t up, uint8_t family)
{
    int n = 0, n_up = 0;

    for (size_t i = 0; i < t->n_addresses; i++) {
        if (t->addresses[i].family != family)
            continue;
        n++;
        n_up += up >> i & 1;
    }
    return n > 0 && n_up >= (t->min_up < n ? t->min_up : n);
}

bool steer_is_up(const struct conf_target *target, const struct steer_health *health, uint16_t type)
{
    if (target->cname != NULL)
        return (health->up & 1) != 0;
    bool is_up4 = family_is_up(target, health->up, 4);
    bool is_up6 = family_is_up(target, health->up, 6);
    return type == WIRE_A ? is_up4 : type == WIRE_AAAA ? is_up6 : is_up4 || is_up6;
}
