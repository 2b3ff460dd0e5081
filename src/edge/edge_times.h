/* edge_times.h - counting times for edge.h's histograms.
 *
 * Threads: one writer; readers copy with relaxed atomics. */
#pragma once

#include <waymark/edge.h>

void edge_times_add(struct edge_times *times, uint64_t us);
