/* health_load.c - what 1,000 targets, probed every 10 s, cost the health thread.
 *
 * Run time of that thread alone, from /proc/self/task/TID/schedstat; the servers that answer are
 * another process (tests/support/health_peers.py). Goal: under 10 % of a core. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/health.h>

#include "health_stage.h"

enum { N_TARGETS = 1000, EVERY_S = 10, SETTLE_S = 12, MEASURE_S = 15 };

static bool read_first_line(const char *path, char *line, int size)
{
    FILE *in = fopen(path, "r");
    bool is_read = in != NULL && fgets(line, size, in) != NULL;

    if (in != NULL)
        fclose(in);
    return is_read;
}

/* Nanoseconds that the thread called "health" has run; negative: there is none. */
static long long health_run_ns(void)
{
    DIR *tasks = opendir("/proc/self/task");
    long long run_ns = -1;
    char path[300], line[128];
    struct dirent *task;

    while (tasks != NULL && (task = readdir(tasks)) != NULL) {
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        if (!read_first_line(path, line, sizeof line) || strcmp(line, "health\n") != 0)
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", task->d_name);
        if (read_first_line(path, line, sizeof line))
            run_ns = strtoll(line, NULL, 10);
    }
    if (tasks != NULL)
        closedir(tasks);
    return run_ns;
}

static bool measure(struct health *health, const char *kind)
{
    struct health_figures before = health_figures(health);
    long long run_ns = health_run_ns();
    int64_t from_us = clock_steady_us();

    sleep(MEASURE_S);
    run_ns = health_run_ns() - run_ns;
    double seconds = (double)(clock_steady_us() - from_us) / 1e6;
    struct health_figures after = health_figures(health);
    double n = (double)(after.probes_up - before.probes_up);
    double us_each = (double)run_ns / 1e3 / n;

    printf("%-34s %6.1f probes/s  %7.1f us each  %6.2f %% of a core  %llu failed  %llu late\n",
           kind, n / seconds, us_each, us_each * N_TARGETS / EVERY_S / 1e4,
           (unsigned long long)after.probes_down, (unsigned long long)after.late);
    fflush(stdout);
    return n > 0 && after.probes_down == 0;
}

static bool run(const char *kind, const struct subject *like, const struct peers *peers)
{
    static struct subject subjects[N_TARGETS];
    static char names[N_TARGETS][16];
    static struct world_hub hub;
    struct stage stage;
    struct health *health;
    char why[WHY_LEN];
    bool is_good = false;

    for (int i = 0; i < N_TARGETS; i++) {
        snprintf(names[i], sizeof names[i], "target-%d", i);
        subjects[i] = *like;
        subjects[i].name = names[i];
        subjects[i].every_s = EVERY_S;
        subjects[i].timeout_ms = 3000;
    }
    stage_init(&stage, subjects, N_TARGETS, peers);
    fake_world_init(&hub, &stage.conf);
    if (health_start(&hub, &health, why) == 0) {
        sleep(SETTLE_S);
        is_good = measure(health, kind);
        health_stop(health);
    } else {
        fprintf(stderr, "%s\n", why);
    }
    fake_world_fini(&hub);
    stage_fini(&stage);
    return is_good;
}

int main(void)
{
    static char ca_file[128], bundle[128], command[400];
    const struct subject tcp = { .address = "127.0.0.1",
                                 .url = "tcp://{address}:%d",
                                 .port_of = "up" };
    const struct subject http = { .address = "127.0.0.1",
                                  .url = "http://{address}:%d/",
                                  .port_of = "up",
                                  .host = "www.test",
                                  .body = "ok" };
    const struct subject name = { .cname = "up.example",
                                  .url = "http://{cname}:%d/",
                                  .port_of = "up" };
    struct subject https = { .address = "127.0.0.1",
                             .url = "https://{address}:%d/",
                             .port_of = "tls-good",
                             .host = "www.test",
                             .ca_file = ca_file };
    struct peers peers;
    bool is_good = true;

    if (!peers_start(&peers))
        return 1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", peers.folder);
    snprintf(bundle, sizeof bundle, "%s/bundle.pem", peers.folder);
    is_good &= run("tcp", &tcp, &peers);
    is_good &= run("http", &http, &peers);
    is_good &= run("http, name resolved each time", &name, &peers);
    is_good &= run("https, one authority", &https, &peers);
    snprintf(command, sizeof command, "cat /etc/ssl/certs/ca-certificates.crt %s > %s", ca_file,
             bundle);
    if (system(command) == 0) {
        https.ca_file = bundle;
        is_good &= run("https, the system's authorities", &https, &peers);
    }
    peers_stop(&peers);
    return is_good ? 0 : 1;
}
