/* track.h - rise and fall: from single results to a verdict.
 *
 * Pure; whoever owns the struct serialises. Times are wall clock milliseconds and only kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/health.h>

#define TRACK_STEADY UINT32_MAX /* a horizon: nothing is about to change */

struct track_rule {
    int fall;    /* failures until it is down */
    int rise;    /* successes in a row until it is up */
    int every_s; /* from probe to probe */
};

struct track {
    struct track_rule rule;
    enum health_verdict verdict;
    int contrary; /* results counted against the verdict */
    int in_row;   /* successes in a row that may clear them */
    int64_t since_ms;
};

void track_init(struct track *track, const struct track_rule *rule);

/* As if the first result had been this verdict, at that time. */
void track_restore(struct track *track, bool is_up, int64_t since_ms);

/* One result. The first sets the verdict. Afterwards `fall` failures make it down, and single
 * successes between them do not help: only `rise` in a row wipe the count. A target that is down
 * comes back after `rise` successes in a row. */
enum health_verdict track_feed(struct track *track, bool is_up, int64_t now_ms);

/* Seconds before which the verdict cannot flip, judged by its last results. */
uint32_t track_horizon_s(const struct track *track);
