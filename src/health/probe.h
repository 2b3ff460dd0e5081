/* probe.h - one look at a target: resolve if need be, ask one address or several, decide.
 *
 * Thread: the health thread. */
#pragma once

#include <stddef.h>

#include <waymark/conf.h>

#include "result.h"

struct event_base;
struct fetchers;
struct probe;
struct resolver;

enum { PROBE_ADDRESSES_MAX = 8 }; /* asked at a time, of a target judged as a whole */

/* What every probe uses. */
struct probe_tools {
    struct event_base *base;
    struct resolver *resolver;
    struct fetchers *fetchers;
};

/* `peer`: the address that was asked, or the first of several; family 0: none was known. */
typedef void probe_cb(void *ctx, const struct probe_result *result, const struct endpoint *peer);

/* Looks at address `address` of a target that has addresses, or at the CNAME target as a whole: it
 * is well when min_up of its addresses are. Calls back from the loop within the check's timeout,
 * never from within; the probe is freed after the callback. References the conf meanwhile. NULL:
 * out of memory. */
struct probe *probe_start(const struct probe_tools *tools, struct conf *conf,
                          const struct conf_target *target, size_t address, probe_cb *cb,
                          void *ctx);
void probe_cancel(struct probe *probe); /* no callback any more; NULL is fine */

/* Sockets that such a probe may hold at a time. */
size_t probe_cost(const struct conf *conf, const struct conf_target *target);
