/* probe.c - one look at a target. Health thread.
 *
 * expand the URL -> resolve, when it names a host -> an attempt per address -> decide as soon as
 * the outcome is sure, and call off the rest. One timer bounds all of it. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "check_url.h"
#include "dial.h"
#include "fetch.h"
#include "resolve.h"

struct attempt {
    struct probe *probe;
    struct endpoint peer;
    struct fetch *fetch; /* one of the two while it lasts */
    struct dial *dial;
};

struct probe {
    const struct probe_tools *tools;
    struct conf *conf; /* ours as long as the probe lasts */
    const struct conf_target *target;
    const struct conf_check *check;
    struct check_url url;
    struct resolve *resolve;
    struct event timer;
    bool is_decided; /* `result` waits for the loop to call back */
    struct probe_result result;
    size_t n_attempts, n_ok, n_missed, n_void, needed;
    struct attempt attempts[PROBE_ADDRESSES_MAX];
    probe_cb *cb;
    void *ctx;
};

size_t probe_cost(const struct conf *conf, const struct conf_target *target)
{
    if (target->cname == NULL)
        return 1;
    if (target->n_probe_addresses == 0 || target->n_probe_addresses > PROBE_ADDRESSES_MAX)
        return PROBE_ADDRESSES_MAX;
    return target->n_probe_addresses;
}

static void call_off(struct probe *p)
{
    resolve_cancel(p->resolve);
    p->resolve = NULL;
    for (size_t i = 0; i < p->n_attempts; i++) {
        fetch_cancel(p->attempts[i].fetch);
        dial_cancel(p->attempts[i].dial);
        p->attempts[i].fetch = NULL;
        p->attempts[i].dial = NULL;
    }
}

void probe_cancel(struct probe *probe)
{
    if (probe == NULL)
        return;
    call_off(probe);
    event_del(&probe->timer);
    conf_unref(probe->conf);
    free(probe);
}

/* The outcome is in p->result; the loop calls back at its next turn, from a clean stack. */
static void decide(struct probe *p)
{
    p->is_decided = true;
    event_active(&p->timer, EV_TIMEOUT, 0);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct probe *p = ctx;
    const char *during = p->resolve != NULL ? ", resolving " : "";

    if (!p->is_decided)
        result_miss(&p->result, "timed out after %d ms%s%s", p->check->timeout_ms, during,
                    p->resolve != NULL ? p->url.name : "");
    call_off(p);
    p->cb(p->ctx, &p->result, &p->attempts[0].peer);
    probe_cancel(p);
}

/* With several addresses, the first trouble stands for all, with its address. */
static void keep_trouble(struct probe *p, const struct attempt *a,
                         const struct probe_result *result)
{
    char peer[ENDPOINT_TEXT_LEN];

    if (p->n_missed + p->n_void > 0 && p->result.outcome == result->outcome)
        return;
    p->result = *result;
    if (p->n_attempts == 1)
        return;
    endpoint_format(&a->peer, peer);
    snprintf(p->result.reason, sizeof p->result.reason, "%s: %.*s", peer,
             (int)(sizeof p->result.reason - sizeof peer - 3), result->reason);
}

static void count(struct attempt *a, const struct probe_result *result)
{
    struct probe *p = a->probe;

    if (p->is_decided)
        return;
    if (result->outcome == PROBE_OK) {
        p->n_ok++;
    } else {
        keep_trouble(p, a, result);
        p->n_missed += result->outcome == PROBE_MISS;
        p->n_void += result->outcome == PROBE_VOID;
    }
    if (p->n_ok >= p->needed) {
        p->result = (struct probe_result){ .outcome = PROBE_OK, .rtt_us = result->rtt_us };
        decide(p);
    } else if (p->n_attempts - p->n_missed - p->n_void < p->needed) {
        /* Had we been able to ask, would it have been enough? Then this says nothing. */
        bool is_sure = p->n_attempts - p->n_missed < p->needed;
        p->result.outcome = is_sure ? PROBE_MISS : PROBE_VOID;
        decide(p);
    }
}

