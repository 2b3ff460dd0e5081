/* edge_log.h - the access log: one JSON object per line and request.
 *
 * Each thread fills a buffer of its own and appends it whole to the one file, when it is full and at
 * every turn of the thread. A line that does not fit is cut short field by field, never in one.
 *
 * Threads: each its own. */
#pragma once

#include <waymark/why.h>

struct edge_log;
struct session;

/* 0, or -errno with `why`. */
int edge_log_open(const char *path, struct edge_log **out, char why[static WHY_LEN]);
void edge_log_close(struct edge_log *log); /* writes what is left; NULL is fine */

void edge_log_request(struct edge_log *log, const struct session *s, unsigned long took_us);
void edge_log_flush(struct edge_log *log);
