/* edge_one.c - one edge. Edge thread, but for what farm.c does before it runs. */
#include "edge_one.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <openssl/ssl.h>

#include <waymark/rcu.h>
#include <waymark/steer.h>
#include <waymark/world.h>

#include "flight.h"
#include "listener.h"
#include "purges.h"
#include "session.h"

enum { FILES_OF_OTHERS = 1100 }; /* DNS, probes, control, the log */

/* A quarter is left to fetches; nobody's clients take the descriptors of the rest of the server. */
static uint64_t clients_that_fit(size_t n_edges)
{
    struct rlimit limit;
    uint64_t files = 1024;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        files = limit.rlim_cur;
    files = files > 2 * FILES_OF_OTHERS ? files - FILES_OF_OTHERS : files / 2;
    uint64_t fits = files / 4 * 3 / n_edges;
    return fits < 1 ? 1 : fits > EDGE_CONNECTIONS_MAX ? EDGE_CONNECTIONS_MAX : fits;
}

static struct store *new_store(const struct conf_edge *what)
{
    uint8_t octets[HASH_KEY_LEN];
    struct hash_key key;

    if (getrandom(octets, sizeof octets, 0) != sizeof octets)
        return NULL;
    hash_key_init(&key, octets);
    return store_new((uint64_t)what->cache_mb << 20, &key);
}

struct edge *edge_new(struct edge_thread *thread, struct farm_purges *purges, struct conf *conf,
                      size_t index)
{
    struct edge *e = calloc(1, sizeof *e);

    if (e == NULL)
        return NULL;
    TAILQ_INIT(&e->sessions);
    origin_trouble_init(&e->origin);
    e->thread = thread;
    e->purges = purges;
    e->conf = conf_ref(conf);
    e->what = &conf->edges[index];
    e->clients_max = clients_that_fit(conf->n_edges);
    snprintf(e->pop, sizeof e->pop, "%s", conf->targets[e->what->target].name);
    e->store = new_store(e->what);
    e->purge = purge_new();
    e->counts = calloc(1, sizeof *e->counts);
    if (e->store == NULL || e->purge == NULL || e->counts == NULL) {
        edge_free(e);
        return NULL;
    }
    e->purges_seen = purges_newest(purges);
    return e;
}

void edge_free(struct edge *e)
{
    if (e == NULL)
        return;
    edge_stop_listening(e);
    sessions_end(e);
    flights_end(e);
    store_free(e->store);
    purge_free(e->purge);
    SSL_CTX_free(e->tls);
    free(e->counts);
    origin_trouble_fini(&e->origin);
    conf_unref(e->conf);
    free(e);
}

void edge_set_conf(struct edge *e, struct conf *conf, size_t index)
{
    conf_ref(conf);
    conf_unref(e->conf);
    e->conf = conf;
    e->what = &conf->edges[index];
    e->clients_max = clients_that_fit(conf->n_edges);
    store_set_limit(e->store, (uint64_t)e->what->cache_mb << 20);
}

void edge_set_tls(struct edge *e, struct ssl_ctx_st *tls)
{
    SSL_CTX_free(e->tls);
    e->tls = tls;
}

void edge_listen(struct edge *e, struct listener *listeners)
{
    e->listeners = listeners;
    listeners_open(listeners);
}

void edge_stop_listening(struct edge *e)
{
    listeners_free(e->listeners);
    e->listeners = NULL;
}

static void publish(uint64_t *cell, uint64_t value)
{
    __atomic_store_n(cell, value, __ATOMIC_RELAXED);
}

void edge_turn(struct edge *e, int64_t now_us)
{
    edge_sync_purges(e);
    sessions_tick(e, now_us);
    store_set_limit(e->store, store_limit(e->store)); /* what was in use when it shrank leaves now */
    publish(&e->counts->store_bytes, store_bytes(e->store));
    publish(&e->counts->store_limit, store_limit(e->store));
    publish(&e->counts->store_objects, store_objects(e->store));
    publish(&e->counts->evicted_objects, store_evicted(e->store));
}

/* ---- for flights and steps ---- */

static bool has_keyed_fields(const struct edge *e)
{
    for (size_t i = 0; i < e->what->n_routes; i++)
        if (e->what->routes[i].n_headers > 0 || e->what->routes[i].n_cookies > 0)
            return true;
    return false;
}

void edge_invalidate(struct edge *e, struct http_text url)
{
    struct object_key key = { url, url.len, store_hash(e->store, url) };
    struct object *o;

    flight_forget(e, url);
    while ((o = store_first(e->store, &key)) != NULL)
        store_remove(e->store, o);
    if (!has_keyed_fields(e))
        return;
    purge_add(e->purge, PURGE_URL, url, false, purges_next(e->purges, e));
}

/* The world's configuration may be another than ours while a reload is under way: by name. */
static bool is_target_up(const struct world *world, const char *name)
{
    const struct conf *conf = world->base->conf;

    for (size_t i = 0; i < conf->n_targets; i++) {
        if (strcmp(conf->targets[i].name, name) != 0)
            continue;
        return steer_is_up(&conf->targets[i], steer_inputs_health(world->inputs, (int)i), 0);
    }
    return true;
}

bool edge_is_up(const struct edge *e, int edge_index)
{
    bool is_up = true;

    if (e->thread->world == NULL)
        return true;
    const char *name = e->conf->targets[e->conf->edges[edge_index].target].name;
    rcu_online();
    const struct world *world = rcu_read(e->thread->world);
    if (world != NULL)
        is_up = is_target_up(world, name);
    rcu_offline();
    return is_up;
}
