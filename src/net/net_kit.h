/* net_kit.h - what a worker lends to its UDP and its TCP side. Lives in the worker. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/dns.h>
#include <waymark/net.h>

struct event_base;

/* So much may be answered over TCP before datagrams are looked for again: far below a millisecond,
 * however many clients pipeline. In octets of answers, a query counting as some hundred. */
enum { NET_TCP_WORK_MAX = 128 * 1024, NET_TCP_WORK_QUERY = 512 };

struct net_kit {
    struct event_base *base;
    void *const *world;
    struct dns_desk *desk;
    size_t tcp_work;                              /* since serve_datagrams */
    void (*serve_datagrams)(struct net_kit *kit); /* those that wait, if any; not while online */
    struct net_counts counts;
};
