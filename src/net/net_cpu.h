/* net_cpu.h - which CPU a worker belongs to, for those who want to say so. Main thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <waymark/addr.h>
#include <waymark/why.h>

enum { NET_CPU_WORKERS = 256 }; /* that can be told apart */

/* The CPU of worker `number`: of those that the process may use, each in turn. 0, or -errno with
 * `why`.
 */
int net_cpu_of(size_t number, int *cpu, char why[static WHY_LEN]);

/* Keeps the thread there. 0, or -errno with `why`. */
int net_cpu_pin(pthread_t thread, int cpu, char why[static WHY_LEN]);

/* Datagrams that arrive at cpus[i] go to the i-th socket that was bound to the address of this one,
 * and those that arrive elsewhere to any. 0, or -errno with `why`. */
int net_cpu_steer(int fd, const int *cpus, size_t n, char why[static WHY_LEN]);

/* Is there a network card behind it? On loopback the CPU is the one of whoever asks. */
bool net_cpu_has_queues(const struct endpoint *at);
