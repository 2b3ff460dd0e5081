/* steps.h - what happens to a request: receive, look up, fetch, deliver, finish.
 *
 * Each step is a small function in a table; it returns the next one, or waits for an event that
 * runs it again.
 *
 * Threads: the edge's. */
#pragma once

#include "session.h"

void steps_run(struct session *s); /* may free the session */
