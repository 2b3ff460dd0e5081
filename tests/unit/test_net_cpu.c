/* test_net_cpu.c - threads on CPUs of their own, and datagrams that follow the CPU they arrive at.
 * On loopback that is the CPU of whoever sends. */
#include "cm.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <waymark/dns.h>
#include <waymark/net.h>

#include "loopback.h"
#include "net/net_bind.h"
#include "net/net_cpu.h"

enum { SOCKETS = 2, SENT = 30, THREADS = 4 };

void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    fail_msg("nobody asks");
}

/* Runs this thread on one CPU that it may use, and says which. */
static int stay_on_one_cpu(void)
{
    char why[WHY_LEN];
    int cpu = -1;

    assert_int_equal(net_cpu_of(0, &cpu, why), 0);
    assert_int_equal(net_cpu_pin(pthread_self(), cpu, why), 0);
    return cpu;
}

static size_t count_waiting(int fd)
{
    size_t n = 0;
    char c;

    while (recv(fd, &c, 1, MSG_DONTWAIT) == 1)
        n++;
    return n;
}

static void datagrams_follow_the_cpu_that_they_arrive_at(void **state)
{
    struct endpoint at = loopback_free_port("127.0.0.1");
    char why[WHY_LEN];
    int fds[SOCKETS];
    cpu_set_t before;

    sched_getaffinity(0, sizeof before, &before);
    int here = stay_on_one_cpu(), elsewhere = here + 1;
    for (size_t i = 0; i < SOCKETS; i++)
        assert_int_equal(net_bind_udp(&at, &fds[i], why), 0);
    for (size_t wanted = 0; wanted < SOCKETS; wanted++) {
        int cpus[SOCKETS] = { elsewhere, elsewhere };
        cpus[wanted] = here;
        assert_int_equal(net_cpu_steer(fds[SOCKETS - 1], cpus, SOCKETS, why), 0);
        for (int i = 0; i < SENT; i++) { /* of many ports: a hash of them would scatter them */
            int client = loopback_connect(&at, SOCK_DGRAM);
            loopback_send(client, "x", 1);
            close(client);
        }
        for (size_t i = 0; i < SOCKETS; i++)
            assert_int_equal(count_waiting(fds[i]), i == wanted ? SENT : 0);
    }
    for (size_t i = 0; i < SOCKETS; i++)
        close(fds[i]);
    sched_setaffinity(0, sizeof before, &before);
}

static void from_a_cpu_of_nobody_datagrams_arrive_all_the_same(void **state)
{
    struct endpoint at = loopback_free_port("127.0.0.1");
    char why[WHY_LEN];
    int fds[SOCKETS], cpus[SOCKETS] = { 100000, 100001 };

    for (size_t i = 0; i < SOCKETS; i++)
        assert_int_equal(net_bind_udp(&at, &fds[i], why), 0);
    assert_int_equal(net_cpu_steer(fds[0], cpus, SOCKETS, why), 0);
    int client = loopback_connect(&at, SOCK_DGRAM);
    for (int i = 0; i < SENT; i++)
        loopback_send(client, "x", 1);
    assert_int_equal(count_waiting(fds[0]) + count_waiting(fds[1]), SENT);
    close(client);
    for (size_t i = 0; i < SOCKETS; i++)
        close(fds[i]);
}

static void as_many_workers_as_there_may_be_can_be_told_apart(void **state)
{
    struct endpoint at = loopback_free_port("127.0.0.1");
    char why[WHY_LEN];
    int fd, cpus[NET_CPU_WORKERS];

    for (int i = 0; i < NET_CPU_WORKERS; i++)
        cpus[i] = i;
    assert_int_equal(net_bind_udp(&at, &fd, why), 0);
    assert_int_equal(net_cpu_steer(fd, cpus, NET_CPU_WORKERS, why), 0);
    close(fd);
}

static void loopback_has_no_queues(void **state)
{
    static const struct {
        const char *text;
        bool has_queues;
    } all[] = { { "127.0.0.1", false }, { "127.9.9.9", false }, { "::1", false },
                { "0.0.0.0", true },    { "192.0.2.1", true },  { "2001:db8::1", true } };

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct endpoint at = loopback_at(all[i].text, 53);
        assert_int_equal(net_cpu_has_queues(&at), all[i].has_queues);
    }
}

/* How many CPUs each thread of that kind may use: the sum, and in `n` how many there are. */
static size_t cpus_of_threads(const char *kind, size_t *n)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *d;
    size_t sum = 0;

    *n = 0;
    while ((d = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", d->d_name);
        FILE *in = fopen(path, "r");
        if (in == NULL)
            continue;
        if (fgets(name, sizeof name, in) != NULL && strncmp(name, kind, strlen(kind)) == 0) {
            cpu_set_t cpus;
            assert_int_equal(sched_getaffinity(atoi(d->d_name), sizeof cpus, &cpus), 0);
            sum += (size_t)CPU_COUNT(&cpus);
            ++*n;
        }
        fclose(in);
    }
    closedir(tasks);
    return sum;
}

static void threads_are_pinned_when_asked_for(void **state)
{
    struct endpoint at = loopback_free_port("127.0.0.1");
    struct dns_desk *desks[THREADS];
    char why[WHY_LEN];
    void *world = desks;
    cpu_set_t cpus;
    size_t n;

    sched_getaffinity(0, sizeof cpus, &cpus);
    for (size_t i = 0; i < THREADS; i++)
        desks[i] = calloc(1, sizeof *desks[i]);
    for (int pins = 0; pins < 2; pins++) {
        struct net_config config = { .listen = &at,
                                     .n_listen = 1,
                                     .desks = desks,
                                     .n_workers = 2,
                                     .world = &world,
                                     .tcp_clients = 10,
                                     .tcp_per_client = 10,
                                     .tcp_idle_s = 10,
                                     .tcp_life_s = 10,
                                     .pins_threads = pins == 1,
                                     .steers_by_cpu = pins == 1 };
        struct net *net;
        assert_int_equal(net_open(&config, &net, why), 0);
        assert_int_equal(net_start(net, why), 0);
        assert_int_equal(cpus_of_threads("udp/", &n), pins ? 2 : 2 * CPU_COUNT(&cpus));
        assert_int_equal(n, 2);
        assert_int_equal(cpus_of_threads("tcp/", &n), 2 * CPU_COUNT(&cpus));
        net_close(net);
    }
    for (size_t i = 0; i < THREADS; i++)
        free(desks[i]);
}

static void a_cpu_that_is_not_there_gets_a_sentence(void **state)
{
    char why[WHY_LEN] = "";

    assert_int_equal(net_cpu_pin(pthread_self(), CPU_SETSIZE - 1, why), -EINVAL);
    assert_non_null(strstr(why, "server.pin_threads"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_follow_the_cpu_that_they_arrive_at),
        cmocka_unit_test(from_a_cpu_of_nobody_datagrams_arrive_all_the_same),
        cmocka_unit_test(as_many_workers_as_there_may_be_can_be_told_apart),
        cmocka_unit_test(loopback_has_no_queues),
        cmocka_unit_test(threads_are_pinned_when_asked_for),
        cmocka_unit_test(a_cpu_that_is_not_there_gets_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
