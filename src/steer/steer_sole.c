/* steer_sole.c - the choice that is one table's row and nothing else: no draw, no list, no verdict ignored.
 * Nearly all answers of a service without weights are such. What the general choice finds out on its way
 * from service to plan to view stands here in one route for each service. Answer path: no allocation, no
 * lock. Pure. */
#include "steer_choose.h"
#include "steer_inputs.h"

void steer_route_init(struct steer_route *route, const struct conf_service *service,
                      const struct steer_plan *plan, uint32_t number)
{
    bool is_sticky = plan->policy.is_sticky;

    *route = (struct steer_route){ .geo = plan->view->geo,
                                   .classes = plan->view->classes,
                                   .plan = number,
                                   .ttl_s = (uint32_t)service->ttl_s,
                                   .least_scope4 = is_sticky ? STEER_SHARED_BITS4 : 0,
                                   .least_scope6 = is_sticky ? STEER_SHARED_BITS6 : 0,
                                   .n_groups = (uint8_t)plan->policy.n_groups,
                                   .is_blind = plan->policy.healthy < 0,
                                   .is_sole = plan->policy.take == 1 && service->addresses == 0 };
}

/* As steer_stand, for the class and the scope alone. */
static inline uint32_t class_of(const struct steer_route *route, const struct addr *resolver,
                                const struct addr *subnet, uint8_t *scope)
{
    *scope = 0;
    if (route->geo == NULL)
        return 0;
    if (subnet->family != 0) {
        struct geo_cell cell = geo_view_find(route->geo, subnet);
        uint8_t least = subnet->family == 4 ? route->least_scope4 : route->least_scope6;
        *scope = cell.bits;
        if (!route->classes[cell.class].is_special) {
            *scope = cell.bits > least ? cell.bits : least;
            return cell.class;
        }
    }
    return geo_view_find(route->geo, resolver).class;
}

const struct wire_set *steer_choose_sole(const struct steer_plans *plans,
                                         const struct steer_table *const tables[],
                                         const struct steer_inputs *inputs, size_t service,
                                         uint16_t type, const struct addr *resolver,
                                         const struct addr *subnet, struct steer_sole *out)
{
    const struct steer_route *route = &plans->routes[service];

    if (!route->is_sole)
        return NULL;
    size_t i = class_of(route, resolver, subnet, &out->scope_bits);
    i = i * route->n_groups + (route->n_groups > 1 && type == WIRE_AAAA);
    const struct steer_row *row = &tables[route->plan]->rows[i];
    if (!row->is_sole)
        return NULL;
    out->site = row->site;
    out->ttl_s = row->horizon_s < route->ttl_s ? row->horizon_s : route->ttl_s;
    out->ttl_s += out->ttl_s == 0;
    return steer_records_at(inputs, row->target, type, route->is_blind);
}
