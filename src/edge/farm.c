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
#include "edge_tls.h"
#include "farm_sockets.h"
#include "farm_thread.h"
#include "listener.h"
#include "purges.h"

enum { EDGE_THREADS_MAX = 64 };

struct farm_edge {
    struct edge *edge;
    struct farm_thread *thread;
};

struct edges {
    struct conf *conf; /* counted */
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
        err = edge_tls_load(&conf->edges[i], &tls[i], why);
    if (err != 0) {
        free_tls(tls, conf->n_edges);
        return err;
    }
    *out = tls;
    return 0;
}

/* ---- taking up a configuration ---- */

/* All that it takes; nothing is left that could fail. */
struct edges_next {
    struct conf *conf; /* counted */
    struct ssl_ctx_st **tls;
    struct farm_sockets sockets;
    struct farm_edge *list;      /* in the configuration's order */
    struct listener **listeners; /* of each: not listening yet */
    struct edge_log *logs[EDGE_THREADS_MAX];
};

static int no_memory(char why[static WHY_LEN])
{
    return why_set(why, -ENOMEM, "cannot open the edges: out of memory");
}

/* What an edge's thread is to do; `place` says which edge. */
struct change {
    struct farm_purges *purges;
    struct edges_next *next;
    size_t index; /* of the edge in it */
};

static void make(struct farm_thread *t, void *ctx)
{
    struct change *c = ctx;
    struct farm_edge *place = &c->next->list[c->index];

    place->edge = edge_new(farm_thread_kit(t), c->purges, c->next->conf, c->index);
    if (place->edge != NULL)
        farm_thread_add(t, place->edge);
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

static void adopt(struct farm_thread *t, void *ctx)
{
    struct change *c = ctx;
    struct edges_next *next = c->next;
    struct edge *e = next->list[c->index].edge;

    edge_set_conf(e, next->conf, c->index);
    edge_set_tls(e, next->tls[c->index]);
    edge_listen(e, next->listeners[c->index]);
    next->tls[c->index] = NULL;
    next->listeners[c->index] = NULL;
}

static void set_log(struct farm_thread *t, void *ctx)
{
    farm_thread_set_log(t, ctx);
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
        bool is_kept = list[i].edge == NULL;
        for (size_t k = 0; k < n_kept; k++)
            is_kept |= kept[k].edge == list[i].edge;
        if (!is_kept)
            farm_thread_do(list[i].thread, dismiss, list[i].edge);
    }
}

/* ---- making ready ---- */

/* Those there are, and new ones, which nobody can reach yet. */
static int list_edges(struct edges *edges, struct edges_next *next, char why[static WHY_LEN])
{
    const struct conf *conf = next->conf;

    for (size_t i = 0; i < conf->n_edges; i++) {
        const struct farm_edge *known =
            find_edge(edges, conf->targets[conf->edges[i].target].name);
        if (known != NULL) {
            next->list[i] = *known;
            continue;
        }
        struct change c = { .purges = edges->purges, .next = next, .index = i };
        next->list[i].thread = edges->threads[edges->n_ever++ % edges->n_threads];
        farm_thread_do(next->list[i].thread, make, &c);
        if (next->list[i].edge == NULL)
            return no_memory(why);
    }
    return 0;
}

static bool add_listeners(struct edges_next *next, size_t i, const struct endpoint *at, size_t n,
                          bool is_tls)
{
    for (size_t k = 0; k < n; k++) {
        int fd = farm_sockets_find(&next->sockets, &at[k]);
        struct listener *l =
            listener_new(next->list[i].edge, fd, is_tls, next->listeners[i]);
        if (l == NULL)
            return false;
        next->listeners[i] = l;
    }
    return true;
}

static int make_listeners(struct edges_next *next, char why[static WHY_LEN])
{
    for (size_t i = 0; i < next->conf->n_edges; i++) {
        const struct conf_edge *e = &next->conf->edges[i];
        if (!add_listeners(next, i, e->listen, e->n_listen, false) ||
            !add_listeners(next, i, e->listen_tls, e->n_listen_tls, true))
            return no_memory(why);
    }
    return 0;
}

/* One for each thread. A new file even where the path is the old one: it may have been moved away.
 */
static int open_logs(const struct conf *conf, struct edge_log **logs, size_t n,
                     char why[static WHY_LEN])
{
    bool is_wanted = conf->n_edges > 0 && conf->server.access_log != NULL;
    int err = 0;

    for (size_t i = 0; i < n && is_wanted && err == 0; i++)
        err = edge_log_open(conf->server.access_log, &logs[i], why);
    return err;
}

static struct edges_next *next_new(struct conf *conf)
{
    struct edges_next *next = calloc(1, sizeof *next);

    if (next == NULL)
        return NULL;
    next->conf = conf_ref(conf);
    next->list = calloc(conf->n_edges + 1, sizeof *next->list);
    next->listeners = calloc(conf->n_edges + 1, sizeof *next->listeners);
    return next;
}

