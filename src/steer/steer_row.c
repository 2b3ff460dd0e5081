/* steer_row.c - the dynamic stages: who is healthy, with what odds, how many. Pure. */
#include "steer_table.h"

#include <assert.h>

struct work {
    const struct steer_plan *plan;
    const struct steer_placed *sites;
    size_t n_sites;
    const struct steer_sight *sights;
    struct steer_row_draft *out;
    struct steer_trace *trace;
    bool ignores_verdicts;
};

static void tell(struct work *w, int stage, enum steer_event_kind kind, unsigned site,
                 unsigned tier, double odds, const char *reason)
{
    steer_trace_add(w->trace,
                    &(struct steer_event){ .stage = stage,
                                           .target = w->plan->policy.sites[site].target,
                                           .kind = kind,
                                           .tier = (int)tier,
                                           .km = -1,
                                           .odds = odds,
                                           .reason = reason });
}

/* What this row depends on: if a target may flip soon, the answer must not outlive that. */
static bool is_up(struct work *w, unsigned site)
{
    const struct steer_sight *s = &w->sights[site];

    if (w->plan->policy.healthy < 0)
        return true;
    if (s->horizon_s < w->out->row.horizon_s)
        w->out->row.horizon_s = s->horizon_s;
    return w->ignores_verdicts || s->is_up;
}

static uint32_t weight_of(const struct work *w, unsigned site)
{
    const struct steer_policy *p = &w->plan->policy;

    return p->draw < 0 ? 0 : (uint32_t)p->conf->targets[p->sites[site].target].weight;
}

static void add(struct work *w, unsigned site, unsigned tier)
{
    w->out->entries[w->out->row.n++] = (struct steer_entry){
        .site = (uint16_t)site, .tier = (uint16_t)tier, .weight = weight_of(w, site)
    };
}

/* Adds the tier's members that are up and whose weight is zero, or is not. */
static void add_members(struct work *w, size_t from, size_t to, bool is_zero, unsigned tier)
{
    for (size_t i = from; i < to; i++) {
        unsigned site = w->sites[i].site;
        if (is_up(w, site) && (weight_of(w, site) == 0) == is_zero)
            add(w, site, tier);
    }
}

/* Weight 0 serves when no other of its tier does: it makes a tier behind them. */
static void add_tier(struct work *w, size_t from, size_t to)
{
    struct steer_row *row = &w->out->row;
    unsigned tier = row->n == 0 ? 0 : w->out->entries[row->n - 1].tier + 1u;
    unsigned before = row->n;

    if (w->plan->policy.draw >= 0) {
        add_members(w, from, to, false, tier);
        tier += row->n > before;
    }
    if (row->n < (unsigned)w->plan->policy.take || row->n == before)
        add_members(w, from, to, true, tier);
}

/* Tiers until there are `take` candidates; ties complete. */
static void add_tiers(struct work *w)
{
    size_t from = 0;

    w->out->row.n = 0;
    while (from < w->n_sites && w->out->row.n < (unsigned)w->plan->policy.take) {
        size_t to = from + 1;
        while (to < w->n_sites && w->sites[to].tier == w->sites[from].tier)
            to++;
        add_tier(w, from, to);
        from = to;
    }
    if (from > w->out->row.n_seen)
        w->out->row.n_seen = (uint16_t)from;
}

static size_t tier_end(const struct steer_row_draft *d, size_t from)
{
    size_t to = from;

    while (to < d->row.n && d->entries[to].tier == d->entries[from].tier)
        to++;
    return to;
}

/* Zeros are only ever together: their odds are equal. */
static void raise_zeros(struct work *w)
{
    struct steer_row_draft *d = w->out;

    for (size_t i = 0; w->plan->policy.draw >= 0 && i < d->row.n; i++)
        d->entries[i].weight += d->entries[i].weight == 0;
}

/* Without weights a tier is taken in order, and its bounds mean nothing. */
static void set_bounds(struct steer_entry *entries, size_t n)
{
    uint64_t total = 0, sum = 0;

    for (size_t i = 0; i < n; i++)
        total += entries[i].weight;
    for (size_t i = 0; total > 0 && i < n; i++) {
        sum += entries[i].weight;
        uint64_t bound = (sum << 32) / total;
        entries[i].bound = bound > UINT32_MAX ? UINT32_MAX : (uint32_t)bound;
    }
}

static void finish(struct work *w)
{
    struct steer_row_draft *d = w->out;

    for (size_t from = 0, to; from < d->row.n; from = to) {
        to = tier_end(d, from);
        if (from == 0)
            d->row.n_first = (uint16_t)to;
        set_bounds(d->entries + from, to - from);
        d->row.is_drawn |= to - from > 1 && d->entries[from].weight > 0;
    }
}

/* ---- floor ---- */

enum { MILLION = 1000000, FLOOR_TOTAL = 1 << 24 }; /* what shares are scaled to */

static uint32_t floor_of(const struct work *w, const struct steer_entry *e)
{
    return w->plan->policy.sites[e->site].floor_ppm;
}

/* Where nothing is drawn the first alone would be given: it gets a tier of its own, to share. */
static void set_first_apart(struct steer_row_draft *d)
{
    d->entries[0].weight = 1;
    for (size_t i = 1; i < d->row.n; i++)
        d->entries[i].tier++;
}

/* The site joins the first tier, without a weight, unless it is there. */
static void bring_first(struct steer_row_draft *d, unsigned site)
{
    size_t at = 0, n_first = tier_end(d, 0);

    while (at < d->row.n && d->entries[at].site != site)
        at++;
    if (at < n_first)
        return;
    d->row.n += at == d->row.n;
    for (; at > n_first; at--)
        d->entries[at] = d->entries[at - 1];
    d->entries[n_first] =
        (struct steer_entry){ .site = (uint16_t)site, .tier = d->entries[0].tier };
}

