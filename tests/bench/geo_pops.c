/* geo_pops.c - sixteen PoPs, who is near them, and addresses from everywhere. Pure. */
#include "geo_pops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pops[POPS][2] = {
    { 35.68, 139.69 },  { 51.51, -0.13 },   { 40.71, -74.01 }, { -33.87, 151.21 },
    { 48.86, 2.35 },    { -23.55, -46.63 }, { -26.20, 28.05 }, { 1.35, 103.82 },
    { 37.77, -122.42 }, { 50.11, 8.68 },    { 19.08, 72.88 },  { 25.20, 55.27 },
    { 41.88, -87.63 },  { 52.23, 21.01 },   { 22.32, 114.17 }, { 19.43, -99.13 },
};

/* On the unit sphere the nearest is the one with the largest scalar product. */
static void unit_vector(double latitude, double longitude, double out[3])
{
    double rad = M_PI / 180;

    out[0] = cos(latitude * rad) * cos(longitude * rad);
    out[1] = cos(latitude * rad) * sin(longitude * rad);
    out[2] = sin(latitude * rad);
}

struct orders *orders_new(int depth)
{
    struct orders *orders = calloc(1, sizeof *orders);

    if (orders == NULL)
        return NULL;
    orders->depth = depth;
    for (int i = 0; i < POPS; i++)
        unit_vector(pops[i][0], pops[i][1], orders->at[i]);
    return orders;
}

uint32_t orders_classify(void *ctx, const struct geo_place *place, int prefix)
{
    struct orders *o = ctx;
    double near[POPS], at[3];
    uint32_t order = 0;

    if (!place->has_point)
        return 0;
    unit_vector((double)place->latitude, (double)place->longitude, at);
    for (int i = 0; i < POPS; i++)
        near[i] = at[0] * o->at[i][0] + at[1] * o->at[i][1] + at[2] * o->at[i][2];
    for (int rank = 0; rank < o->depth; rank++) {
        int best = 0;
        for (int i = 1; i < POPS; i++)
            best = near[i] > near[best] ? i : best;
        near[best] = -INFINITY;
        order = order * POPS + (uint32_t)best;
    }
    if (o->class_of[order] == 0)
        o->class_of[order] = ++o->n;
    return o->class_of[order];
}

struct sample {
    struct addr *list;
    size_t n;
    struct rng *rng;
    size_t seen;
};

/* Every leaf below 2000::/3 has the same chance to be in the sample. */
static void sample_leaf(void *ctx, const struct prefix *network, uint32_t class)
{
    struct sample *s = ctx;

    if (network->addr.family != 6 || network->addr.octets[0] >> 5 != 1)
        return;
    size_t at = s->seen < s->n ? s->seen : rng_next(s->rng) % (s->seen + 1);
    s->seen++;
    if (at >= s->n)
        return;
    s->list[at] = network->addr;
    for (int i = network->bits / 8 + 1; i < 16; i++)
        s->list[at].octets[i] = (uint8_t)rng_next(s->rng);
}

void random_ipv4(struct addr *list, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n;) {
        uint64_t octets = rng_next(rng);
        uint8_t first = (uint8_t)octets;
        if (first == 0 || first == 10 || first == 127 || first >= 224)
            continue;
        list[i] = (struct addr){ .family = 4 };
        memcpy(list[i++].octets, &octets, 4);
    }
}

size_t random_ipv6(const struct geo_view *view, struct addr *list, size_t n, struct rng *rng)
{
    struct sample sample = { list, n, rng, 0 };

    geo_view_each(view, sample_leaf, &sample);
    return sample.seen;
}
