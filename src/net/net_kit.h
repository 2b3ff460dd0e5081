/* net_kit.h - what a worker lends to its UDP and its TCP side. Lives in the worker. */
#pragma once

#include <stdint.h>

#include <waymark/dns.h>
#include <waymark/net.h>

struct event_base;

struct net_kit {
    struct event_base *base;
    void *const *world;
    struct dns_desk *desk;
    struct net_counts counts;
};
