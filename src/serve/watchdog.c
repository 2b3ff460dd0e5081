/* watchdog.c - a sign of life, as long as main's loop and every worker's give one. */
#include "watchdog.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include <waymark/clock.h>
#include <waymark/net.h>

enum { WATCHDOG_MAGIC = 0x3a7cd06 };

struct watchdog {
    uint32_t magic;
    struct net *net;
    struct event *event;
    int64_t limit_us;
};

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct watchdog *w = arg;

    assert(w->magic == WATCHDOG_MAGIC);
    if (clock_steady_us() - net_oldest_turn_us(w->net) < w->limit_us)
        sd_notify(0, "WATCHDOG=1");
}

int watchdog_new(struct event_base *base, struct net *net, struct watchdog **out,
                 char why[static WHY_LEN])
{
    struct watchdog *w = calloc(1, sizeof *w);
    uint64_t limit_us = 0;

    if (w == NULL)
        return why_set(why, -ENOMEM, "cannot start the watchdog: out of memory");
    w->magic = WATCHDOG_MAGIC;
    w->net = net;
    if (sd_watchdog_enabled(0, &limit_us) > 0) {
        struct timeval half = { .tv_sec = (time_t)(limit_us / 2 / 1000000),
                                .tv_usec = (suseconds_t)(limit_us / 2 % 1000000) };
        w->limit_us = (int64_t)limit_us;
        w->event = event_new(base, -1, EV_PERSIST, on_turn, w);
        if (w->event == NULL || event_add(w->event, &half) != 0) {
            watchdog_free(w);
            return why_set(why, -ENOMEM, "cannot start the watchdog: out of memory");
        }
    }
    *out = w;
    return 0;
}

void watchdog_free(struct watchdog *w)
{
    if (w == NULL)
        return;
    if (w->event != NULL)
        event_free(w->event);
    w->magic = 0;
    free(w);
}