/* All but the log, which a start opens later than the rest. */
static int prepare(struct edges *edges, struct conf *conf, struct edges_next **out,
                   char why[static WHY_LEN])
{
    struct edges_next *next = next_new(conf);
    int err = 0;

    if (next == NULL || next->list == NULL || next->listeners == NULL)
        err = no_memory(why);
    if (err == 0)
        err = load_tls(conf, &next->tls, why);
    if (err == 0)
        err = farm_sockets_open(conf, &edges->sockets, &next->sockets, why);
    if (err == 0)
        err = list_edges(edges, next, why);
    if (err == 0)
        err = make_listeners(next, why);
    if (err != 0) {
        edges_forget(edges, next);
        return err;
    }
    *out = next;
    return 0;
}

int edges_prepare(struct edges *edges, struct conf *conf, struct edges_next **out,
                  char why[static WHY_LEN])
{
    struct edges_next *next = NULL;
    int err = prepare(edges, conf, &next, why);

    if (err == 0)
        err = open_logs(conf, next->logs, edges->n_threads, why);
    if (err != 0) {
        edges_forget(edges, next);
        return err;
    }
    *out = next;
    return 0;
}

static void next_free(struct edges_next *next)
{
    for (size_t i = 0; next->listeners != NULL && i < next->conf->n_edges; i++)
        listeners_free(next->listeners[i]);
    for (size_t i = 0; i < EDGE_THREADS_MAX; i++)
        edge_log_close(next->logs[i]);
    free_tls(next->tls, next->conf->n_edges);
    free(next->listeners);
    free(next->list);
    conf_unref(next->conf);
    free(next);
}

void edges_forget(struct edges *edges, struct edges_next *next)
{
    if (next == NULL)
        return;
    if (next->list != NULL)
        dismiss_but(next->list, next->conf->n_edges, edges->list, edges->n);
    farm_sockets_close(&next->sockets, &edges->sockets);
    next_free(next);
}

/* ---- taking up ---- */

/* Old listeners close first: an address may go from one edge to another. */
static void change_over(struct edges *edges, struct edges_next *next)
{
    for (size_t i = 0; i < edges->n; i++)
        farm_thread_do(edges->list[i].thread, hush, edges->list[i].edge);
    for (size_t i = 0; i < next->conf->n_edges; i++) {
        struct change c = { .next = next, .index = i };
        farm_thread_do(next->list[i].thread, adopt, &c);
    }
    dismiss_but(edges->list, edges->n, next->list, next->conf->n_edges);
}

void edges_take_up(struct edges *edges, struct edges_next *next)
{
    if (next == NULL)
        return;
    change_over(edges, next);
    for (size_t i = 0; i < edges->n_threads; i++) {
        farm_thread_do(edges->threads[i], set_log, next->logs[i]);
        next->logs[i] = NULL;
    }
    farm_sockets_close(&edges->sockets, &next->sockets);
    edges->sockets = next->sockets;
    free(edges->list);
    edges->list = next->list;
    edges->n = next->conf->n_edges;
    conf_unref(edges->conf);
    edges->conf = conf_ref(next->conf);
    next->list = NULL;
    next_free(next);
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
    struct edges_next *next = NULL;
    int err = 0;

    if (e == NULL)
        return no_memory(why);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    e->purges = purges_new();
    if (e->purges == NULL) {
        err = no_memory(why);
        goto fail;
    }
    size_t n = threads_wanted(conf);
    for (size_t i = 0; i < n && err == 0; i++) {
        err = farm_thread_new(i, hub == NULL ? NULL : world_hub_slot(hub), &e->threads[i], why);
        e->n_threads += err == 0;
    }
    if (err == 0)
        err = prepare(e, conf, &next, why);
    if (err != 0)
        goto fail;
    edges_take_up(e, next);
    *out = e;
    return 0;
fail:
    edges_close(e);
    return err;
}

static void stop_all(struct edges *edges)
{
    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_stop(edges->threads[i]);
}

int edges_start(struct edges *edges, char why[static WHY_LEN])
{
    struct edge_log *logs[EDGE_THREADS_MAX] = { NULL };
    int err = open_logs(edges->conf, logs, edges->n_threads, why);

    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_do(edges->threads[i], set_log, logs[i]);
    for (size_t i = 0; i < edges->n_threads && err == 0; i++)
        err = farm_thread_start(edges->threads[i], why);
    if (err != 0)
        stop_all(edges);
    return err;
}

void edges_close(struct edges *edges)
{
    if (edges == NULL)
        return;
    stop_all(edges);
    for (size_t i = 0; i < edges->n_threads; i++)
        farm_thread_free(edges->threads[i]);
    farm_sockets_close(&edges->sockets, NULL);
    purges_free(edges->purges);
    conf_unref(edges->conf);
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
static void copy_figures(struct edge *e, struct edge_figures *out)
{
    size_t first = offsetof(struct edge_figures, requests) / sizeof(uint64_t);

    *out = (struct edge_figures){ .state = (enum edge_state)__atomic_load_n(&e->state,
                                                                            __ATOMIC_RELAXED) };
    memcpy(out->pop, e->pop, sizeof out->pop);
    origin_trouble_copy(&e->origin, &out->origin_failed, &out->origin_failed_ms,
                        out->origin_error);
    counter_sum((uint64_t *)out + first, (const uint64_t *)e->counts + first,
                sizeof *out / sizeof(uint64_t) - first);
}

size_t edges_figures(const struct edges *edges, struct edge_figures *out, size_t max)
{
    for (size_t i = 0; i < edges->n && i < max; i++)
        copy_figures(edges->list[i].edge, &out[i]);
    return edges->n;
}
