/* limits.c - cores and file descriptors. Main thread, at the start. */
#include "limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <waymark/log.h>

enum {
    FILES_BESIDE = 1100, /* probes, control and metrics clients, databases, the log */
    FILES_EDGE = 65536,  /* clients and fetches of one edge: so many, if they are allowed */
    WORKER_FILES = 8     /* beside its sockets and clients */
};

size_t limits_workers(const struct conf_server *conf)
{
    cpu_set_t cores;

    if (conf->threads > 0)
        return (size_t)conf->threads;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        return (size_t)CPU_COUNT(&cores);
    long n = sysconf(_SC_NPROCESSORS_ONLN); /* more cores than a cpu_set_t names */
    return n > 0 ? (size_t)n : 1;
}

/* Raises the limit as far as it may; returns where it is now. */
static rlim_t allow_files(rlim_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    rlim_t former = limit.rlim_cur;
    if (former >= wanted)
        return former;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : former;
}

/* Half of the descriptors may be probes', see turns.c; half of the others are clients'. */
static int fitting_clients(const struct conf_server *server, size_t n_workers, rlim_t files)
{
    rlim_t sockets = n_workers * (2 * server->n_listen + WORKER_FILES);
    rlim_t fits = files > sockets ? (files - sockets) / 4 / n_workers : 0;

    return fits < 1 ? 1 : fits < (rlim_t)server->tcp_clients ? (int)fits : server->tcp_clients;
}

int limits_tcp_clients(const struct conf *conf, size_t n_workers)
{
    const struct conf_server *server = &conf->server;
    size_t of_worker = 2 * server->n_listen + (size_t)server->tcp_clients + WORKER_FILES;
    rlim_t wanted = FILES_BESIDE + n_workers * of_worker;
    rlim_t files = allow_files(wanted + FILES_EDGE * conf->n_edges);

    if (files >= wanted)
        return server->tcp_clients;
    int fits = fitting_clients(server, n_workers, files);
    log_line(LOG_LEVEL_WARNING,
             "may open %llu files, could use %llu: each thread holds %d TCP clients; raise "
             "LimitNOFILE= (`ulimit -n`) or lower server.tcp_clients",
             (unsigned long long)files, (unsigned long long)wanted, fits);
    return fits;
}
