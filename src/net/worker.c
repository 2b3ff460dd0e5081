/* worker.c - one thread with one libevent loop. Sockets are opened on main, before privileges drop;
 * events and all else on the loop belong to the thread. Batches are udp_batch.c's business, TCP
 * clients tcp_server.c's. */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>
#include <waymark/thread.h>

#include "net_bind.h"
#include "net_kit.h"
#include "tcp_server.h"
#include "udp_batch.h"

enum {
    PORT_MAGIC = 0x0d9c035,
    WORKER_MAGIC = 0x3052c0de,
    BATCHES_PER_WAKE = 16, /* then TCP has its turn */
    TURN_MS = 500
};

/* One UDP socket. */
struct port {
    uint32_t magic;
    int fd;
    bool is_wildcard;
    struct worker *worker;
    struct event *event;
};

struct worker {
    uint32_t magic;
    const struct net_config *config;
    size_t number;
    pthread_t thread;
    bool is_running;
    int stop_fd;       /* an eventfd: main writes, the loop ends */
    int64_t turned_us; /* relaxed atomic */
    struct port *ports;
    int *tcp_fds;
    struct event *stop_event, *turn_event;
    struct tcp_server *tcp;
    struct udp_batch *batch;
    _Alignas(64) struct net_kit kit; /* its counters: a cache line of their own */
};

static struct worker *worker_of(void *arg)
{
    struct worker *w = arg;

    assert(w->magic == WORKER_MAGIC);
    return w;
}

static struct port *port_of(void *arg)
{
    struct port *p = arg;

    assert(p->magic == PORT_MAGIC);
    return p;
}

/* Receive, answer, send. Returns how many datagrams there were. */
static size_t serve_batch(struct worker *w, const struct port *port)
{
    struct udp_batch *b = w->batch;
    size_t n = udp_batch_receive(b, port->fd, port->is_wildcard, &w->kit.counts);

    if (b->n == 0)
        return n;
    w->kit.desk->now_ms = clock_wall_ms();
    dns_answer_batch(rcu_read(w->kit.world), w->kit.desk, b->in, b->out, b->n);
    rcu_quiescent();
    udp_batch_send(b, port->fd, &w->kit.counts);
    return n;
}

/* Offline before the loop may sleep: an online thread that sleeps stalls every writer. */
static void on_datagrams(evutil_socket_t fd, short what, void *arg)
{
    const struct port *port = port_of(arg);

    rcu_online();
    for (int i = 0; i < BATCHES_PER_WAKE; i++)
        if (serve_batch(port->worker, port) < UDP_BATCH)
            break;
    rcu_offline();
}

/* Hundreds of TCP clients that pipeline would keep every datagram waiting for all of them. */
static void serve_datagrams(struct net_kit *kit)
{
    struct worker *w = worker_of((char *)kit - offsetof(struct worker, kit));

    kit->tcp_work = 0;
    for (size_t i = 0; i < w->config->n_listen; i++)
        on_datagrams(w->ports[i].fd, EV_READ, &w->ports[i]);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    event_base_loopbreak(worker_of(arg)->kit.base);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = worker_of(arg);
    int64_t now_us = clock_steady_us();

    __atomic_store_n(&w->turned_us, now_us, __ATOMIC_RELAXED);
    tcp_server_turn(w->tcp, now_us);
}

static bool listen_udp(struct worker *w)
{
    for (size_t i = 0; i < w->config->n_listen; i++) {
        struct port *p = &w->ports[i];
        p->event = event_new(w->kit.base, p->fd, EV_READ | EV_PERSIST, on_datagrams, p);
        if (p->event == NULL || event_add(p->event, NULL) != 0)
            return false;
    }
    return true;
}

/* A base that only its own thread touches needs no locks. */
static bool open_loop(struct worker *w)
{
    static const struct timeval turn = { .tv_usec = TURN_MS * 1000 };
    struct event_config *c = event_config_new();

    if (c == NULL)
        return false;
    event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);
    w->kit.base = event_base_new_with_config(c);
    event_config_free(c);
    if (w->kit.base == NULL)
        return false;
    w->stop_event = event_new(w->kit.base, w->stop_fd, EV_READ, on_stop, w);
    w->turn_event = event_new(w->kit.base, -1, EV_PERSIST, on_turn, w);
    if (w->stop_event == NULL || w->turn_event == NULL)
        return false;
    w->tcp = tcp_server_new(&w->kit, w->tcp_fds, w->config->n_listen, w->config);
    return w->tcp != NULL && listen_udp(w) && event_add(w->stop_event, NULL) == 0 &&
           event_add(w->turn_event, &turn) == 0;
}

static void free_event(struct event **e)
{
    if (*e != NULL)
        event_free(*e);
    *e = NULL;
}

