/* limits.h - what the system lets one process have. */
#pragma once

#include <stddef.h>

#include <waymark/conf.h>

/* server.threads, or one per core that this process may run on. */
size_t limits_workers(const struct conf_server *conf);

/* Raises the limit of open files to what the configuration can use. Where it cannot, it says so,
 * and a crowd of TCP clients still leaves descriptors to probes, reloads and the operator: returns
 * how many of them a worker may hold. */
int limits_tcp_clients(const struct conf *conf, size_t n_workers);
