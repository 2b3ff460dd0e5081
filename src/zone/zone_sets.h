/* zone_sets.h - each set of records by itself: no record twice, one TTL, no longer than a message.
 *
 * Threads: one owner. Source: RFC 2181 5. */
#pragma once

#include <stdbool.h>

#include "zone/zone_draft.h"
#include "zone/zone_findings.h"

/* After zone_draft_group. False: out of memory. */
bool zone_sets_settle(struct zone_draft *draft, struct zone_findings *findings);
