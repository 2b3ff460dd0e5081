/* health.c - the health thread: starts, takes messages, ends.
 *
 * Everything is made by the caller of health_start and freed by the caller of health_stop; between
 * the two it belongs to the thread. What is probed is left to roster.c and unit.c, what the world
 * hears of it to tell.c. */
#include <waymark/health.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>

#include <waymark/conf.h>
#include <waymark/log.h>
#include <waymark/thread.h>
#include <waymark/world.h>

#include "fetcher.h"
#include "resolve.h"
#include "roster.h"
#include "saved.h"
#include "tell.h"
#include "thread.h"
#include "unit.h"

/* The conf of the hub's current world, referenced. */
static struct conf *current_conf(struct world_hub *hub)
{
    struct world_hold *hold;
    const struct world *world = world_hold(hub, &hold);
    struct conf *conf = world == NULL ? NULL : conf_ref(world->base->conf);

    if (world != NULL)
        world_release(hold);
    return conf;
}

static size_t count_checked(const struct roster *roster)
{
    size_t n = 0;

    for (size_t i = 0; i < roster->n; i++)
        n += roster->units[i]->check != NULL;
    return n;
}

/* Those that do not run yet. */
static void start_units(struct roster *roster)
{
    size_t n = count_checked(roster);

    for (size_t i = 0; i < roster->n; i++) {
        struct unit *unit = roster->units[i];
        if (unit->check != NULL && !event_initialized(&unit->timer))
            unit_start(unit, n);
    }
}

static bool has_same_resolvers(const struct conf *a, const struct conf *b)
{
    size_t n = a->health.n_resolvers;

    if (n != b->health.n_resolvers)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!endpoint_equal(&a->health.resolvers[i], &b->health.resolvers[i]))
            return false;
    return true;
}

static void replace_resolver(struct health *h, const struct conf *conf)
{
    struct resolver *resolver;
    char why[WHY_LEN];

    if (resolver_new(h->base, conf->health.resolvers, conf->health.n_resolvers, &resolver, why) !=
        0) {
        log_line(LOG_LEVEL_ERROR, "health: the former resolvers stay: %s", why);
        return;
    }
    resolver_free(h->tools.resolver);
    h->tools.resolver = resolver;
}

static void swap_roster(struct health *h, struct roster *roster)
{
    struct roster *old = h->roster;
    size_t n_gone = 0;

    pthread_mutex_lock(&h->lock);
    roster_take_over(roster, old);
    h->roster = roster;
    for (size_t i = 0; i < old->n; i++)
        n_gone += old->units[i]->probe != NULL;
    h->figures.in_flight -= n_gone;
    pthread_mutex_unlock(&h->lock);
    roster_free(old);
}

static void reload(struct health *h)
{
    struct conf *conf = current_conf(h->hub);
    struct roster *roster;

    if (conf == NULL || conf == h->conf) {
        conf_unref(conf);
        return;
    }
    roster = roster_new(h, conf);
    if (roster == NULL || tell_resize(h, roster->n) != 0) {
        log_line(LOG_LEVEL_ERROR, "health: out of memory: the former targets are probed on");
        roster_free(roster);
        conf_unref(conf);
        return;
    }
    if (!has_same_resolvers(conf, h->conf))
        replace_resolver(h, conf);
    swap_roster(h, roster);
    fetchers_drop_idle(h->tools.fetchers);
    conf_unref(h->conf);
    h->conf = conf;
    start_units(h->roster);
    tell_all(h);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct health *h = ctx;
    uint64_t n;

    if (read(fd, &n, sizeof n) < 0)
        return; /* woken for nothing */
    if (atomic_load(&h->wants_stop))
        event_base_loopbreak(h->base);
    else if (atomic_exchange(&h->wants_reload, false))
        reload(h);
}

static void *run(void *ctx)
{
    struct health *h = ctx;

    event_base_dispatch(h->base);
    return NULL;
}

