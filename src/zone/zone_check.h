/* zone_check.h - do these records make a zone?
 *
 * Threads: one owner. Source: RFC 1034 3.6 and 4.2, RFC 2181 5 and 10, RFC 4592 4, RFC 6672 2, RFC 9460. */
#pragma once

#include <stdbool.h>

#include "zone/zone_draft.h"
#include "zone/zone_findings.h"

/* Groups the draft, drops duplicates, settles the TTL of each set, sets the flags of the nodes, and
 * reports what is wrong. False: out of memory. */
bool zone_check(struct zone_draft *draft, const char *file, struct zone_findings *findings);

/* Warns when the serial of a checked draft is behind the one that was served (RFC 1982). */
void zone_check_serial(const struct zone_draft *draft, uint32_t former,
                       struct zone_findings *findings);
