/* world_alarm.h - says once when a service has nothing left, and once when that is over. */
#pragma once

#include "world_box.h"

/* Logs what differs between two published worlds; `was` may be NULL. A world that is not ready is
 * quiet: its targets count as up. */
void world_alarm(const struct world_hold *was, const struct world_hold *is);
