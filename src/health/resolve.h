/* resolve.h - names to addresses by evdns, since libcurl blocks on names that hang.
 *
 * Thread: the health thread. Answers are not kept: each probe asks anew, a resolver nearby caches.
 */
#pragma once

#include <stddef.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/why.h>

#include "result.h"

struct event_base;
struct resolver;
struct resolve; /* one name under way */

enum { RESOLVE_PER_FAMILY = 4, RESOLVE_MAX = 2 * RESOLVE_PER_FAMILY };

/* `servers` none: those of /etc/resolv.conf. 0, or -errno with `why`. */
int resolver_new(struct event_base *base, const struct endpoint *servers, size_t n,
                 struct resolver **out, char why[static WHY_LEN]);
/* What is under way ends as void. The last memory goes when the loop runs once more. NULL is fine.
 */
void resolver_free(struct resolver *resolver);

/* Addresses, at most RESOLVE_MAX; or none, and `failure` says why. */
typedef void resolve_cb(void *ctx, const struct addr *addresses, size_t n,
                        const struct probe_result *failure);

/* Asks for A and AAAA. Calls back from the loop, never from within; the caller keeps the time.
 * NULL: out of memory. */
struct resolve *resolve_start(struct resolver *resolver, const char *name, resolve_cb *cb,
                              void *ctx);
void resolve_cancel(struct resolve *resolve); /* no callback any more; NULL is fine */
