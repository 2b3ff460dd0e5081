/* dial.h - one TCP connection, opened and closed: the probe of kind tcp.
 *
 * Thread: the health thread. The caller keeps the time and calls dial_cancel when it is over. */
#pragma once

#include <waymark/addr.h>

#include "result.h"

struct event_base;
struct dial;

/* The dial is freed after the callback. */
typedef void dial_cb(void *ctx, const struct probe_result *result);

/* Calls back from the loop, never from within. NULL: `result` says why. */
struct dial *dial_start(struct event_base *base, const struct endpoint *peer, dial_cb *cb,
                        void *ctx, struct probe_result *result);
void dial_cancel(struct dial *dial); /* no callback any more; NULL is fine */
