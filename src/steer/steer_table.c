/* steer_table.c - compiles a plan's rows for every class, or only those that a verdict concerns.
 * Writer side; readers only look. */
#include "steer_table.h"

#include <stdlib.h>
#include <string.h>

/* A table under construction. */
struct work {
    const struct steer_plan *plan;
    struct steer_table *table; /* `rows` up to `done` are there */
    size_t n_rows, done;
    struct steer_sight sights[STEER_GROUPS][STEER_SITES_MAX];
    struct steer_row_draft draft;
};

/* What steer_table_update compares. */
struct news {
    struct steer_table *former;
    bool is_new[STEER_GROUPS][STEER_SITES_MAX]; /* the row would see another sight of the site */
    uint64_t sieve[STEER_GROUPS];               /* of those sites, see steer_view */
};

static unsigned group_of(const struct work *w, size_t row)
{
    return w->plan->policy.n_groups == 1 ? 0 : row % STEER_GROUPS;
}

static size_t class_of(const struct work *w, size_t row)
{
    return w->plan->policy.n_groups == 1 ? row : row / STEER_GROUPS;
}

static const struct steer_placed *placed_of(const struct work *w, size_t row, size_t *n)
{
    const struct steer_class *class = &w->plan->view->classes[class_of(w, row)];
    unsigned group = group_of(w, row);

    *n = class->n[group];
    return w->plan->view->sites + class->at[group];
}

static void set_plan(struct work *w, const struct steer_plan *plan,
                     const struct steer_inputs *inputs)
{
    w->plan = plan;
    w->table = NULL;
    w->n_rows = plan->view->n_classes * plan->policy.n_groups;
    w->done = 0;
    for (unsigned g = 0; g < plan->policy.n_groups; g++)
        steer_sights_fill(plan, g, inputs, w->sights[g]);
}

static size_t table_size(size_t n_rows, size_t n_entries)
{
    return sizeof(struct steer_table) + n_rows * sizeof(struct steer_row) +
           n_entries * sizeof(struct steer_entry);
}

static bool table_new(struct work *w, size_t max_entries)
{
    struct steer_table *t = malloc(table_size(w->n_rows, max_entries));

    w->table = t;
    if (t == NULL)
        return false;
    *t = (struct steer_table){ .refs = 1, .n_rows = w->n_rows };
    t->entries = (struct steer_entry *)(t->rows + t->n_rows);
    return true;
}

/* Without the room that was not needed. */
static struct steer_table *table_done(struct work *w)
{
    size_t size = table_size(w->n_rows, w->table->n_entries);
    struct steer_table *t = realloc(w->table, size);

    if (t == NULL)
        return w->table;
    t->entries = (struct steer_entry *)(t->rows + t->n_rows);
    return t;
}

/* Counts the row, or with -1 forgets it. */
static void count(struct steer_table *t, unsigned group, const struct steer_row *row, int sign)
{
    t->n_open[group] += (size_t)(row->is_open * sign);
    t->n_empty += (size_t)((row->n == 0) * sign);
}

static void note_sole(struct steer_row_draft *d, const struct steer_policy *policy)
{
    d->row.is_sole = d->row.n > 0 && !d->row.is_open && !d->row.is_drawn;
    if (!d->row.is_sole)
        return;
    d->row.site = d->entries[0].site;
    d->row.target = policy->sites[d->row.site].target;
}

/* The next row is compiled. */
static void row_add(struct work *w)
{
    struct steer_table *t = w->table;
    unsigned group = group_of(w, w->done);
    size_t n;
    const struct steer_placed *placed = placed_of(w, w->done, &n);

    steer_row_fill(w->plan, placed, n, w->sights[group], &w->draft, NULL);
    note_sole(&w->draft, &w->plan->policy);
    w->draft.row.first = (uint32_t)t->n_entries;
    memcpy(t->entries + t->n_entries, w->draft.entries,
           w->draft.row.n * sizeof *w->draft.entries);
    t->n_entries += w->draft.row.n;
    t->rows[w->done++] = w->draft.row;
    count(t, group, &w->draft.row, 1);
}

static size_t most_entries(const struct work *w, size_t row)
{
    size_t n;

    placed_of(w, row, &n);
    return n;
}

struct steer_table *steer_table_compile(const struct steer_plans *plans, size_t plan,
                                        const struct steer_inputs *inputs)
{
    struct work w;
    size_t max_entries = 0;

    set_plan(&w, &plans->plans[plan], inputs);
    for (size_t i = 0; i < w.n_rows; i++)
        max_entries += most_entries(&w, i);
    if (!table_new(&w, max_entries))
        return NULL;
    while (w.done < w.n_rows)
        row_add(&w);
    return table_done(&w);
}

/* ---- after a verdict ---- */

