/* steer_near.c - which sites can be among the nearest of a place, before distances are taken. Pure.
 *
 * A view orders all sites for each of half a million places and keeps a few: an arc sine for every
 * pair, and the sort behind it, would be nearly all of a view's time. But with x half the chord
 * between two points of the unit sphere, half their distance is asin(x), and from the arc sine's
 * series, which has no negative term,
 *
 *     x <= asin(x) <= x + x^3 / 6 + (pi / 2 - 7 / 6) x^5        for 0 <= x <= 1
 *
 * (what the series has from x^5 on is at most x^5 times what it has there at x = 1). The `depth`
 * sites with the least x, stretched by the bias, are all within the greatest of their upper bounds,
 * so the last one kept is no farther; who is beyond that bound and a tie by the lower one is left
 * out. Nothing here decides an order: distances are computed and sorted for the rest as for
 * everybody. All of it in squares, which take no root. */
#include "steer_near.h"

#include <math.h>

enum { LANES = 8 }; /* a compiler makes vectors of a loop whose length it knows */

/* Distances are kept as floats, which round by 6e-8, and the products here round by far less: who
 * is a millionth of the distance farther is picked, too. So is always who is a millimetre farther,
 * as the least of floats round by more. Both of squares, as all here is. */
#define ROUNDING (1.0 + 2e-6)
#define MILLIMETRE 1e-20

/* `nearest`, if it alone gives the order and its depth holds for all. */
static const struct conf_stage *sole_stage(const struct steer_policy *p)
{
    const struct conf_stage *sole = NULL;

    for (size_t i = 0; i < p->n_stages; i++) {
        if (!steer_is_static(&p->stages[i]))
            continue;
        if (p->stages[i].kind != CONF_STAGE_NEAREST)
            return NULL; /* a kind is there once */
        sole = &p->stages[i];
    }
    return p->floor < 0 ? sole : NULL;
}

static void put_site(struct steer_near *near, const struct steer_policy *p, size_t i)
{
    const struct steer_site *site = &p->sites[i];

    for (unsigned g = 0; g < p->n_groups; g++)
        if (site->has_place && steer_fits_group(p, g, i))
            near->x[g][i] = site->unit[0];
    near->y[i] = site->unit[1];
    near->z[i] = site->unit[2];
    near->scale[i] = site->stretch * site->stretch / 4;
}

void steer_near_init(struct steer_near *near, const struct steer_policy *policy)
{
    const struct conf_stage *stage = sole_stage(policy);

    *near = (struct steer_near){ .n = policy->n_sites };
    if (stage == NULL || policy->depth <= 0 || (size_t)policy->depth >= policy->n_sites)
        return;
    near->depth = (size_t)policy->depth;
    near->reach = pow(1 + stage->tie_pct / 100, 2) * ROUNDING;
    for (size_t i = 0; i < STEER_SITES_MAX; i++) {
        near->x[STEER_FOR_A][i] = near->x[STEER_FOR_AAAA][i] = INFINITY;
        near->scale[i] = 1;
    }
    for (size_t i = 0; i < near->n; i++)
        put_site(near, policy, i);
}

/* Squares of half the chords, stretched; of whole LANES, the rest far away. */
static void measure(const struct steer_near *near, unsigned group, const double client[static 3],
                    double square[restrict static STEER_SITES_MAX])
{
    for (size_t i = 0; i < near->n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            double x = near->x[group][i + k] - client[0];
            double y = near->y[i + k] - client[1], z = near->z[i + k] - client[2];
            square[i + k] = (x * x + y * y + z * z) * near->scale[i + k];
        }
    }
}

/* The sites with the `depth` least squares, ascending. */
static size_t find_first(const struct steer_near *near, const double *square, uint16_t *first)
{
    size_t n = 0;

    for (size_t i = 0; i < near->n; i++) {
        if (n == near->depth && !(square[i] < square[first[n - 1]]))
            continue;
        size_t k = n < near->depth ? n++ : n - 1;
        for (; k > 0 && square[i] < square[first[k - 1]]; k--)
            first[k] = first[k - 1];
        first[k] = (uint16_t)i;
    }
    return n;
}

/* The square of the upper bound for the stretched distance. */
static double bound(const struct steer_near *near, const double *square, size_t site)
{
    double half_chord2 = square[site] / (4 * near->scale[site]);
    double longer = 1 + half_chord2 * (1 / 6.0 + half_chord2 * (M_PI_2 - 7 / 6.0));

    return square[site] * longer * longer;
}

bool steer_near_pick(const struct steer_near *near, unsigned group, const struct steer_spot *spot,
                     struct steer_few *out)
{
    double square[STEER_SITES_MAX], most = 0;
    uint16_t first[STEER_SITES_MAX];

    if (near->depth == 0 || !spot->place->has_point)
        return false;
    measure(near, group, spot->unit, square);
    size_t n = find_first(near, square, first);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, bound(near, square, first[i]));
    most = most * near->reach + MILLIMETRE; /* INFINITY where fewer than `depth` have a place */
    out->n = 0;
    for (size_t i = 0; i < near->n; i++)
        if (!(square[i] > most))
            out->sites[out->n++] = (uint16_t)i;
    return true;
}
