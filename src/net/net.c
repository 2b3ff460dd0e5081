/* net.c - the workers as one: opened, started, stopped and counted together. Main thread. */
#include <waymark/net.h>

#include <errno.h>
#include <stdlib.h>

#include <waymark/clock.h>
#include <waymark/counters.h>

#include "net_bind.h"
#include "tcp_thread.h"
#include "udp_thread.h"

/* Of each worker, one after the other. */
struct net {
    struct net_config config;
    size_t n_udp, n_tcp;
    struct udp_thread **udp;
    struct tcp_thread **tcp;
};

size_t net_n_threads(size_t n_listen, size_t n_workers)
{
    return n_workers * (udp_threads_per_worker(n_listen) + 1);
}

static int ask_for_ports(const struct net_config *config, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < config->n_listen && err == 0; i++)
        err = net_bind_try(&config->listen[i], why);
    return err;
}

static struct net *allocate(const struct net_config *config)
{
    struct net *n = calloc(1, sizeof *n);

    if (n == NULL)
        return NULL;
    size_t n_tcp = config->n_workers;
    size_t n_udp = config->n_workers * udp_threads_per_worker(config->n_listen);
    n->config = *config;
    n->udp = calloc(n_udp, sizeof(struct udp_thread *));
    n->tcp = calloc(n_tcp, sizeof(struct tcp_thread *));
    if (n->udp == NULL || n->tcp == NULL) {
        net_close(n);
        return NULL;
    }
    n->n_udp = n_udp;
    n->n_tcp = n_tcp;
    return n;
}

static int bind_all(struct net *n, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < n->n_udp && err == 0; i++)
        err = udp_thread_new(&n->config, i, n->config.desks[i], &n->udp[i], why);
    for (size_t i = 0; i < n->n_tcp && err == 0; i++)
        err = tcp_thread_new(&n->config, i, n->config.desks[n->n_udp + i], &n->tcp[i], why);
    return err;
}

int net_open(const struct net_config *config, struct net **out, char why[static WHY_LEN])
{
    int err = ask_for_ports(config, why);
    if (err != 0)
        return err;

    struct net *n = allocate(config);
    if (n == NULL)
        return why_set(why, -ENOMEM, "cannot listen: out of memory");
    err = bind_all(n, why);
    if (err != 0) {
        net_close(n);
        return err;
    }
    *out = n;
    return 0;
}

int net_start(struct net *net, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < net->n_udp && err == 0; i++)
        err = udp_thread_start(net->udp[i], why);
    for (size_t i = 0; i < net->n_tcp && err == 0; i++)
        err = tcp_thread_start(net->tcp[i], why);
    if (err != 0)
        net_stop(net);
    return err;
}

void net_stop(struct net *net)
{
    for (size_t i = 0; i < net->n_udp; i++)
        udp_thread_stop(net->udp[i]);
    for (size_t i = 0; i < net->n_tcp; i++)
        tcp_thread_stop(net->tcp[i]);
}

void net_close(struct net *net)
{
    if (net == NULL)
        return;
    net_stop(net);
    for (size_t i = 0; i < net->n_udp; i++)
        udp_thread_free(net->udp[i]);
    for (size_t i = 0; i < net->n_tcp; i++)
        tcp_thread_free(net->tcp[i]);
    free(net->udp);
    free(net->tcp);
    free(net);
}

static void add_counts(struct net_counts *sum, const struct net_counts *of_thread)
{
    counter_sum((uint64_t *)sum, (const uint64_t *)of_thread, sizeof *sum / sizeof(uint64_t));
}

struct net_counts net_counts(const struct net *net)
{
    struct net_counts sum = { 0 };

    for (size_t i = 0; i < net->n_udp; i++)
        add_counts(&sum, udp_thread_counts(net->udp[i]));
    for (size_t i = 0; i < net->n_tcp; i++)
        add_counts(&sum, tcp_thread_counts(net->tcp[i]));
    return sum;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t net_oldest_turn_us(struct net *net)
{
    int64_t now_us = clock_steady_us(), oldest = now_us;

    for (size_t i = 0; i < net->n_udp; i++)
        oldest = earlier(oldest, udp_thread_turned_us(net->udp[i], now_us));
    for (size_t i = 0; i < net->n_tcp; i++)
        oldest = earlier(oldest, tcp_thread_turned_us(net->tcp[i]));
    return oldest;
}
