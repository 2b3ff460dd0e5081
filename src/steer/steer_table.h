/* steer_table.h - a plan under one snapshot of inputs: class -> row.
 *
 * A row lists the candidates that may be given, best tier first, as many tiers as `take` needs. In a
 * tier that is drawn each entry has a bound: the draw x of 32 bits picks the first entry with
 * x < bound, the last one otherwise. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/steer.h>

#include "steer_plans.h"

struct steer_entry {
    uint16_t site, tier;
    uint32_t weight; /* in its tier's draw */
    uint32_t bound;
};

struct steer_row {
    uint32_t first;  /* in entries */
    uint16_t n;
    uint16_t n_first; /* of them in the first tier */
    uint32_t horizon_s;
    uint16_t n_seen; /* of the class's sites: no verdict of those behind had a say */
    bool is_open;
    bool is_drawn; /* chance has a say */
    bool is_sole;  /* all else is said by the next two: the first entry's */
    uint16_t site;
    int target;
};

/* One piece of memory: the rows, then the entries. */
struct steer_table {
    atomic_uint refs;
    size_t n_rows, n_entries;
    size_t n_open[STEER_GROUPS], n_empty;
    struct steer_entry *entries;
    struct steer_row rows[]; /* by class, then group */
};

/* All that a row sees of the inputs, by site. */
struct steer_sight {
    uint32_t horizon_s;
    bool is_up;
};

void steer_sights_fill(const struct steer_plan *plan, unsigned group,
                       const struct steer_inputs *inputs, struct steer_sight *out);

/* Candidates under construction, enough for every site. */
struct steer_row_draft {
    struct steer_row row;
    struct steer_entry entries[STEER_SITES_MAX];
};

/* One row, by the rules that compile all of them; a trace is told why. */
void steer_row_build(const struct steer_plan *plan, const struct steer_placed *sites, size_t n,
                     unsigned group, const struct steer_inputs *inputs,
                     struct steer_row_draft *out, struct steer_trace *trace);

/* The same for who builds many: `sights` are of the plan and the row's group. */
void steer_row_fill(const struct steer_plan *plan, const struct steer_placed *sites, size_t n,
                    const struct steer_sight *sights, struct steer_row_draft *out,
                    struct steer_trace *trace);