static void close_loop(struct worker *w)
{
    tcp_server_free(w->tcp);
    w->tcp = NULL;
    for (size_t i = 0; i < w->config->n_listen; i++)
        free_event(&w->ports[i].event);
    free_event(&w->stop_event);
    free_event(&w->turn_event);
    if (w->kit.base != NULL)
        event_base_free(w->kit.base);
    w->kit.base = NULL;
}

static void *run(void *arg)
{
    struct worker *w = worker_of(arg);

    rcu_thread_enter();
    event_base_dispatch(w->kit.base);
    rcu_thread_leave();
    return NULL;
}

int worker_start(struct worker *w, char why[static WHY_LEN])
{
    char name[16];

    assert(!w->is_running);
    w->turned_us = clock_steady_us();
    if (!open_loop(w)) {
        close_loop(w);
        return why_set(why, -ENOMEM, "cannot open the event loop of a DNS worker: out of memory");
    }
    snprintf(name, sizeof name, "dns/%u", (unsigned)(w->number % 100000));
    int err = thread_start(&w->thread, name, run, w);
    if (err != 0) {
        close_loop(w);
        return why_set(why, err,
                       "cannot start a DNS worker: %s; lower server.threads or raise "
                       "the limit of threads (TasksMax=, `ulimit -u`)",
                       strerror(-err));
    }
    w->is_running = true;
    return 0;
}

void worker_stop(struct worker *w)
{
    static const uint64_t one = 1;

    if (!w->is_running)
        return;
    ssize_t n = write(w->stop_fd, &one, sizeof one);
    assert(n == sizeof one); /* an eventfd takes 2^64 - 2 of them */
    pthread_join(w->thread, NULL);
    w->is_running = false;
    close_loop(w);
}

static int bind_sockets(struct worker *w, char why[static WHY_LEN])
{
    int err = 0;

    for (size_t i = 0; i < w->config->n_listen && err == 0; i++) {
        const struct endpoint *at = &w->config->listen[i];
        w->ports[i].is_wildcard = net_is_wildcard(at);
        err = net_bind_udp(at, &w->ports[i].fd, why);
        if (err == 0)
            err = net_bind_tcp(at, w->config->tcp_idle_s, &w->tcp_fds[i], why);
    }
    return err;
}

/* Cache lines of their own: counters of one worker never slow another down. */
static struct worker *allocate(const struct net_config *config, size_t number)
{
    struct worker *w = aligned_alloc(_Alignof(struct worker), sizeof *w);

    if (w == NULL)
        return NULL;
    memset(w, 0, sizeof *w);
    w->magic = WORKER_MAGIC;
    w->config = config;
    w->number = number;
    w->kit.world = config->world;
    w->kit.serve_datagrams = serve_datagrams;
    w->kit.desk = config->desks[number];
    w->stop_fd = -1;
    w->ports = calloc(config->n_listen, sizeof *w->ports);
    w->tcp_fds = calloc(config->n_listen, sizeof *w->tcp_fds);
    w->batch = malloc(sizeof *w->batch);
    for (size_t i = 0; i < config->n_listen; i++) {
        if (w->ports != NULL)
            w->ports[i] = (struct port){ .magic = PORT_MAGIC, .fd = -1, .worker = w };
        if (w->tcp_fds != NULL)
            w->tcp_fds[i] = -1;
    }
    return w;
}

int worker_new(const struct net_config *config, size_t number, struct worker **out,
               char why[static WHY_LEN])
{
    struct worker *w = allocate(config, number);
    int err = -ENOMEM;

    if (w == NULL || w->ports == NULL || w->tcp_fds == NULL || w->batch == NULL) {
        why_set(why, err, "cannot make a DNS worker: out of memory");
        goto fail;
    }
    udp_batch_init(w->batch);
    w->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->stop_fd < 0) {
        err = why_set(why, -errno, "cannot make a DNS worker: %s", strerror(errno));
        goto fail;
    }
    err = bind_sockets(w, why);
    if (err != 0)
        goto fail;
    *out = w;
    return 0;
fail:
    worker_free(w);
    return err;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    assert(!w->is_running);
    for (size_t i = 0; w->ports != NULL && i < w->config->n_listen; i++)
        close_fd(w->ports[i].fd);
    for (size_t i = 0; w->tcp_fds != NULL && i < w->config->n_listen; i++)
        close_fd(w->tcp_fds[i]);
    close_fd(w->stop_fd);
    free(w->ports);
    free(w->tcp_fds);
    free(w->batch);
    w->magic = 0;
    free(w);
}

const struct net_counts *worker_counts(const struct worker *w)
{
    return &w->kit.counts;
}

int64_t worker_turned_us(const struct worker *w)
{
    return __atomic_load_n(&w->turned_us, __ATOMIC_RELAXED);
}
