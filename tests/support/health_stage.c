/* health_stage.c - a conf written by hand and peers to probe. */
#include "health_stage.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A line without its end; false: the helper has gone. */
static bool read_line(struct peers *peers, char *line, size_t size)
{
    size_t len = 0;
    char c;

    while (read(peers->from, &c, 1) == 1) {
        if (c == '\n') {
            line[len] = '\0';
            return true;
        }
        if (len < size - 1)
            line[len++] = c;
    }
    return false;
}

static void run_helper(const int to[2], const int from[2], const char *folder)
{
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    close(to[1]);
    close(from[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("python3", "python3", "tests/support/health_peers.py", folder, NULL);
    _exit(127);
}

bool peers_start(struct peers *peers)
{
    int to[2], from[2];
    char line[128];

    memset(peers, 0, sizeof *peers);
    strcpy(peers->folder, "/tmp/waymark-peers-XXXXXX");
    if (mkdtemp(peers->folder) == NULL || pipe(to) != 0 || pipe(from) != 0)
        return false;
    peers->pid = fork();
    if (peers->pid == 0)
        run_helper(to, from, peers->folder);
    close(to[0]);
    close(from[1]);
    peers->to = to[1];
    peers->from = from[0];
    while (read_line(peers, line, sizeof line)) {
        if (strcmp(line, "ready") == 0)
            return true;
        assert(peers->n < sizeof peers->ports / sizeof *peers->ports);
        if (sscanf(line, "%31s %d", peers->ports[peers->n].name, &peers->ports[peers->n].port) == 2)
            peers->n++;
    }
    return false;
}

void peers_stop(struct peers *peers)
{
    char command[128];

    close(peers->to); /* that is how it learns */
    close(peers->from);
    if (peers->pid > 0)
        waitpid(peers->pid, NULL, 0);
    snprintf(command, sizeof command, "rm -r %s", peers->folder);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", peers->folder);
}

int peers_port(const struct peers *peers, const char *name)
{
    for (size_t i = 0; i < peers->n; i++) {
        if (strcmp(peers->ports[i].name, name) == 0)
            return peers->ports[i].port;
    }
    return 0;
}

static void ask(struct peers *peers, const char *command, char *answer, size_t size)
{
    bool is_answered =
        write(peers->to, command, strlen(command)) > 0 && read_line(peers, answer, size);

    assert(is_answered);
}

void peers_set(struct peers *peers, const char *name, const char *mode)
{
    char command[128], answer[16];

    snprintf(command, sizeof command, "set %s %s\n", name, mode);
    ask(peers, command, answer, sizeof answer);
}

struct peer_seen peers_seen(struct peers *peers, const char *name)
{
    char command[128], answer[160];
    struct peer_seen seen = { 0 };

    snprintf(command, sizeof command, "seen %s\n", name);
    ask(peers, command, answer, sizeof answer);
    sscanf(answer, "%d %63s %63s", &seen.n, seen.host, seen.sni);
    return seen;
}

static int or_else(int value, int other)
{
    return value != 0 ? value : other;
}

static void fill_check(struct conf_check *check, const struct subject *s, const struct peers *peers)
{
    char url[256];
    int port = s->port_of == NULL ? 0 : peers_port(peers, s->port_of);
    int *status = malloc(sizeof *status);

    assert(s->port_of == NULL || port != 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(url, sizeof url, s->url, port);
#pragma GCC diagnostic pop
    *status = or_else(s->status, 200);
    *check = (struct conf_check){
        .name = s->name,
        .kind = strncmp(url, "https", 5) == 0  ? CONF_CHECK_HTTPS
                : strncmp(url, "http", 4) == 0 ? CONF_CHECK_HTTP
                                               : CONF_CHECK_TCP,
        .url = strdup(url),
        .host = s->host,
        .status = status,
        .n_status = 1,
        .body = s->body,
        .ca_file = s->ca_file,
        .every_s = or_else(s->every_s, 1),
        .timeout_ms = or_else(s->timeout_ms, 700),
        .fall = or_else(s->fall, 2),
        .rise = or_else(s->rise, 2),
    };
}

static void fill_target(struct conf_target *target, const struct subject *s, int check)
{
    struct addr *addresses = calloc(2, sizeof *addresses);
    struct endpoint *probe = calloc(4, sizeof *probe);

    *target = (struct conf_target){ .name = s->name, .cname = s->cname, .min_up = 1 };
    if (s->min_up != 0)
        target->min_up = s->min_up;
    if (s->address != NULL && addr_parse(s->address, &addresses[0]))
        target->n_addresses++;
    if (s->second != NULL && addr_parse(s->second, &addresses[1]))
        target->n_addresses++;
    for (size_t i = 0; i < 4 && s->probe[i] != NULL; i++) {
        bool is_parsed = endpoint_parse(s->probe[i], &probe[i]);
        assert(is_parsed);
        target->n_probe_addresses++;
    }
    target->addresses = addresses;
    target->probe_addresses = probe;
    target->check = s->url == NULL ? CONF_NONE : check;
}

void stage_init(struct stage *stage, const struct subject *subjects, size_t n,
                const struct peers *peers)
{
    memset(stage, 0, sizeof *stage);
    stage->targets = calloc(n, sizeof *stage->targets);
    stage->checks = calloc(n, sizeof *stage->checks);
    for (size_t i = 0; i < n; i++) {
        if (subjects[i].url != NULL)
            fill_check(&stage->checks[i], &subjects[i], peers);
        fill_target(&stage->targets[i], &subjects[i], (int)i);
    }
    addr_parse("127.0.0.1", &stage->resolver.addr);
    stage->resolver.port = (uint16_t)peers_port(peers, "resolver");
    struct conf *conf = &stage->conf.conf;
    conf->targets = stage->targets;
    conf->n_targets = n;
    conf->checks = stage->checks;
    conf->n_checks = n;
    conf->health.resolvers = &stage->resolver;
    conf->health.n_resolvers = 1;
    conf->health.first_results_s = 5;
}

void stage_fini(struct stage *stage)
{
    assert(stage->conf.n_refs == 0);
    for (size_t i = 0; i < stage->conf.conf.n_targets; i++) {
        free((void *)stage->targets[i].addresses);
        free((void *)stage->targets[i].probe_addresses);
        free((void *)stage->checks[i].url);
        free((void *)stage->checks[i].status);
    }
    free(stage->targets);
    free(stage->checks);
}
