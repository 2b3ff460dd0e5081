/* net_kit.h - what a TCP thread lends to its server and its sessions. Lives in the thread. */
#pragma once

#include <waymark/dns.h>
#include <waymark/net.h>

struct event_base;

struct net_kit {
    struct event_base *base;
    void *const *world;
    struct dns_desk *desk;
    struct net_counts counts;
};