static int make_tools(struct health *h, char why[static WHY_LEN])
{
    h->base = event_base_new();
    if (h->base == NULL)
        return why_set(why, -ENOMEM, "health: cannot make an event loop");
    h->tools.base = h->base;
    h->tools.fetchers = fetchers_new(h->base);
    if (h->tools.fetchers == NULL)
        return why_set(why, -ENOMEM, "health: out of memory");
    event_assign(&h->wake, h->base, h->wake_fd, EV_READ | EV_PERSIST, on_wake, h);
    if (event_add(&h->wake, NULL) != 0)
        return why_set(why, -ENOMEM, "health: cannot watch for messages");
    return resolver_new(h->base, h->conf->health.resolvers, h->conf->health.n_resolvers,
                        &h->tools.resolver, why);
}

static int make_health(struct health *h, char why[static WHY_LEN])
{
    uint64_t seed;
    int err = rng_secret(&seed, sizeof seed);

    if (err != 0)
        return why_set(why, err, "health: no random numbers: %s", strerror(-err));
    rng_seed(&h->rng, seed);
    turns_init(&h->turns);
    h->has_lock = pthread_mutex_init(&h->lock, NULL) == 0;
    h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!h->has_lock || h->wake_fd < 0)
        return why_set(why, -EMFILE, "health: cannot make a lock and an eventfd");
    h->conf = current_conf(h->hub);
    if (h->conf == NULL)
        return why_set(why, -EINVAL, "health: there is no world yet");
    err = make_tools(h, why);
    if (err != 0)
        return err;
    h->roster = roster_new(h, h->conf);
    if (h->roster == NULL || tell_resize(h, h->roster->n) != 0)
        return why_set(why, -ENOMEM, "health: out of memory");
    return 0;
}

int health_start(struct world_hub *hub, struct health **out, char why[static WHY_LEN])
{
    struct health *h = calloc(1, sizeof *h);
    int err;

    if (h == NULL)
        return why_set(why, -ENOMEM, "health: out of memory");
    h->hub = hub;
    h->wake_fd = -1;
    TAILQ_INIT(&h->turns.line);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return why_set(why, -ENOMEM, "health: libcurl does not start");
    }
    err = make_health(h, why);
    if (err != 0)
        goto fail;
    tell_init(h);
    saved_restore(h);
    start_units(h->roster);
    tell_all(h);
    err = thread_start(&h->thread, "health", run, h);
    if (err != 0) {
        why_set(why, err, "health: cannot start a thread: %s", strerror(-err));
        goto fail;
    }
    h->has_thread = true;
    *out = h;
    return 0;
fail:
    health_stop(h);
    return err;
}

static void wake(struct health *h)
{
    uint64_t one = 1;

    if (write(h->wake_fd, &one, sizeof one) < 0)
        return; /* it is full: the thread will wake */
}

void health_reload(struct health *health)
{
    atomic_store(&health->wants_reload, true);
    wake(health);
}

/* evdns hands back its memory in the loop. */
static void free_loop(struct health *h)
{
    if (h->base == NULL)
        return;
    resolver_free(h->tools.resolver);
    fetchers_free(h->tools.fetchers);
    if (event_initialized(&h->wake))
        event_del(&h->wake);
    for (int i = 0; i < 3; i++)
        event_base_loop(h->base, EVLOOP_NONBLOCK);
    event_base_free(h->base);
}

void health_stop(struct health *health)
{
    if (health == NULL)
        return;
    if (health->has_thread) {
        atomic_store(&health->wants_stop, true);
        wake(health);
        pthread_join(health->thread, NULL);
    }
    saved_close(health);
    roster_free(health->roster);
    tell_fini(health);
    free_loop(health);
    conf_unref(health->conf);
    if (health->wake_fd >= 0)
        close(health->wake_fd);
    if (health->has_lock)
        pthread_mutex_destroy(&health->lock);
    free(health);
    curl_global_cleanup();
}

size_t health_statuses(struct health *health, struct health_status *out, size_t max)
{
    pthread_mutex_lock(&health->lock);
    size_t n = health->roster->n;
    for (size_t i = 0; i < n && i < max; i++)
        out[i] = health->roster->units[i]->status;
    pthread_mutex_unlock(&health->lock);
    return n;
}

struct health_figures health_figures(struct health *health)
{
    pthread_mutex_lock(&health->lock);
    struct health_figures figures = health->figures;
    pthread_mutex_unlock(&health->lock);
    return figures;
}
