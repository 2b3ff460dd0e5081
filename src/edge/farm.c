/* farm.c - all edges of the process: sockets, threads, reload, purge, figures. Main thread. */
#include <waymark/edge.h>

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <waymark/world.h>

#include "edge_log.h"
#include "edge_one.h"
#include "farm_sockets.h"
#include "farm_thread.h"
#include "purges.h"

enum { EDGE_THREADS_MAX = 64 };

struct farm_edge {
    struct edge *edge;
    struct farm_thread *thread;
};

struct edges {
    struct farm_purges *purges;
    struct farm_thread *threads[EDGE_THREADS_MAX];
    size_t n_threads;
    size_t n_ever;          /* edges ever made: the next one's thread */
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

const char *edge_status_name(size_t status_class)
{
    static const char *const names[EDGE_STATUS_CLASSES] = { "none", "1xx", "2xx",
                                                            "3xx",  "4xx", "5xx" };

    assert(status_class < EDGE_STATUS_CLASSES);
    return names[status_class];
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

/* ---- taking up a configuration ---- */

/* What an edge's thread is to do for main; `place` says which thread and which edge. */
struct change {
    struct farm_purges *purges;
    struct conf *conf;
    size_t index; /* of the edge in it */
    struct farm_edge *place;
    const struct farm_sockets *sockets;
    struct ssl_ctx_st *tls; /* taken over */
    int err;
};

static void make(struct farm_thread *t, void *ctx)
{
    struct change *c = ctx;

    c->place->edge = edge_new(farm_thread_kit(t), c->purges, c->conf, c->index);
    if (c->place->edge != NULL)
        farm_thread_add(t, c->place->edge);
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

static int listen_on(struct edge *e, const struct endpoint *at, size_t n, bool is_tls,
                     const struct farm_sockets *sockets)
{
    for (size_t i = 0; i < n; i++)
        if (edge_listen(e, farm_sockets_find(sockets, &at[i]), is_tls) != 0)
            return -ENOMEM;
    return 0;
}

static void adopt(struct farm_thread *t, void *ctx)
{
    struct change *c = ctx;
    struct edge *e = c->place->edge;

    edge_set_conf(e, c->conf, c->index);
    edge_set_tls(e, c->tls);
    c->err = listen_on(e, e->what->listen, e->what->n_listen, false, c->sockets);
    if (c->err == 0)
        c->err = listen_on(e, e->what->listen_tls, e->what->n_listen_tls, true, c->sockets);
}

static struct farm_edge *find_edge(const struct edges *edges, const char *pop)
{
    for (size_t i = 0; i < edges->n; i++)
        if (strcmp(edges->list[i].edge->pop, pop) == 0)
            return &edges->list[i];
    return NULL;
}

/* Of one list, what the other has not got. */
static void dismiss_but(struct farm_edge *list, size_t n, const struct farm_edge *kept,
                        size_t n_kept)
{
    for (size_t i = 0; i < n; i++) {
        bool is_kept = false;
        for (size_t k = 0; k < n_kept; k++)
            is_kept |= kept[k].edge == list[i].edge;
        if (!is_kept)
            farm_thread_do(list[i].thread, dismiss, list[i].edge);
    }
}

/* The edges of that configuration, in its order: those there are, and new ones. NULL: out of
 * memory, and nothing has changed. */
static struct farm_edge *list_edges(struct edges *edges, struct conf *conf)
{
    struct farm_edge *list = calloc(conf->n_edges + 1, sizeof *list);

    for (size_t i = 0; list != NULL && i < conf->n_edges; i++) {
        const char *pop = conf->targets[conf->edges[i].target].name;
        struct farm_edge *known = find_edge(edges, pop);
        if (known != NULL) {
            list[i] = *known;
            continue;
        }
        struct change c = { .purges = edges->purges, .conf = conf, .index = i, .place = &list[i] };
        list[i].thread = edges->threads[edges->n_ever++ % edges->n_threads];
        farm_thread_do(list[i].thread, make, &c);
        if (list[i].edge == NULL) {
            dismiss_but(list, i, edges->list, edges->n);
            free(list);
            return NULL;
        }
    }
    return list;
}

/* Old listeners close first: an address may go from one edge to another. */
static int change_over(struct edges *edges, struct conf *conf, struct farm_edge *list,
                       const struct farm_sockets *sockets, struct ssl_ctx_st **tls)
{
    int err = 0;

    for (size_t i = 0; i < edges->n; i++)
        farm_thread_do(edges->list[i].thread, hush, edges->list[i].edge);
    for (size_t i = 0; i < conf->n_edges; i++) {
        struct change c = {
            .conf = conf, .index = i, .place = &list[i], .sockets = sockets, .tls = tls[i]
        };
        farm_thread_do(list[i].thread, adopt, &c);
        tls[i] = NULL;
        err = c.err != 0 ? c.err : err;
    }
    dismiss_but(edges->list, edges->n, list, conf->n_edges);
    free(edges->list);
    edges->list = list;
    edges->n = conf->n_edges;
    return err;
}

static int adopt_conf(struct edges *edges, struct conf *conf, char why[static WHY_LEN])
{
    struct farm_sockets sockets = { 0 };
    struct farm_edge *list = NULL;
    struct ssl_ctx_st **tls = NULL;
    int err = load_tls(conf, &tls, why);

    if (err == 0)
        err = farm_sockets_open(conf, &edges->sockets, &sockets, why);
    if (err != 0)
        goto end;
    list = list_edges(edges, conf);
    if (list == NULL) {
        farm_sockets_close(&sockets, &edges->sockets);
        err = why_set(why, -ENOMEM, "cannot open the edges: out of memory");
        goto end;
    }
    if (change_over(edges, conf, list, &sockets, tls) != 0)
        err = why_set(why, -ENOMEM, "an edge does not listen at all its addresses: out of memory");
    farm_sockets_close(&edges->sockets, &sockets);
    edges->sockets = sockets;
end:
    free_tls(tls, conf->n_edges);
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
    e->purges = purges_new();
    if (e->purges == NULL) {
        err = why_set(why, -ENOMEM, "cannot open the edges: out of memory");
        goto fail;
    }
    size_t n = threads_wanted(conf);
    for (size_t i = 0; i < n && err == 0; i++) {
        err = farm_thread_new(i, hub == NULL ? NULL : world_hub_slot(hub), conf->server.access_log,
                              &e->threads[i], why);
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

static void close_logs(struct edge_log **logs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        edge_log_close(logs[i]);
}

/* One for each thread. A new file even where the path is the old one: it may have been moved away.
 */
static int open_logs(const struct conf *conf, struct edge_log **logs, size_t n,
                     char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < n && conf->server.access_log != NULL && err == 0; i++)
        err = edge_log_open(conf->server.access_log, &logs[i], why);
    if (err != 0)
        close_logs(logs, n);
    return err;
}

int edges_reload(struct edges *edges, struct conf *conf, char why[static WHY_LEN])
{
    struct edge_log *logs[EDGE_THREADS_MAX] = { NULL };
    int err = open_logs(conf, logs, edges->n_threads, why);

    if (err != 0)
        return err;
    err = adopt_conf(edges, conf, why);
    if (err != 0) {
        close_logs(logs, edges->n_threads);
        return err;
    }
    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_do(edges->threads[i], set_log, logs[i]);
    return 0;
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
    farm_sockets_close(&edges->sockets, NULL);
    purges_free(edges->purges);
    free(edges->list);
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

    *out = (struct edge_figures){ .state = (enum edge_state)__atomic_load_n(&e->state,
                                                                            __ATOMIC_RELAXED) };
    memcpy(out->pop, e->pop, sizeof out->pop);
    counter_sum((uint64_t *)out + first, (const uint64_t *)e->counts + first,
                sizeof *out / sizeof(uint64_t) - first);
}

size_t edges_figures(const struct edges *edges, struct edge_figures *out, size_t max)
{
    for (size_t i = 0; i < edges->n && i < max; i++)
        copy_figures(edges->list[i].edge, &out[i]);
    return edges->n;
}
