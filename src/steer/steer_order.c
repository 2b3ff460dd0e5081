/* steer_order.c - the static stages: each drops candidates or splits tiers, and says so to a trace.
 * They see the client's place and nothing that changes between reloads. Pure. */
#include "steer_policy.h"

#include <math.h>
#include <string.h>

#define EARTH_RADIUS_KM 6371.0088 /* mean radius, IUGG */

/* A stage at work. */
struct work {
    const struct steer_policy *policy;
    const struct steer_spot *spot;
    struct steer_order *order;
    struct steer_trace *trace;
    int stage;
    double *rank; /* by item; what `split` sorts a tier by */
};

static void tell(struct work *w, enum steer_event_kind kind, const struct steer_item *item,
                 const char *reason)
{
    steer_trace_add(w->trace,
                    &(struct steer_event){ .stage = w->stage,
                                           .target = w->policy->sites[item->site].target,
                                           .kind = kind,
                                           .tier = item->tier,
                                           .km = item->km,
                                           .odds = -1,
                                           .reason = reason });
}

/* Keeps the items that `keep` wants. */
typedef bool keep_cb(const struct work *w, const struct conf_stage *stage,
                     const struct steer_item *item);

static void drop_unless(struct work *w, const struct conf_stage *stage, keep_cb *keep,
                        const char *reason)
{
    struct steer_order *o = w->order;
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++) {
        if (keep(w, stage, &o->items[i]))
            o->items[n++] = o->items[i];
        else
            tell(w, STEER_DROPPED, &o->items[i], reason);
    }
    o->n = n;
}

/* A database has half a million places, and each is ordered once for every view. */
struct ranked {
    double rank;
    struct steer_item item;
};

static bool goes_before(const struct ranked *a, const struct ranked *b)
{
    return a->item.tier != b->item.tier ? a->item.tier < b->item.tier : a->rank < b->rank;
}

static void sort_few(struct ranked *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ranked one = list[i];
        size_t k = i;
        for (; k > 0 && goes_before(&one, &list[k - 1]); k--)
            list[k] = list[k - 1];
        list[k] = one;
    }
}

/* Of equals those of `a` come first. */
static void merge(const struct ranked *a, size_t n_a, const struct ranked *b, size_t n_b,
                  struct ranked *out)
{
    while (n_a > 0 && n_b > 0) {
        bool is_b = goes_before(b, a);
        *out++ = is_b ? *b : *a;
        a += !is_b;
        n_a -= !is_b;
        b += is_b;
        n_b -= is_b;
    }
    memcpy(out, n_a > 0 ? a : b, (n_a + n_b) * sizeof *out);
}

/* Stable: equals keep the order in which they were written. Returns the one of the two lists that
 * has the result. */
static const struct ranked *sort(struct ranked *list, struct ranked *spare, size_t n)
{
    enum { FEW = 8 };

    for (size_t i = 0; i < n; i += FEW)
        sort_few(list + i, n - i < FEW ? n - i : FEW);
    for (size_t run = FEW; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run) {
            size_t n_a = n - i < run ? n - i : run;
            size_t n_b = n - i - n_a < run ? n - i - n_a : run;
            merge(list + i, n_a, list + i + n_a, n_b, spare + i);
        }
        struct ranked *sorted = spare;
        spare = list;
        list = sorted;
    }
    return list;
}

/* Splits every tier by rank; ranks within `tie` of the first of their tier stay together. */
static void split(struct work *w, double tie)
{
    struct ranked list[STEER_SITES_MAX], spare[STEER_SITES_MAX];
    struct steer_order *o = w->order;
    unsigned tier = 0, former = 0;
    double first = 0;

    for (size_t i = 0; i < o->n; i++)
        list[i] = (struct ranked){ w->rank[i], o->items[i] };
    const struct ranked *sorted = sort(list, spare, o->n);
    for (size_t i = 0; i < o->n; i++) {
        const struct ranked *r = &sorted[i];
        bool is_new = i > 0 && (r->item.tier != former || r->rank > first * (1 + tie));
        former = r->item.tier;
        tier += is_new;
        if (i == 0 || is_new)
            first = r->rank;
        o->items[i] = r->item;
        o->items[i].tier = (uint16_t)tier;
    }
}

/* ---- fence ---- */

static bool is_served(const struct work *w, const struct conf_stage *stage,
                      const struct steer_item *item)
{
    const struct conf *conf = w->policy->conf;
    const struct conf_target *t = &conf->targets[w->policy->sites[item->site].target];

    return !t->has_serves || steer_match(conf, &t->serves, w->spot) > 0;
}

static void fence(struct work *w, const struct conf_stage *stage)
{
    if (stage->is_hard) {
        drop_unless(w, stage, is_served, "the client is outside what it serves");
        return;
    }
    for (size_t i = 0; i < w->order->n; i++)
        w->rank[i] = is_served(w, stage, &w->order->items[i]) ? 0 : 1;
    split(w, 0);
}

/* ---- region and priority ---- */

/* The tier that the order gives the target; those it does not name come last, together. Tiers of a
 * joined order stay below the most targets that a service can have. */
static double rank_in(const struct conf_order *order, int target)
{
    for (size_t i = 0; i < order->n; i++)
        if (order->targets[i] == target)
            return order->tiers[i];
    return CONF_SERVICE_TARGETS_MAX;
}

static void split_by(struct work *w, const struct conf_order *order)
{
    for (size_t i = 0; i < w->order->n; i++)
        w->rank[i] = rank_in(order, w->policy->sites[w->order->items[i].site].target);
    split(w, 0);
}

