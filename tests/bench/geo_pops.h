/* geo_pops.h - what the benches of geography look at: a view for PoPs around the world, and
 * addresses to be found in it. */
#pragma once

#include <waymark/geo.h>
#include <waymark/rng.h>

enum { POPS = 16 };

/* Orders of the nearest PoPs that occur, numbered as they come: classes. */
struct orders {
    int depth;
    double at[POPS][3];
    uint32_t n;
    uint32_t class_of[POPS * POPS * POPS * POPS];
};

/* Of the nearest `depth`, at most 4. NULL: out of memory; free(3) it. */
struct orders *orders_new(int depth);
uint32_t orders_classify(void *orders, const struct geo_place *place, int prefix);

void random_ipv4(struct addr *list, size_t n, struct rng *rng); /* public */

/* Random addresses in at most n of the view's networks below 2000::/3, each with the same chance.
 * Returns how many such networks there are: if it is less, so is the list. */
size_t random_ipv6(const struct geo_view *view, struct addr *list, size_t n, struct rng *rng);
