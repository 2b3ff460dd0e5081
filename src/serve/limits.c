/* limits.c - cores and file descriptors. Main thread, at the start. */
#include "limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <waymark/log.h>

enum {
    FILES_BESIDE = 1100, /* probes, control and metrics clients, databases, the log */
    FILES_EDGE = 16384   /* clients and fetches of one edge: so many, if they are allowed */
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

void limits_raise_files(const struct conf *conf, size_t n_workers)
{
    const struct conf_server *server = &conf->server;
    struct rlimit limit;
    rlim_t wanted =
        FILES_BESIDE + n_workers * (2 * server->n_listen + (size_t)server->tcp_clients + 8);

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_max < wanted)
        log_line(LOG_LEVEL_WARNING,
                 "may open %llu files, could use %llu: raise LimitNOFILE= (`ulimit -n`) or lower "
                 "server.tcp_clients",
                 (unsigned long long)limit.rlim_max, (unsigned long long)wanted);
    wanted += FILES_EDGE * conf->n_edges;
    wanted = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit); /* best effort: the sentence above is all there is to say */
}