/* Are there any? */
static bool find_news(const struct work *w, const struct steer_inputs *was, struct news *news)
{
    const struct steer_policy *p = &w->plan->policy;
    struct steer_sight old[STEER_SITES_MAX];

    for (unsigned g = 0; p->healthy >= 0 && g < p->n_groups; g++) {
        steer_sights_fill(w->plan, g, was, old);
        for (unsigned i = 0; i < p->n_sites; i++) {
            const struct steer_sight *is = &w->sights[g][i];
            news->is_new[g][i] = is->is_up != old[i].is_up || is->horizon_s != old[i].horizon_s;
            news->sieve[g] |= news->is_new[g][i] ? steer_sieve(i) : 0;
        }
    }
    return (news->sieve[STEER_FOR_A] | news->sieve[STEER_FOR_AAAA]) != 0;
}

/* A standby's verdict has a say wherever it stands. */
static bool is_concerned(const struct work *w, const struct news *news, size_t row)
{
    const struct steer_policy *p = &w->plan->policy;
    const bool *is_new = news->is_new[group_of(w, row)];
    size_t n, n_seen = news->former->rows[row].n_seen;

    if ((w->plan->view->sieve[row] & news->sieve[group_of(w, row)]) == 0)
        return false;
    const struct steer_placed *placed = placed_of(w, row, &n);
    for (size_t i = 0; i < (p->floor < 0 ? n_seen : n); i++)
        if (is_new[placed[i].site] && (i < n_seen || p->sites[placed[i].site].floor_ppm > 0))
            return true;
    return false;
}

/* The former rows up to that one, with their entries in one go. */
static void copy_rows(struct work *w, const struct steer_table *former, size_t end)
{
    struct steer_table *t = w->table;

    if (w->done == end)
        return;
    size_t from = former->rows[w->done].first;
    size_t to = end < former->n_rows ? former->rows[end].first : former->n_entries;
    uint32_t shift = (uint32_t)(t->n_entries - from);
    memcpy(t->entries + t->n_entries, former->entries + from, (to - from) * sizeof *t->entries);
    t->n_entries += to - from;
    for (; w->done < end; w->done++) {
        t->rows[w->done] = former->rows[w->done];
        t->rows[w->done].first += shift;
    }
}

/* Room for whatever the rows that pass the sieve may come to. */
static size_t most_after(const struct work *w, const struct news *news)
{
    size_t most = news->former->n_entries;

    for (size_t i = 0; i < w->n_rows; i++)
        if ((w->plan->view->sieve[i] & news->sieve[group_of(w, i)]) != 0)
            most += most_entries(w, i);
    return most;
}

static struct steer_table *update(struct work *w, const struct news *news)
{
    const struct steer_table *former = news->former;

    if (!table_new(w, most_after(w, news)))
        return NULL;
    memcpy(w->table->n_open, former->n_open, sizeof former->n_open);
    w->table->n_empty = former->n_empty;
    for (size_t i = 0; i < w->n_rows; i++) {
        if (!is_concerned(w, news, i))
            continue;
        copy_rows(w, former, i);
        count(w->table, group_of(w, i), &former->rows[i], -1);
        row_add(w);
    }
    if (w->done == 0) {
        free(w->table);
        return steer_table_ref(news->former);
    }
    copy_rows(w, former, w->n_rows);
    return table_done(w);
}

struct steer_table *steer_table_update(const struct steer_plans *plans, size_t plan,
                                       const struct steer_inputs *inputs,
                                       struct steer_table *former, const struct steer_inputs *was)
{
    struct news news = { .former = former, .sieve = { 0 } };
    struct work w;

    set_plan(&w, &plans->plans[plan], inputs);
    return find_news(&w, was, &news) ? update(&w, &news) : steer_table_ref(former);
}

/* ---- its life, and figures ---- */

struct steer_table *steer_table_ref(struct steer_table *table)
{
    atomic_fetch_add(&table->refs, 1);
    return table;
}

void steer_table_unref(struct steer_table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->refs, 1) != 1)
        return;
    free(table);
}

size_t steer_table_bytes(const struct steer_table *table)
{
    return table_size(table->n_rows, table->n_entries);
}

size_t steer_table_open_rows(const struct steer_table *table)
{
    return table->n_open[STEER_FOR_A] + table->n_open[STEER_FOR_AAAA];
}

uint16_t steer_table_open_type(const struct steer_plans *plans, size_t plan,
                               const struct steer_table *table)
{
    const struct steer_policy *policy = &plans->plans[plan].policy;

    for (unsigned g = 0; g < policy->n_groups; g++)
        if (table->n_open[g] > 0 && table->n_open[g] == steer_table_open_rows(table))
            return steer_group_type(policy, g);
    return WIRE_ANY;
}

size_t steer_table_empty_rows(const struct steer_table *table)
{
    return table->n_empty;
}
