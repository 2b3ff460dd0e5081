/* steer_inputs.h - how a snapshot of inputs lies in memory: each target's records, prepared twice.
 *
 * Threads: made by one, then read by any; it never changes. */
#pragma once

#include <waymark/steer.h>

struct arena;

enum steer_record_kind { STEER_RECORD_A, STEER_RECORD_AAAA, STEER_RECORD_CNAME, STEER_RECORD_KINDS };

/* Those that are up, and all; of type 0 where there are none. */
struct steer_records {
    struct wire_set live[STEER_RECORD_KINDS], all[STEER_RECORD_KINDS];
};

struct steer_inputs {
    struct arena *arena;
    struct steer_health *health;
    struct steer_records *records; /* by target */
};

static inline const struct wire_set *steer_records_at(const struct steer_inputs *inputs, int target,
                                                      uint16_t type, bool is_blind)
{
    const struct steer_records *r = &inputs->records[target];
    enum steer_record_kind kind = type == WIRE_A      ? STEER_RECORD_A
                                  : type == WIRE_AAAA ? STEER_RECORD_AAAA
                                                      : STEER_RECORD_CNAME;
    const struct wire_set *set = is_blind ? &r->all[kind] : &r->live[kind];

    return set->type == type ? set : NULL;
}
