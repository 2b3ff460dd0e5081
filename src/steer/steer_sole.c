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

/* As steer_stand. */
struct steer_where steer_where(const struct steer_plans *plans, size_t service,
                               const struct addr *resolver, const struct addr *subnet)
{
    const struct steer_route *route = &plans->routes[service];
    uint8_t least = subnet->family == 4   ? route->least_scope4
                    : subnet->family == 6 ? route->least_scope6
                                          : 0;
    uint8_t scope = 0;

    if (route->geo == NULL)
        return (struct steer_where){ 0, least };
    if (subnet->family != 0) {
        struct geo_cell cell = geo_view_find(route->geo, subnet);
        scope = cell.bits;
        if (!route->classes[cell.class].is_special)
            return (struct steer_where){ cell.class, scope > least ? scope : least };
    }
    return (struct steer_where){ geo_view_find(route->geo, resolver).class, scope };
}

struct steer_sole steer_sole(const struct steer_plans *plans,
                             const struct steer_table *const tables[],
                             const struct steer_inputs *inputs, size_t service, uint16_t type,
                             uint32_t class)
{
    const struct steer_route *route = &plans->routes[service];
    size_t group = route->n_groups > 1 && type == WIRE_AAAA;
    const struct steer_row *row =
        &tables[route->plan]->rows[(size_t)class * route->n_groups + group];

    if (!route->is_sole || !row->is_sole)
        return (struct steer_sole){ .set = NULL };
    uint32_t ttl_s = row->horizon_s < route->ttl_s ? row->horizon_s : route->ttl_s;
    return (struct steer_sole){ .set = steer_records_at(inputs, row->target, type, route->is_blind),
                                .ttl_s = ttl_s + (ttl_s == 0),
                                .site = row->site };
}
