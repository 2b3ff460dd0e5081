/* steer_near.h - which sites can be among the nearest of a place, before distances are taken.
 *
 * Threads: the writer, while it builds a view.
 * Owner:   the view's builder; it stands for a policy and holds no memory of its own. */
#pragma once

#include "steer_policy.h"

/* The sites on the unit sphere, in arrays for a loop without branches. */
struct steer_near {
    size_t n, depth; /* depth 0: nobody can be left out */
    double reach;    /* by which a square may be over that of the last one kept */
    double x[STEER_GROUPS][STEER_SITES_MAX]; /* INFINITY: no place, or no record for the group */
    double y[STEER_SITES_MAX], z[STEER_SITES_MAX];
    double scale[STEER_SITES_MAX]; /* from the square of a chord to that of half of it, stretched */
};

void steer_near_init(struct steer_near *near, const struct steer_policy *policy);

/* For steer_order_build. Whoever is not among `out` is neither among the first `depth` nor ties
 * with the last of them. false: it cannot be said. */
bool steer_near_pick(const struct steer_near *near, unsigned group, const struct steer_spot *spot,
                     struct steer_few *out);
