/* net_cpu.c - pins threads, and has the kernel bring datagrams to the thread of the CPU at which
 * the network card delivered them. Main thread. Both are asked for by the configuration, or not
 * done. */
#include "net_cpu.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

int net_cpu_of(size_t number, int *cpu, char why[static WHY_LEN])
{
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return why_set(why, -errno,
                       "cannot tell which CPUs there are: %s; remove server.pin_threads and "
                       "server.steer_by_cpu",
                       strerror(errno));
    size_t nth = number % (size_t)CPU_COUNT(&allowed);
    int at = 0;
    for (; !CPU_ISSET(at, &allowed) || nth > 0; at++)
        nth -= CPU_ISSET(at, &allowed);
    *cpu = at;
    return 0;
}

int net_cpu_pin(pthread_t thread, int cpu, char why[static WHY_LEN])
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    int err = pthread_setaffinity_np(thread, sizeof one, &one);
    if (err == 0)
        return 0;
    return why_set(why, -err,
                   "cannot pin a DNS worker to CPU %d: %s; allow it (sched_setaffinity in "
                   "SystemCallFilter=, the CPU in AllowedCPUs=) or remove server.pin_threads",
                   cpu, strerror(err));
}

/* Classic BPF, which needs no privilege: a comparison for each CPU. */
int net_cpu_steer(int fd, const int *cpus, size_t n, char why[static WHY_LEN])
{
    struct sock_filter code[2 * NET_CPU_WORKERS + 3];
    unsigned short len = 0;

    assert(n > 0 && n <= NET_CPU_WORKERS);
    code[len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_CPU));
    for (size_t i = 0; i < n; i++) {
        code[len++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)cpus[i], 0, 1);
        code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (unsigned)i);
    }
    code[len++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (unsigned)n);
    code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    struct sock_fprog program = { .len = len, .filter = code };
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0)
        return 0;
    return why_set(why, -errno, "cannot steer datagrams by CPU: %s; remove server.steer_by_cpu",
                   strerror(errno));
}

bool net_cpu_has_queues(const struct endpoint *at)
{
    static const uint8_t one[16] = { [15] = 1 };

    return at->addr.family == 4 ? at->addr.octets[0] != 127
                                : memcmp(at->addr.octets, one, sizeof one) != 0;
}
