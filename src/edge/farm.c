/* farm.c - all edges of the process: sockets, threads, reload, purge, figures. Main thread. */
#include <waymark/edge.h>

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <waymark/world.h>

#include "edge_log.h"
#include "edge_one.h"
#include "farm_thread.h"
#include "listener.h"
#include "purges.h"

enum { EDGE_THREADS_MAX = 64 };

struct farm_socket {
    struct endpoint at;
    int fd;
};

/* The sockets of one configuration: edge by edge, plain ones first. */
struct farm_sockets {
    size_t n;
    struct farm_socket *list;
};

struct farm_edge {
    struct edge *edge;
    struct farm_thread *thread;
};

struct edges {
    struct conf *conf;
    struct world_hub *hub;
    struct farm_purges *purges;
    struct farm_thread *threads[EDGE_THREADS_MAX];
    size_t n_threads;
    size_t n_ever; /* edges ever made: the next one's thread */
    struct farm_edge *list; /* in the configuration's order */
    size_t n;
    struct farm_sockets sockets;
};

const char *edge_result_name(enum edge_result result)
{
    static const char *const names[EDGE_RESULTS] = { "hit",    "miss",        "stale",
                                                     "bypass", "revalidated", "local" };

    assert(result < EDGE_RESULTS);
    return names[result];
}

/* ---- sockets ---- */

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static struct farm_socket *find_socket(const struct farm_sockets *s, const struct endpoint *at)
{
    for (size_t i = 0; i < s->n; i++)
        if (is_same(&s->list[i].at, at))
            return &s->list[i];
    return NULL;
}

/* Those that `kept` has not got. */
static void close_sockets(struct farm_sockets *s, const struct farm_sockets *kept)
{
    for (size_t i = 0; i < s->n; i++)
        if (kept == NULL || find_socket(kept, &s->list[i].at) == NULL)
            close(s->list[i].fd);
    free(s->list);
    *s = (struct farm_sockets){ 0 };
}

static int add_sockets(const struct endpoint *at, size_t n, const struct farm_sockets *old,
                       struct farm_sockets *out, char why[static WHY_LEN])
{
    for (size_t i = 0; i < n; i++) {
        struct farm_socket *known = old == NULL ? NULL : find_socket(old, &at[i]);
        struct farm_socket s = { at[i], known == NULL ? -1 : known->fd };
        int err = known != NULL ? 0 : listener_bind(&at[i], &s.fd, why);
        if (err != 0)
            return err;
        out->list[out->n++] = s;
    }
    return 0;
}

/* Binds what is new; what `old` has is shared with it. */
static int open_sockets(const struct conf *conf, const struct farm_sockets *old,
                        struct farm_sockets *out, char why[static WHY_LEN])
{
    size_t n = 0;
    int err = 0;

    for (size_t i = 0; i < conf->n_edges; i++)
        n += conf->edges[i].n_listen + conf->edges[i].n_listen_tls;
    *out = (struct farm_sockets){ .list = calloc(n + 1, sizeof *out->list) };
    if (out->list == NULL)
        return why_set(why, -ENOMEM, "cannot listen: out of memory");
    for (size_t i = 0; i < conf->n_edges && err == 0; i++) {
        const struct conf_edge *e = &conf->edges[i];
        err = add_sockets(e->listen, e->n_listen, old, out, why);
        if (err == 0)
            err = add_sockets(e->listen_tls, e->n_listen_tls, old, out, why);
    }
    if (err != 0)
        close_sockets(out, old);
    return err;
}

/* ---- certificates ---- */

static void free_tls(struct ssl_ctx_st **tls, size_t n)
{
    for (size_t i = 0; tls != NULL && i < n; i++)
        SSL_CTX_free(tls[i]);
    free(tls);
}

static int load_tls(const struct conf *conf, struct ssl_ctx_st ***out, char why[static WHY_LEN])
{
    struct ssl_ctx_st **tls = calloc(conf->n_edges + 1, sizeof *tls);
    int err = tls == NULL ? why_set(why, -ENOMEM, "cannot set up TLS: out of memory") : 0;

    for (size_t i = 0; i < conf->n_edges && err == 0; i++)
        err = edge_load_tls(&conf->edges[i], &tls[i], why);
    if (err != 0) {
        free_tls(tls, conf->n_edges);
        return err;
    }
    *out = tls;
    return 0;
}

