/* resolve.c - names to addresses by evdns. Health thread.
 *
 * evdns calls back exactly once per question, also after a cancel, and only then is the question's
 * memory free to go: a struct resolve lives until both of its questions have come back. */
#include "resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/event_struct.h>

/* When one family has answered the other gets this long: some servers never answer AAAA. */
static const struct timeval GRACE = { .tv_usec = 300000 };

struct resolver {
    struct event_base *base;
    struct evdns_base *dns;
};

struct question {
    struct resolve *resolve;
    struct evdns_request *request; /* NULL: back, or never sent */
    int status;                    /* DNS_ERR_..., once back */
    bool is_back;
    struct addr addresses[RESOLVE_PER_FAMILY];
    size_t n;
};

struct resolve {
    char name[256];
    struct question questions[2]; /* A, AAAA */
    struct event grace;
    resolve_cb *cb; /* NULL: cancelled, or called */
    void *ctx;
};

/* It would say of each name that hangs that the resolver does. What matters comes back with the
 * question, and is said of the target. */
static void on_evdns_line(int is_warning, const char *line)
{
}

static int add_servers(struct resolver *r, const struct endpoint *servers, size_t n,
                       char why[static WHY_LEN])
{
    struct sockaddr_storage sa;
    char text[ENDPOINT_TEXT_LEN];

    for (size_t i = 0; i < n; i++) {
        socklen_t len = endpoint_to_sockaddr(&servers[i], &sa);
        if (evdns_base_nameserver_sockaddr_add(r->dns, (struct sockaddr *)&sa, len, 0) != 0)
            return why_set(why, -EINVAL, "health.resolvers: cannot use %s",
                           endpoint_format(&servers[i], text));
    }
    if (n == 0) /* without the file, evdns asks this machine */
        evdns_base_resolv_conf_parse(r->dns, DNS_OPTION_NAMESERVERS, "/etc/resolv.conf");
    return 0;
}

int resolver_new(struct event_base *base, const struct endpoint *servers, size_t n,
                 struct resolver **out, char why[static WHY_LEN])
{
    struct resolver *r = calloc(1, sizeof *r);
    int err;

    evdns_set_log_fn(on_evdns_line);
    if (r != NULL) {
        r->base = base;
        r->dns = evdns_base_new(base, 0);
    }
    if (r == NULL || r->dns == NULL) {
        err = why_set(why, -ENOMEM, "cannot set up the resolver: out of memory");
        goto fail;
    }
    /* A probe has a few seconds: ask again after one, and let no hanging name hold up others. */
    evdns_base_set_option(r->dns, "timeout:", "1");
    evdns_base_set_option(r->dns, "attempts:", "5");
    evdns_base_set_option(r->dns, "max-inflight:", "16384");
    err = add_servers(r, servers, n, why);
    if (err != 0)
        goto fail;
    *out = r;
    return 0;
fail:
    resolver_free(r);
    return err;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    if (resolver->dns != NULL)
        evdns_base_free(resolver->dns, 1);
    free(resolver);
}

static void say_failure(const struct resolve *r, struct probe_result *failure)
{
    int a = r->questions[0].status, aaaa = r->questions[1].status;
    int status = a == DNS_ERR_NODATA || a == DNS_ERR_NONE ? aaaa : a;

    switch (status) {
    case DNS_ERR_NOTEXIST:
        result_miss(failure, "%s does not exist (NXDOMAIN)", r->name);
        break;
    case DNS_ERR_NONE:
    case DNS_ERR_NODATA:
        result_miss(failure, "%s has no address", r->name);
        break;
    case DNS_ERR_SHUTDOWN:
    case DNS_ERR_CANCEL:
        result_void(failure, "the resolver was replaced meanwhile");
        break;
    case DNS_ERR_TIMEOUT:
        result_miss(failure, "%s: no resolver answers", r->name);
        break;
    default:
        result_miss(failure, "%s cannot be resolved: %s", r->name, evdns_err_to_string(status));
        break;
    }
}

static void free_when_back(struct resolve *r)
{
    if (r->cb == NULL && r->questions[0].is_back && r->questions[1].is_back) {
        event_del(&r->grace);
        free(r);
    }
}

/* Tells the caller what is known; questions still out are called off. */
static void conclude(struct resolve *r)
{
    struct addr addresses[RESOLVE_MAX];
    struct probe_result failure = { .outcome = PROBE_OK };
    resolve_cb *cb = r->cb;
    size_t n = 0;

    for (int i = 0; i < 2; i++) {
        memcpy(addresses + n, r->questions[i].addresses, r->questions[i].n * sizeof *addresses);
        n += r->questions[i].n;
    }
    if (n == 0)
        say_failure(r, &failure);
    r->cb = NULL;
    cb(r->ctx, addresses, n, &failure);
}

static void call_off(struct resolve *r)
{
    r->cb = NULL;
    event_del(&r->grace);
    for (int i = 0; i < 2; i++) {
        if (r->questions[i].request != NULL)
            evdns_cancel_request(NULL, r->questions[i].request);
    }
    free_when_back(r);
}

static void keep_addresses(struct question *q, char type, int count, const void *addresses)
{
    size_t size = type == DNS_IPv4_A ? 4 : 16;

    for (int i = 0; i < count && q->n < RESOLVE_PER_FAMILY; i++) {
        struct addr *a = &q->addresses[q->n++];
        a->family = type == DNS_IPv4_A ? 4 : 6;
        memcpy(a->octets, (const uint8_t *)addresses + (size_t)i * size, size);
    }
}

static void on_answer(int status, char type, int count, int ttl, void *addresses, void *ctx)
{
    struct question *q = ctx;
    struct resolve *r = q->resolve;

    q->request = NULL;
    q->is_back = true;
    q->status = status;
    if (status == DNS_ERR_NONE && (type == DNS_IPv4_A || type == DNS_IPv6_AAAA))
        keep_addresses(q, type, count, addresses);
    if (r->cb != NULL) {
        if (r->questions[0].is_back && r->questions[1].is_back)
            conclude(r);
        else if (q->n > 0)
            event_add(&r->grace, &GRACE);
    }
    free_when_back(r);
}

static void on_grace_over(evutil_socket_t fd, short what, void *ctx)
{
    struct resolve *r = ctx;

    if (r->cb == NULL)
        return;
    conclude(r);
    call_off(r);
}

struct resolve *resolve_start(struct resolver *resolver, const char *name, resolve_cb *cb,
                              void *ctx)
{
    struct resolve *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    snprintf(r->name, sizeof r->name, "%s", name);
    r->cb = cb;
    r->ctx = ctx;
    event_assign(&r->grace, resolver->base, -1, 0, on_grace_over, r);
    r->questions[0].resolve = r->questions[1].resolve = r;
    r->questions[0].request = evdns_base_resolve_ipv4(resolver->dns, r->name, DNS_QUERY_NO_SEARCH,
                                                      on_answer, &r->questions[0]);
    r->questions[1].request = evdns_base_resolve_ipv6(resolver->dns, r->name, DNS_QUERY_NO_SEARCH,
                                                      on_answer, &r->questions[1]);
    for (int i = 0; i < 2; i++)
        r->questions[i].is_back = r->questions[i].request == NULL;
    if (r->questions[0].is_back || r->questions[1].is_back) {
        call_off(r);
        return NULL;
    }
    return r;
}

void resolve_cancel(struct resolve *resolve)
{
    if (resolve != NULL)
        call_off(resolve);
}
