/* net.c - the workers as one: opened, started, stopped and counted together. Main thread. */
#include <waymark/net.h>

#include <errno.h>
#include <stdlib.h>

#include <waymark/counters.h>

#include "net_bind.h"
#include "worker.h"

struct net {
    struct net_config config;
    struct worker *workers[];
};

static int ask_for_ports(const struct net_config *config, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < config->n_listen && err == 0; i++)
        err = net_bind_try(&config->listen[i], why);
    return err;
}

int net_open(const struct net_config *config, struct net **out, char why[static WHY_LEN])
{
    int err = ask_for_ports(config, why);
    if (err != 0)
        return err;

    struct net *n = calloc(1, sizeof *n + config->n_workers * sizeof *n->workers);
    if (n == NULL)
        return why_set(why, -ENOMEM, "cannot listen: out of memory");
    n->config = *config;
    for (size_t i = 0; i < config->n_workers; i++) {
        err = worker_new(&n->config, i, &n->workers[i], why);
        if (err != 0)
            goto fail;
    }
    *out = n;
    return 0;
fail:
    net_close(n);
    return err;
}

int net_start(struct net *net, char why[static WHY_LEN])
{
    for (size_t i = 0; i < net->config.n_workers; i++) {
        int err = worker_start(net->workers[i], why);
        if (err != 0) {
            net_stop(net);
            return err;
        }
    }
    return 0;
}

void net_stop(struct net *net)
{
    for (size_t i = 0; i < net->config.n_workers; i++)
        if (net->workers[i] != NULL)
            worker_stop(net->workers[i]);
}

void net_close(struct net *net)
{
    if (net == NULL)
        return;
    net_stop(net);
    for (size_t i = 0; i < net->config.n_workers; i++)
        worker_free(net->workers[i]);
    free(net);
}

struct net_counts net_counts(const struct net *net)
{
    struct net_counts sum = { 0 };

    for (size_t i = 0; i < net->config.n_workers; i++)
        counter_sum((uint64_t *)&sum, (const uint64_t *)worker_counts(net->workers[i]),
                    sizeof sum / sizeof(uint64_t));
    return sum;
}

int64_t net_oldest_turn_us(const struct net *net)
{
    int64_t oldest = INT64_MAX;

    for (size_t i = 0; i < net->config.n_workers; i++) {
        int64_t turned_us = worker_turned_us(net->workers[i]);
        if (turned_us < oldest)
            oldest = turned_us;
    }
    return oldest;
}