/* ---- taking up a configuration, on the edge's thread ---- */

struct change {
    struct edges *edges;
    struct conf *conf;
    size_t index;
    struct farm_edge *place; /* edge NULL: make one */
    const struct farm_sockets *sockets;
    struct ssl_ctx_st *tls;
    int err;
};

static int listen_on(struct edge *e, const struct endpoint *at, size_t n, bool is_tls,
                     const struct farm_sockets *sockets)
{
    for (size_t i = 0; i < n; i++)
        if (edge_listen(e, find_socket(sockets, &at[i])->fd, is_tls) != 0)
            return -ENOMEM;
    return 0;
}

static void adopt(struct farm_thread *t, void *ctx)
{
    struct change *c = ctx;
    struct edge *e = c->place->edge;

    if (e == NULL) {
        e = edge_new(farm_thread_kit(t), c->edges->purges, c->conf, c->index);
        if (e == NULL) {
            SSL_CTX_free(c->tls);
            c->err = -ENOMEM;
            return;
        }
        farm_thread_add(t, e);
        c->place->edge = e;
    } else {
        edge_set_conf(e, c->conf, c->index);
    }
    edge_set_tls(e, c->tls);
    c->err = listen_on(e, e->what->listen, e->what->n_listen, false, c->sockets);
    if (c->err == 0)
        c->err = listen_on(e, e->what->listen_tls, e->what->n_listen_tls, true, c->sockets);
}

static void hush(struct farm_thread *t, void *ctx)
{
    edge_stop_listening(ctx);
}

static void dismiss(struct farm_thread *t, void *ctx)
{
    farm_thread_remove(t, ctx);
    edge_free(ctx);
}

static struct farm_edge *find_edge(const struct edges *edges, const char *pop)
{
    for (size_t i = 0; i < edges->n; i++)
        if (edges->list[i].edge != NULL && strcmp(edges->list[i].edge->pop, pop) == 0)
            return &edges->list[i];
    return NULL;
}

/* Old listeners close first: an address may go from one edge to another. */
static int take_up(struct edges *edges, struct conf *conf, struct farm_sockets *sockets,
                   struct ssl_ctx_st **tls, char why[static WHY_LEN])
{
    struct farm_edge *list = calloc(conf->n_edges + 1, sizeof *list);
    int err = 0;

    if (list == NULL)
        return why_set(why, -ENOMEM, "cannot take up the edges: out of memory");
    for (size_t i = 0; i < edges->n; i++)
        if (edges->list[i].edge != NULL)
            farm_thread_do(edges->list[i].thread, hush, edges->list[i].edge);
    for (size_t i = 0; i < conf->n_edges; i++) {
        const char *pop = conf->targets[conf->edges[i].target].name;
        struct farm_edge *known = find_edge(edges, pop);
        if (known != NULL)
            list[i] = *known;
        else
            list[i].thread = edges->threads[edges->n_ever++ % edges->n_threads];
        if (known != NULL)
            known->edge = NULL;
        struct change c = { edges, conf, i, &list[i], sockets, tls[i], 0 };
        farm_thread_do(list[i].thread, adopt, &c);
        tls[i] = NULL;
        if (c.err != 0)
            err = why_set(why, c.err, "cannot open the edge of %s: out of memory", pop);
    }
    for (size_t i = 0; i < edges->n; i++)
        if (edges->list[i].edge != NULL)
            farm_thread_do(edges->list[i].thread, dismiss, edges->list[i].edge);
    free(edges->list);
    edges->list = list;
    edges->n = conf->n_edges;
    return err;
}

static int adopt_conf(struct edges *edges, struct conf *conf, char why[static WHY_LEN])
{
    struct farm_sockets sockets = { 0 };
    struct ssl_ctx_st **tls = NULL;

    int err = load_tls(conf, &tls, why);
    if (err == 0)
        err = open_sockets(conf, &edges->sockets, &sockets, why);
    if (err != 0) {
        free_tls(tls, conf->n_edges);
        return err;
    }
    err = take_up(edges, conf, &sockets, tls, why);
    free_tls(tls, conf->n_edges);
    close_sockets(&edges->sockets, &sockets);
    edges->sockets = sockets;
    conf_ref(conf);
    conf_unref(edges->conf);
    edges->conf = conf;
    return err;
}

