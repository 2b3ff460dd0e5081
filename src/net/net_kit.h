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

static inline void net_count(uint64_t *cell, uint64_t n)
{
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}
