/* udp_thread.c - a loop with a thread and sockets of its own; main makes and ends it. What the loop
 * does is udp_loop.c. */
#include "udp_thread.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/rcu.h>

#include "net_cpu.h"
#include "net_thread.h"
#include "udp_loop.h"
#include "udp_socket.h"

/* Two addresses in both families; each thread has 300 KB of buffers. */
enum { UDP_THREADS_MAX = 4, THREAD_MAGIC = 0x0d9c035 };

struct udp_thread {
    uint32_t magic;
    const struct net_config *config;
    bool is_running;
    size_t number; /* among all */
    size_t worker;
    pthread_t thread;
    struct udp_room *room;
    struct udp_loop loop;
};

size_t udp_threads_per_worker(size_t n_listen)
{
    return n_listen <= UDP_THREADS_MAX ? n_listen : 1;
}

static struct udp_thread *allocate(void)
{
    struct udp_thread *t = aligned_alloc(_Alignof(struct udp_thread), sizeof *t);

    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof *t);
    t->magic = THREAD_MAGIC;
    return t;
}

static int open_ports(struct udp_thread *t, const struct endpoint *at, size_t n,
                      char why[static WHY_LEN])
{
    int err = 0;

    t->room = udp_room_new();
    t->loop.ports = calloc(n, sizeof(struct udp_port *));
    if (n > 1)
        t->loop.waiting = calloc(n, sizeof *t->loop.waiting);
    if (t->room == NULL || t->loop.ports == NULL || (n > 1 && t->loop.waiting == NULL))
        return why_set(why, -ENOMEM, "cannot make a DNS worker: out of memory");
    for (; t->loop.n_ports < n && err == 0; t->loop.n_ports += err == 0)
        err = udp_socket_open(&at[t->loop.n_ports], t->room, &t->loop.ports[t->loop.n_ports], why);
    return err;
}

/* The last one to bind an address tells for all of its sockets. */
static int steer_by_cpu(const struct udp_thread *t, const struct endpoint *at,
                        char why[static WHY_LEN])
{
    size_t n = t->config->n_workers;
    int cpus[NET_CPU_WORKERS], err = 0;

    if (!t->config->steers_by_cpu || t->worker + 1 < n)
        return 0;
    for (size_t i = 0; i < n && err == 0; i++)
        err = net_cpu_of(i, &cpus[i], why);
    for (size_t i = 0; i < t->loop.n_ports && err == 0; i++) {
        assert(t->loop.ports[i] != NULL);
        if (net_cpu_has_queues(&at[i]))
            err = net_cpu_steer(t->loop.ports[i]->fd, cpus, n, why);
    }
    return err;
}

int udp_thread_new(const struct net_config *config, size_t number, struct dns_desk *desk,
                   struct udp_thread **out, char why[static WHY_LEN])
{
    size_t of_worker = udp_threads_per_worker(config->n_listen);
    size_t n_ports = config->n_listen / of_worker; /* 1, or all */
    struct udp_thread *t = allocate();

    if (t == NULL)
        return why_set(why, -ENOMEM, "cannot make a DNS worker: out of memory");
    t->config = config;
    t->number = number;
    t->worker = number / of_worker;
    t->loop.world = config->world;
    t->loop.desk = desk;
    const struct endpoint *at = &config->listen[number % of_worker];
    int err = open_ports(t, at, n_ports, why);
    if (err == 0)
        err = steer_by_cpu(t, at, why);
    if (err != 0) {
        udp_thread_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void udp_thread_free(struct udp_thread *t)
{
    if (t == NULL)
        return;
    assert(t->magic == THREAD_MAGIC && !t->is_running);
    for (size_t i = 0; i < t->loop.n_ports; i++)
        udp_port_close(t->loop.ports[i]);
    free(t->loop.ports);
    free(t->loop.waiting);
    udp_room_free(t->room);
    t->magic = 0;
    free(t);
}

static void *run(void *arg)
{
    struct udp_thread *t = arg;

    assert(t->magic == THREAD_MAGIC);
    rcu_thread_enter();
    udp_loop_run(&t->loop);
    rcu_thread_leave();
    return NULL;
}

static int pin(const struct udp_thread *t, char why[static WHY_LEN])
{
    int cpu = 0, err = net_cpu_of(t->worker, &cpu, why);

    return err != 0 ? err : net_cpu_pin(t->thread, cpu, why);
}

int udp_thread_start(struct udp_thread *t, char why[static WHY_LEN])
{
    assert(!t->is_running && !t->loop.is_stopping);
    int err = net_thread_start(&t->thread, "udp", t->number, run, t, why);
    t->is_running = err == 0;
    if (err == 0 && t->config->pins_threads)
        err = pin(t, why);
    return err;
}

void udp_thread_stop(struct udp_thread *t)
{
    if (t == NULL || !t->is_running)
        return;
    udp_loop_stop(&t->loop);
    pthread_join(t->thread, NULL);
    t->is_running = false;
}

const struct net_counts *udp_thread_counts(const struct udp_thread *t)
{
    return &t->loop.counts;
}

int64_t udp_thread_turned_us(struct udp_thread *t, int64_t now_us)
{
    return udp_loop_turned_us(&t->loop, now_us);
}