/* ---- the door ---- */

static size_t threads_wanted(const struct conf *conf)
{
    long n = conf->server.edge_threads;

    if (n == 0)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n > (long)conf->n_edges)
        n = (long)conf->n_edges;
    return n < 1 ? 1 : n > EDGE_THREADS_MAX ? EDGE_THREADS_MAX : (size_t)n;
}

int edges_open(struct conf *conf, struct world_hub *hub, struct edges **out,
               char why[static WHY_LEN])
{
    struct edges *e = calloc(1, sizeof *e);
    int err = 0;

    if (e == NULL)
        return why_set(why, -ENOMEM, "cannot open the edges: out of memory");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    e->hub = hub;
    e->purges = purges_new();
    if (e->purges == NULL) {
        err = why_set(why, -ENOMEM, "cannot open the edges: out of memory");
        goto fail;
    }
    size_t n = threads_wanted(conf);
    for (size_t i = 0; i < n && err == 0; i++) {
        err = farm_thread_new(i, hub == NULL ? NULL : world_hub_slot(hub),
                              conf->server.access_log, &e->threads[i], why);
        e->n_threads += err == 0;
    }
    if (err == 0)
        err = adopt_conf(e, conf, why);
    if (err != 0)
        goto fail;
    *out = e;
    return 0;
fail:
    edges_close(e);
    return err;
}

int edges_start(struct edges *edges, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < edges->n_threads && err == 0; i++)
        err = farm_thread_start(edges->threads[i], why);
    if (err != 0)
        edges_stop(edges);
    return err;
}

static void set_log(struct farm_thread *t, void *ctx)
{
    farm_thread_set_log(t, ctx);
}

/* A new file even where the path is the old one: it may have been moved away. */
static int reopen_logs(struct edges *edges, const struct conf *conf, char why[static WHY_LEN])
{
    for (size_t i = 0; i < edges->n_threads; i++) {
        struct edge_log *log = NULL;
        int err = conf->server.access_log == NULL
                      ? 0
                      : edge_log_open(conf->server.access_log, &log, why);
        if (err != 0)
            return err;
        farm_thread_do(edges->threads[i], set_log, log);
    }
    return 0;
}

int edges_reload(struct edges *edges, struct conf *conf, char why[static WHY_LEN])
{
    int err = adopt_conf(edges, conf, why);

    return err != 0 ? err : reopen_logs(edges, conf, why);
}

void edges_stop(struct edges *edges)
{
    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_stop(edges->threads[i]);
}

void edges_close(struct edges *edges)
{
    if (edges == NULL)
        return;
    edges_stop(edges);
    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_free(edges->threads[i]);
    close_sockets(&edges->sockets, NULL);
    purges_free(edges->purges);
    free(edges->list);
    conf_unref(edges->conf);
    free(edges);
}

int edges_set_state(struct edges *edges, const char *pop, enum edge_state state)
{
    struct farm_edge *e = find_edge(edges, pop);

    if (e == NULL)
        return -ENOENT;
    __atomic_store_n(&e->edge->state, (int)state, __ATOMIC_RELAXED);
    return 0;
}

int edges_purge(struct edges *edges, const struct edge_purge *purge, struct edge_purged *out,
                char why[static WHY_LEN])
{
    *out = (struct edge_purged){ .n_edges = edges->n };
    return purges_add(edges->purges, purge, &out->generation, why);
}

/* Everything behind the state is a cell of 64 bits with one writer. */
static void copy_figures(const struct edge *e, struct edge_figures *out)
{
    size_t first = offsetof(struct edge_figures, requests) / sizeof(uint64_t);
    const uint64_t *from = (const uint64_t *)e->counts;
    uint64_t *to = (uint64_t *)out;

    memcpy(out->pop, e->counts->pop, sizeof out->pop);
    out->state = (enum edge_state)__atomic_load_n(&e->state, __ATOMIC_RELAXED);
    for (size_t i = first; i < sizeof *out / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

size_t edges_figures(const struct edges *edges, struct edge_figures *out, size_t max)
{
    for (size_t i = 0; i < edges->n && i < max; i++)
        copy_figures(edges->list[i].edge, &out[i]);
    return edges->n;
}
