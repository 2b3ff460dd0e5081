/* farm_thread.c - a loop, its turn, and a place for one order at a time. */
#include "farm_thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/rcu.h>
#include <waymark/thread.h>

#include "edge_log.h"
#include "edge_one.h"

enum { THREAD_MAGIC = 0xed6e74, TURN_MS = 250 };

struct farm_thread {
    uint32_t magic;
    size_t number;
    pthread_t thread;
    bool is_running;
    int wake_fd;
    struct event *wake, *turn;
    pthread_mutex_t lock; /* guards the order */
    pthread_cond_t done;
    void (*order)(struct farm_thread *t, void *ctx);
    void *order_ctx;
    bool must_stop;
    struct edge *edges[FARM_EDGES_MAX];
    size_t n_edges;
    struct edge_thread kit;
};

static struct farm_thread *thread_of(void *arg)
{
    struct farm_thread *t = arg;

    assert(t->magic == THREAD_MAGIC);
    return t;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct farm_thread *t = thread_of(arg);
    int64_t now_us = clock_steady_us();

    for (size_t i = 0; i < t->n_edges; i++)
        edge_turn(t->edges[i], now_us);
    if (t->kit.log != NULL)
        edge_log_flush(t->kit.log);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct farm_thread *t = thread_of(arg);
    uint64_t n;

    if (read(fd, &n, sizeof n) != sizeof n)
        return;
    pthread_mutex_lock(&t->lock);
    if (t->order != NULL) {
        t->order(t, t->order_ctx);
        t->order = NULL;
        pthread_cond_signal(&t->done);
    }
    if (t->must_stop)
        event_base_loopbreak(t->kit.base);
    pthread_mutex_unlock(&t->lock);
}

static void wake(struct farm_thread *t)
{
    static const uint64_t one = 1;
    ssize_t n = write(t->wake_fd, &one, sizeof one);

    assert(n == sizeof one);
}

void farm_thread_do(struct farm_thread *t, void (*run)(struct farm_thread *t, void *ctx), void *ctx)
{
    if (!t->is_running) {
        run(t, ctx);
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->order = run;
    t->order_ctx = ctx;
    wake(t);
    while (t->order != NULL)
        pthread_cond_wait(&t->done, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

static int open_loop(struct farm_thread *t, char why[static WHY_LEN])
{
    static const struct timeval turn = { .tv_usec = TURN_MS * 1000 };
    struct event_config *c = event_config_new();

    if (c != NULL) {
        event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);
        t->kit.base = event_base_new_with_config(c);
        event_config_free(c);
    }
    t->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->kit.base == NULL || t->wake_fd < 0)
        return why_set(why, -ENOMEM, "cannot open the event loop of an edge thread");
    t->wake = event_new(t->kit.base, t->wake_fd, EV_READ | EV_PERSIST, on_wake, t);
    t->turn = event_new(t->kit.base, -1, EV_PERSIST, on_turn, t);
    t->kit.fetchers = edge_fetchers_new(t->kit.base);
    if (t->wake == NULL || t->turn == NULL || t->kit.fetchers == NULL ||
        event_add(t->wake, NULL) != 0 || event_add(t->turn, &turn) != 0)
        return why_set(why, -ENOMEM, "cannot open the event loop of an edge thread");
    return 0;
}

int farm_thread_new(size_t number, void *const *world, struct farm_thread **out,
                    char why[static WHY_LEN])
{
    struct farm_thread *t = calloc(1, sizeof *t);

    if (t == NULL)
        return why_set(why, -ENOMEM, "cannot make an edge thread: out of memory");
    t->magic = THREAD_MAGIC;
    t->number = number;
    t->wake_fd = -1;
    t->kit.world = world;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->done, NULL);
    int err = open_loop(t, why);
    if (err != 0) {
        farm_thread_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void farm_thread_free(struct farm_thread *t)
{
    if (t == NULL)
        return;
    farm_thread_stop(t);
    while (t->n_edges > 0)
        edge_free(t->edges[--t->n_edges]);
    edge_fetchers_free(t->kit.fetchers);
    edge_log_close(t->kit.log);
    lines_fini(&t->kit.out);
    if (t->wake != NULL)
        event_free(t->wake);
    if (t->turn != NULL)
        event_free(t->turn);
    if (t->kit.base != NULL)
        event_base_free(t->kit.base);
    if (t->wake_fd >= 0)
        close(t->wake_fd);
    pthread_cond_destroy(&t->done);
    pthread_mutex_destroy(&t->lock);
    t->magic = 0;
    free(t);
}

static void *run(void *arg)
{
    struct farm_thread *t = thread_of(arg);

    rcu_thread_enter();
    event_base_dispatch(t->kit.base);
    rcu_thread_leave();
    return NULL;
}

int farm_thread_start(struct farm_thread *t, char why[static WHY_LEN])
{
    char name[16];

    snprintf(name, sizeof name, "edge/%u", (unsigned)(t->number % 100000));
    int err = thread_start(&t->thread, name, run, t);
    if (err != 0)
        return why_set(why, err,
                       "cannot start an edge thread: %s; lower server.edge_threads or raise the "
                       "limit of threads (TasksMax=, `ulimit -u`)",
                       strerror(-err));
    t->is_running = true;
    return 0;
}

void farm_thread_stop(struct farm_thread *t)
{
    if (!t->is_running)
        return;
    pthread_mutex_lock(&t->lock);
    t->must_stop = true;
    wake(t);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    t->is_running = false;
}

struct edge_thread *farm_thread_kit(struct farm_thread *t)
{
    return &t->kit;
}

void farm_thread_add(struct farm_thread *t, struct edge *e)
{
    assert(t->n_edges < FARM_EDGES_MAX);
    t->edges[t->n_edges++] = e;
}

void farm_thread_remove(struct farm_thread *t, struct edge *e)
{
    for (size_t i = 0; i < t->n_edges; i++) {
        if (t->edges[i] != e)
            continue;
        t->edges[i] = t->edges[--t->n_edges];
        return;
    }
}

void farm_thread_set_log(struct farm_thread *t, struct edge_log *log)
{
    edge_log_close(t->kit.log);
    t->kit.log = log;
}