/* The most specific rule wins, of equals the first. NULL: none matches. */
static const struct conf_rule *rule_for(const struct work *w, const struct conf_stage *stage)
{
    const struct conf_rule *best = NULL;
    int best_score = 0;

    for (size_t i = 0; i < stage->n_rules; i++) {
        int score = steer_match(w->policy->conf, &stage->rules[i].match, w->spot);
        if (score > best_score) {
            best_score = score;
            best = &stage->rules[i];
        }
    }
    return best;
}

/* A rule that names its own fallback says of everybody else: never. */
static void drop_left_out(struct work *w, const struct conf_order *order)
{
    struct steer_order *o = w->order;
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++) {
        int target = w->policy->sites[o->items[i].site].target;
        if (rank_in(order, target) < CONF_SERVICE_TARGETS_MAX)
            o->items[n++] = o->items[i];
        else
            tell(w, STEER_DROPPED, &o->items[i], "neither a target of the rule nor its fallback");
    }
    o->n = n;
}

static void region(struct work *w, const struct conf_stage *stage)
{
    const struct conf_rule *rule = rule_for(w, stage);

    if (rule != NULL && rule->is_closed)
        drop_left_out(w, &rule->order);
    split_by(w, rule != NULL ? &rule->order : &stage->order);
}

static void priority(struct work *w, const struct conf_stage *stage)
{
    if (stage->order.n > 0) {
        split_by(w, &stage->order);
        return;
    }
    for (size_t i = 0; i < w->order->n; i++) /* as the service lists them */
        w->rank[i] = w->order->items[i].site;
    split(w, 0);
}

/* ---- within and nearest ---- */

static bool is_within(const struct work *w, const struct conf_stage *stage,
                      const struct steer_item *item)
{
    return item->km < 0 || item->km <= stage->km;
}

static void within(struct work *w, const struct conf_stage *stage)
{
    drop_unless(w, stage, is_within, "farther than `within` allows");
}

static void nearest(struct work *w, const struct conf_stage *stage)
{
    struct steer_order *o = w->order;

    if (!w->spot->place->has_point)
        return;
    for (size_t i = 0; i < o->n; i++) {
        float km = o->items[i].km;
        w->rank[i] = km < 0 ? INFINITY : km * w->policy->sites[o->items[i].site].stretch;
    }
    split(w, stage->tie_pct / 100);
}

/* ---- all of them ---- */

static void nothing_static(struct work *w, const struct conf_stage *stage)
{
}

static void (*const stages[])(struct work *w, const struct conf_stage *stage) = {
    [CONF_STAGE_HEALTHY] = nothing_static, [CONF_STAGE_FENCE] = fence,
    [CONF_STAGE_REGION] = region,          [CONF_STAGE_NEAREST] = nearest,
    [CONF_STAGE_WITHIN] = within,          [CONF_STAGE_PRIORITY] = priority,
    [CONF_STAGE_WEIGHTED] = nothing_static, [CONF_STAGE_STICKY] = nothing_static,
    [CONF_STAGE_FLOOR] = nothing_static,    [CONF_STAGE_TAKE] = nothing_static,
};

/* Great circle by the chord: exact for neighbours, where acos of a dot product is not. */
static float distance_km(const double a[3], const double b[3])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    double half_chord = sqrt(x * x + y * y + z * z) / 2;

    return (float)(2 * EARTH_RADIUS_KM * asin(half_chord < 1 ? half_chord : 1));
}

static void start(struct work *w, unsigned group, const struct steer_few *few)
{
    const struct steer_policy *p = w->policy;
    size_t n = few != NULL ? few->n : p->n_sites;

    w->order->n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t site = few != NULL ? few->sites[i] : i;
        bool knows = p->sites[site].has_place && w->spot->place->has_point;
        struct steer_item item = { .site = (uint16_t)site };
        item.km = knows ? distance_km(w->spot->unit, p->sites[site].unit) : -1;
        if (steer_fits_group(p, group, site))
            w->order->items[w->order->n++] = item;
        else
            tell(w, STEER_DROPPED, &item, "has no record of this type");
    }
}

/* The first `depth`, whoever ties with the last of them, and the standbys of `floor`. */
static void cut_at_depth(struct work *w)
{
    struct steer_order *o = w->order;
    size_t n = (size_t)w->policy->depth;

    if (n == 0 || o->n <= n)
        return;
    while (n < o->n && o->items[n].tier == o->items[n - 1].tier)
        n++;
    for (size_t i = n; i < o->n; i++)
        if (w->policy->sites[o->items[i].site].floor_ppm > 0)
            o->items[n++] = o->items[i];
        else
            tell(w, STEER_DROPPED, &o->items[i], "beyond the depth of `nearest`");
    o->n = n;
}

static void tell_all(struct work *w)
{
    for (size_t i = 0; w->trace != NULL && i < w->order->n; i++)
        tell(w, STEER_PLACED, &w->order->items[i], "");
}

void steer_order_build(const struct steer_policy *policy, unsigned group,
                       const struct steer_spot *spot, const struct steer_few *few,
                       struct steer_order *out, struct steer_trace *trace)
{
    double rank[STEER_SITES_MAX]; /* not to be zeroed for every place */
    struct work w = { .policy = policy,
                      .spot = spot,
                      .order = out,
                      .trace = trace,
                      .stage = -1,
                      .rank = rank };

    start(&w, group, few);
    for (w.stage = 0; w.stage < (int)policy->n_stages; w.stage++) {
        const struct conf_stage *stage = &policy->stages[w.stage];
        stages[stage->kind](&w, stage);
        if (stages[stage->kind] != nothing_static)
            tell_all(&w);
    }
    cut_at_depth(&w);
}