/* Who gets less than its floor gets just that, from what the others have; which may put another below
 * its own. Standbys keep at most nine tenths together, so somebody always stays above. */
static uint32_t find_floored(const struct work *w, size_t n_first, bool floored[],
                             uint64_t *free_weight)
{
    const struct steer_row_draft *d = w->out;
    uint32_t free_ppm = MILLION;
    bool is_new = true;

    *free_weight = 0;
    for (size_t i = 0; i < n_first; i++) {
        *free_weight += d->entries[i].weight;
        floored[i] = false;
    }
    while (is_new) {
        is_new = false;
        for (size_t i = 0; i < n_first; i++) {
            const struct steer_entry *e = &d->entries[i];
            if (floored[i] || (uint64_t)e->weight * free_ppm >= floor_of(w, e) * *free_weight)
                continue;
            floored[i] = is_new = true;
            free_ppm -= floor_of(w, e);
            *free_weight -= e->weight;
        }
    }
    return free_ppm;
}

static void share_out(struct work *w)
{
    struct steer_row_draft *d = w->out;
    size_t n_first = tier_end(d, 0);
    bool floored[STEER_SITES_MAX];
    uint64_t free_weight;
    uint32_t free_ppm = find_floored(w, n_first, floored, &free_weight);

    assert(free_weight > 0);
    for (size_t i = 0; i < n_first; i++) {
        struct steer_entry *e = &d->entries[i];
        uint64_t ppm = floored[i] ? floor_of(w, e) : free_ppm;
        uint64_t weight = floored[i] ? ppm * FLOOR_TOTAL / MILLION
                                     : e->weight * ppm * FLOOR_TOTAL / free_weight / MILLION;
        e->weight = weight > 0 ? (uint32_t)weight : 1;
    }
}

static void apply_floor(struct work *w)
{
    const struct steer_policy *p = &w->plan->policy;

    if (p->floor < 0 || w->out->row.n == 0)
        return;
    if (p->draw < 0)
        set_first_apart(w->out);
    for (size_t i = 0; i < w->n_sites; i++) {
        unsigned site = w->sites[i].site;
        if (p->sites[site].floor_ppm > 0 && is_up(w, site))
            bring_first(w->out, site);
    }
    share_out(w);
}

/* ---- the trace ---- */

static void tell_healthy(struct work *w)
{
    int stage = w->plan->policy.healthy;

    for (size_t i = 0; stage >= 0 && i < w->n_sites; i++) {
        unsigned site = w->sites[i].site;
        if (is_up(w, site))
            tell(w, stage, STEER_PLACED, site, w->sites[i].tier, -1,
                 w->out->row.is_open ? "nothing else is left: verdicts are ignored" : "up");
        else
            tell(w, stage, STEER_DROPPED, site, w->sites[i].tier, -1, "down");
    }
}

static void tell_odds(struct work *w, int stage)
{
    const struct steer_row_draft *d = w->out;

    for (size_t from = 0; stage >= 0 && from < d->row.n; from = tier_end(d, from)) {
        double total = 0;
        for (size_t i = from; i < tier_end(d, from); i++)
            total += d->entries[i].weight;
        for (size_t i = from; total > 0 && i < tier_end(d, from); i++)
            tell(w, stage, STEER_PLACED, d->entries[i].site, d->entries[i].tier,
                 d->entries[i].weight / total,
                 stage == w->plan->policy.floor && floor_of(w, &d->entries[i]) > 0
                     ? "a standby that keeps a share"
                     : "");
    }
}

void steer_row_fill(const struct steer_plan *plan, const struct steer_placed *sites, size_t n,
                    const struct steer_sight *sights, struct steer_row_draft *out,
                    struct steer_trace *trace)
{
    struct work w = {
        .plan = plan, .sites = sites, .n_sites = n, .sights = sights, .out = out, .trace = trace
    };

    out->row = (struct steer_row){ .horizon_s = STEER_STEADY };
    add_tiers(&w);
    if (out->row.n == 0 && n > 0) {
        w.ignores_verdicts = true;
        add_tiers(&w);
        out->row.is_open = true;
    }
    raise_zeros(&w);
    if (trace != NULL) {
        uint32_t horizon_s = out->row.horizon_s; /* the trace looks at more targets than the row */
        tell_healthy(&w);
        tell_odds(&w, plan->policy.draw);
        out->row.horizon_s = horizon_s;
    }
    apply_floor(&w);
    if (trace != NULL)
        tell_odds(&w, plan->policy.floor);
    finish(&w);
}

void steer_sights_fill(const struct steer_plan *plan, unsigned group,
                       const struct steer_inputs *inputs, struct steer_sight *out)
{
    const struct steer_policy *p = &plan->policy;
    uint16_t type = steer_group_type(p, group);

    for (size_t i = 0; i < p->n_sites; i++) {
        int target = p->sites[i].target;
        const struct steer_health *h = steer_inputs_health(inputs, target);
        out[i].horizon_s = h->horizon_s;
        out[i].is_up = steer_is_up(&p->conf->targets[target], h, type);
    }
}

void steer_row_build(const struct steer_plan *plan, const struct steer_placed *sites, size_t n,
                     unsigned group, const struct steer_inputs *inputs,
                     struct steer_row_draft *out, struct steer_trace *trace)
{
    struct steer_sight sights[STEER_SITES_MAX];

    steer_sights_fill(plan, group, inputs, sights);
    steer_row_fill(plan, sites, n, sights, out, trace);
}
