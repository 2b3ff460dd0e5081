/* steer_usual.c - the choice that is one table's row and nothing else: no draw, no list, no verdict ignored.
 * Nearly all answers of a service without weights are such. What the general choice finds out on its way
 * from service to plan to view stands here in one route for each service; clients with IPv6 addresses are
 * looked up together, since each waits for memory several times. Answer path: no allocation, no lock.
 * Pure. */
#include <assert.h>

#include "steer_choose.h"
#include "steer_inputs.h"

void steer_route_init(struct steer_route *route, const struct conf_service *service,
                      const struct steer_plan *plan, uint32_t number)
{
    *route = (struct steer_route){ .geo = plan->view->geo,
                                   .classes = plan->view->classes,
                                   .plan = number,
                                   .ttl_s = (uint32_t)service->ttl_s,
                                   .n_groups = (uint8_t)plan->policy.n_groups,
                                   .aaaa_group = plan->policy.n_groups > 1,
                                   .is_sticky = plan->policy.is_sticky,
                                   .is_blind = plan->policy.healthy < 0,
                                   .is_sole = plan->policy.take == 1 && service->addresses == 0 };
}

/* What a choice is made with. */
struct from {
    const struct steer_plans *plans;
    const struct steer_table *const *tables;
    const struct steer_inputs *inputs;
};

static inline const struct addr *client_of(const struct steer_asked *asked)
{
    return asked->subnet->family != 0 ? asked->subnet : asked->resolver;
}

/* Sets the scope and returns the class that has the say: as steer_stand. */
static inline uint32_t settle(const struct steer_route *route, struct steer_asked *asked,
                              struct geo_cell cell)
{
    uint8_t family = asked->subnet->family;

    asked->scope_bits = 0;
    if (family == 0)
        return cell.class;
    asked->scope_bits = cell.bits;
    if (route->classes[cell.class].is_special)
        return geo_view_find(route->geo, asked->resolver).class;
    if (route->is_sticky) {
        uint8_t least = family == 4 ? STEER_SHARED_BITS4 : STEER_SHARED_BITS6;
        asked->scope_bits = cell.bits > least ? cell.bits : least;
    }
    return cell.class;
}

__attribute__((always_inline)) static inline void
choose(const struct from *f, const struct steer_route *route, struct steer_asked *asked,
       struct geo_cell cell)
{
    uint32_t class = settle(route, asked, cell);
    size_t group = route->aaaa_group & (asked->type == WIRE_AAAA);
    const struct steer_row *row =
        &f->tables[route->plan]->rows[(size_t)class * route->n_groups + group];

    asked->set = NULL;
    if (!route->is_sole || !row->is_sole)
        return;
    uint32_t ttl_s = row->horizon_s < route->ttl_s ? row->horizon_s : route->ttl_s;
    asked->site = row->site;
    asked->ttl_s = ttl_s + (ttl_s == 0);
    asked->set = steer_records_at(f->inputs, row->target, asked->type, route->is_blind);
}

static inline const struct steer_route *route_of(const struct from *f,
                                                 const struct steer_asked *asked)
{
    return &f->plans->routes[asked->service];
}

/* For those of `which`, a bit for each: the clients of one view are looked up together. */
static void choose_ipv6(const struct from *f, struct steer_asked asked[], uint32_t which)
{
    const struct addr *who[STEER_ASKED_MAX];
    struct geo_cell cells[STEER_ASKED_MAX];
    uint8_t at[STEER_ASKED_MAX];

    while (which != 0) {
        const struct geo_view *view = route_of(f, &asked[__builtin_ctz(which)])->geo;
        size_t n = 0;
        for (uint32_t rest = which; rest != 0; rest &= rest - 1) {
            unsigned i = (unsigned)__builtin_ctz(rest);
            if (route_of(f, &asked[i])->geo != view)
                continue;
            who[n] = client_of(&asked[i]);
            at[n++] = (uint8_t)i;
            which &= ~(1u << i);
        }
        geo_view_find6(view, who, cells, n);
        for (size_t i = 0; i < n; i++)
            choose(f, route_of(f, &asked[at[i]]), &asked[at[i]], cells[i]);
    }
}

void steer_choose_usual(const struct steer_plans *plans, const struct steer_table *const tables[],
                        const struct steer_inputs *inputs, struct steer_asked asked[], size_t n)
{
    const struct from from = { plans, tables, inputs };
    uint32_t late = 0;

    assert(n <= STEER_ASKED_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct steer_route *route = route_of(&from, &asked[i]);
        const struct addr *who = client_of(&asked[i]);
        struct geo_cell cell = { 0, 0 }; /* everywhere */
        if (route->geo != NULL && who->family == 6) {
            late |= 1u << i;
            continue;
        }
        if (route->geo != NULL)
            cell = geo_view_find(route->geo, who);
        choose(&from, route, &asked[i], cell);
    }
    if (late != 0)
        choose_ipv6(&from, asked, late);
}
