/* watchdog.h - tells the service manager that the workers' loops turn (sd_watchdog_enabled(3)).
 *
 * Threads: main's loop. */
#pragma once

#include <waymark/why.h>

struct event_base;
struct net;
struct watchdog;

/* Does nothing unless the manager asked for it. 0, or -errno with `why`. */
int watchdog_new(struct event_base *base, struct net *net, struct watchdog **out,
                 char why[static WHY_LEN]);
void watchdog_free(struct watchdog *w); /* NULL is fine */
