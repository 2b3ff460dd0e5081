/* target_json.c - a target with what is believed of it, as an object. Pure. */
#include "target_json.h"

#include <string.h>

#include "health_json.h"
#include "json_put.h"

/* What steering believes of each address. */
static json_t *addresses_json(const struct conf_target *target, const struct steer_health *health)
{
    json_t *all = json_array();
    char text[ADDR_TEXT_LEN];

    for (size_t i = 0; i < target->n_addresses; i++) {
        json_t *o = json_object();
        put_text(o, "address", addr_format(&target->addresses[i], text));
        put_bool(o, "is_up", (health->up >> i & 1) != 0);
        json_array_append_new(all, o);
    }
    return all;
}

/* Bits beyond its addresses mean nothing. */
static bool is_any_up(const struct conf_target *target, const struct steer_health *health)
{
    size_t n = conf_n_verdicts(target);
    uint32_t all = n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;

    return (health->up & all) != 0;
}

static json_t *probes_json(const char *target, const struct health_status *health, size_t n_health)
{
    json_t *all = json_array();

    for (size_t i = 0; i < n_health; i++)
        if (strcmp(health[i].target, target) == 0)
            json_array_append_new(all, health_status_json(&health[i]));
    return all;
}

json_t *target_json(const struct world *world, int index, const struct health_status *health,
                    size_t n_health)
{
    const struct conf *conf = world->base->conf;
    const struct conf_target *target = &conf->targets[index];
    const struct steer_health *believed = steer_inputs_health(world->inputs, index);
    json_t *o = json_object();

    put_text(o, "name", target->name);
    put_text(o, "kind", target->kind == CONF_POP ? "pop" : "provider");
    put_text(o, "file", target->where.file);
    put_int(o, "line", target->where.line);
    put_text(o, "cname", target->cname);
    put(o, "addresses", addresses_json(target, believed));
    put_bool(o, "is_up", is_any_up(target, believed));
    put_int(o, "weight", target->weight);
    put_int(o, "bias", target->bias);
    if (target->has_place) {
        put_real(o, "latitude", target->latitude);
        put_real(o, "longitude", target->longitude);
    }
    put(o, "horizon_s",
        believed->horizon_s == STEER_STEADY ? json_null() : json_integer(believed->horizon_s));
    put_text(o, "check", target->check == CONF_NONE ? NULL : conf->checks[target->check].name);
    put(o, "probes", probes_json(target->name, health, n_health));
    return o;
}
