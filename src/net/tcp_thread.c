/* tcp_thread.c - one thread with one libevent loop. Sockets are opened on main, before privileges
 * drop; events and all else on the loop belong to the thread. Clients are tcp_server.c's business.
 */
#include "tcp_thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>

#include "net_bind.h"
#include "net_kit.h"
#include "net_thread.h"
#include "tcp_server.h"

enum { THREAD_MAGIC = 0x3052c0de, TURN_MS = 500 };

struct tcp_thread {
    uint32_t magic;
    const struct net_config *config;
    size_t number;
    pthread_t thread;
    bool is_running;
    int stop_fd; /* an eventfd: main writes, the loop ends */
    int *fds;
    struct event *stop_event, *turn_event;
    struct tcp_server *server;
    /* Written by the thread all the time: lines of their own. */
    _Alignas(NET_CACHE_LINE) struct net_kit kit;
    int64_t turned_us; /* relaxed atomic */
};

static struct tcp_thread *thread_of(void *arg)
{
    struct tcp_thread *t = arg;

    assert(t->magic == THREAD_MAGIC);
    return t;
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    event_base_loopbreak(thread_of(arg)->kit.base);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_thread *t = thread_of(arg);
    int64_t now_us = clock_steady_us();

    __atomic_store_n(&t->turned_us, now_us, __ATOMIC_RELAXED);
    tcp_server_turn(t->server, now_us);
}

/* A base that only its own thread touches needs no locks. */
static bool open_loop(struct tcp_thread *t)
{
    static const struct timeval turn = { .tv_usec = TURN_MS * 1000 };
    struct event_config *c = event_config_new();

    if (c == NULL)
        return false;
    event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);
    t->kit.base = event_base_new_with_config(c);
    event_config_free(c);
    if (t->kit.base == NULL)
        return false;
    t->stop_event = event_new(t->kit.base, t->stop_fd, EV_READ, on_stop, t);
    t->turn_event = event_new(t->kit.base, -1, EV_PERSIST, on_turn, t);
    if (t->stop_event == NULL || t->turn_event == NULL)
        return false;
    t->server = tcp_server_new(&t->kit, t->fds, t->config->n_listen, t->config);
    return t->server != NULL && event_add(t->stop_event, NULL) == 0 &&
           event_add(t->turn_event, &turn) == 0;
}

static void free_event(struct event **e)
{
    if (*e != NULL)
        event_free(*e);
    *e = NULL;
}

static void close_loop(struct tcp_thread *t)
{
    tcp_server_free(t->server);
    t->server = NULL;
    free_event(&t->stop_event);
    free_event(&t->turn_event);
    if (t->kit.base != NULL)
        event_base_free(t->kit.base);
    t->kit.base = NULL;
}

static void *run(void *arg)
{
    struct tcp_thread *t = thread_of(arg);

    rcu_thread_enter();
    event_base_dispatch(t->kit.base);
    rcu_thread_leave();
    return NULL;
}

int tcp_thread_start(struct tcp_thread *t, char why[static WHY_LEN])
{
    assert(!t->is_running);
    t->turned_us = clock_steady_us();
    if (!open_loop(t)) {
        close_loop(t);
        return why_set(why, -ENOMEM, "cannot open the event loop of a DNS worker: out of memory");
    }
    int err = net_thread_start(&t->thread, "tcp", t->number, run, t, why);
    if (err != 0)
        close_loop(t);
    t->is_running = err == 0;
    return err;
}

void tcp_thread_stop(struct tcp_thread *t)
{
    static const uint64_t one = 1;

    if (t == NULL || !t->is_running)
        return;
    ssize_t n = write(t->stop_fd, &one, sizeof one);
    assert(n == sizeof one); /* an eventfd takes 2^64 - 2 of them */
    pthread_join(t->thread, NULL);
    t->is_running = false;
    close_loop(t);
}

static struct tcp_thread *allocate(const struct net_config *config)
{
    struct tcp_thread *t = aligned_alloc(_Alignof(struct tcp_thread), sizeof *t);

    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof *t);
    t->magic = THREAD_MAGIC;
    t->config = config;
    t->stop_fd = -1;
    t->fds = calloc(config->n_listen, sizeof *t->fds);
    for (size_t i = 0; i < config->n_listen && t->fds != NULL; i++)
        t->fds[i] = -1;
    return t;
}

int tcp_thread_new(const struct net_config *config, size_t worker, struct dns_desk *desk,
                   struct tcp_thread **out, char why[static WHY_LEN])
{
    struct tcp_thread *t = allocate(config);
    int err = 0;

    if (t == NULL || t->fds == NULL) {
        err = why_set(why, -ENOMEM, "cannot make a DNS worker: out of memory");
        goto fail;
    }
    t->number = worker;
    t->kit.world = config->world;
    t->kit.desk = desk;
    t->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->stop_fd < 0) {
        err = why_set(why, -errno, "cannot make a DNS worker: %s", strerror(errno));
        goto fail;
    }
    for (size_t i = 0; i < config->n_listen && err == 0; i++)
        err = net_bind_tcp(&config->listen[i], config->tcp_idle_s, &t->fds[i], why);
    if (err != 0)
        goto fail;
    *out = t;
    return 0;
fail:
    tcp_thread_free(t);
    return err;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void tcp_thread_free(struct tcp_thread *t)
{
    if (t == NULL)
        return;
    assert(!t->is_running);
    for (size_t i = 0; t->fds != NULL && i < t->config->n_listen; i++)
        close_fd(t->fds[i]);
    close_fd(t->stop_fd);
    free(t->fds);
    t->magic = 0;
    free(t);
}

const struct net_counts *tcp_thread_counts(const struct tcp_thread *t)
{
    return &t->kit.counts;
}

int64_t tcp_thread_turned_us(const struct tcp_thread *t)
{
    return __atomic_load_n(&t->turned_us, __ATOMIC_RELAXED);
}