static void on_attempt_end(void *ctx, const struct probe_result *result)
{
    struct attempt *a = ctx;

    a->fetch = NULL; /* it frees itself */
    a->dial = NULL;
    count(a, result);
}

static void start_attempt(struct probe *p, struct attempt *a)
{
    struct probe_result result;

    a->probe = p;
    if (p->url.kind == CONF_CHECK_TCP) {
        a->dial = dial_start(p->tools->base, &a->peer, on_attempt_end, a, &result);
    } else {
        a->fetch = fetch_start(p->tools->fetchers, p->check, &p->url, &a->peer, on_attempt_end, a,
                               &result);
    }
    if (a->dial == NULL && a->fetch == NULL)
        count(a, &result);
}

/* All peers are known. */
static void start_attempts(struct probe *p)
{
    if (p->n_attempts < p->needed) {
        result_miss(&p->result, "%s has %zu %s, min_up is %zu", p->target->cname, p->n_attempts,
                    p->n_attempts == 1 ? "address" : "addresses", p->needed);
        decide(p);
        return;
    }
    for (size_t i = 0; i < p->n_attempts && !p->is_decided; i++)
        start_attempt(p, &p->attempts[i]);
}

static void on_resolved(void *ctx, const struct addr *addresses, size_t n,
                        const struct probe_result *failure)
{
    struct probe *p = ctx;

    p->resolve = NULL; /* it frees itself */
    if (n == 0) {
        p->result = *failure;
        decide(p);
        return;
    }
    for (size_t i = 0; i < n && i < PROBE_ADDRESSES_MAX; i++) {
        p->attempts[i].peer = (struct endpoint){ .addr = addresses[i], .port = p->url.peer.port };
        p->n_attempts++;
    }
    start_attempts(p);
}

/* What the operator wants asked in place of the target's own addresses. An address of a target has
 * its counterpart at the same position; a CNAME is judged by all of them. */
static void take_probe_addresses(struct probe *p, size_t address)
{
    const struct conf_target *t = p->target;
    size_t from = t->cname == NULL ? address % t->n_probe_addresses : 0;
    size_t n = t->cname == NULL ? 1 : t->n_probe_addresses;

    for (size_t i = 0; i < n && i < PROBE_ADDRESSES_MAX; i++) {
        struct endpoint peer = t->probe_addresses[from + i];
        if (peer.port == 0)
            peer.port = p->url.peer.port;
        p->attempts[p->n_attempts++].peer = peer;
    }
}

static void begin(struct probe *p, size_t address)
{
    const struct conf_target *t = p->target;
    const struct addr *addr = t->cname == NULL ? &t->addresses[address] : NULL;
    char why[WHY_LEN];

    if (check_url_expand(p->check, addr, t->cname, &p->url, why) != 0) {
        result_miss(&p->result, "%.150s", why);
        decide(p);
        return;
    }
    if (t->n_probe_addresses > 0) {
        take_probe_addresses(p, address);
    } else if (p->url.peer.addr.family != 0) {
        p->attempts[p->n_attempts++].peer = p->url.peer;
    } else {
        p->resolve = resolve_start(p->tools->resolver, p->url.name, on_resolved, p);
        if (p->resolve != NULL)
            return;
        result_miss(&p->result, "%.100s cannot be asked for", p->url.name);
        decide(p);
        return;
    }
    start_attempts(p);
}

struct probe *probe_start(const struct probe_tools *tools, struct conf *conf,
                          const struct conf_target *target, size_t address, probe_cb *cb, void *ctx)
{
    struct probe *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->tools = tools;
    p->conf = conf_ref(conf);
    p->target = target;
    p->check = &conf->checks[target->check];
    p->needed = target->cname != NULL && target->min_up > 1 ? (size_t)target->min_up : 1;
    p->cb = cb;
    p->ctx = ctx;
    event_assign(&p->timer, tools->base, -1, 0, on_timer, p);
    struct timeval timeout = { .tv_sec = p->check->timeout_ms / 1000,
                               .tv_usec = p->check->timeout_ms % 1000 * 1000 };
    if (event_add(&p->timer, &timeout) != 0) {
        probe_cancel(p);
        return NULL;
    }
    begin(p, address);
    return p;
}
