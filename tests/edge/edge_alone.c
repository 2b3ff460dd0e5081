/* edge_alone.c - the edges of a configuration without the rest of the server, for tests.
 *
 * edge_alone FILE: opens the edges, says "ready", and takes orders on standard input, a line each:
 *   purge|softpurge url|prefix|tag|all [WHAT]    state POP up|draining|down
 *   reload FILE                                  figures
 * Each is answered with one line; the end of the input ends it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/edge.h>
#include <waymark/report.h>

static struct conf *load(const char *path)
{
    struct report *report = report_new();
    struct conf *conf = conf_load(path, report);

    if (conf == NULL)
        report_print(report, stderr);
    report_free(report);
    return conf;
}

static enum edge_purge_kind kind_of(const char *word)
{
    static const char *const words[] = { "url", "prefix", "tag", "all" };

    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], word) == 0)
            return (enum edge_purge_kind)i;
    return EDGE_PURGE_ALL;
}

static void do_purge(struct edges *edges, bool is_soft, const char *kind, const char *what)
{
    struct edge_purge purge = { .kind = kind_of(kind), .what = what, .is_soft = is_soft };
    struct edge_purged done;
    char why[WHY_LEN];

    if (edges_purge(edges, &purge, &done, why) != 0)
        printf("error %s\n", why);
    else
        printf("purged %zu %" PRIu64 "\n", done.n_edges, done.generation);
}

static void do_state(struct edges *edges, const char *pop, const char *word)
{
    enum edge_state state = strcmp(word, "up") == 0        ? EDGE_UP
                            : strcmp(word, "draining") == 0 ? EDGE_DRAINING
                                                            : EDGE_DOWN;

    printf("%s\n", edges_set_state(edges, pop, state) == 0 ? "ok" : "error no such pop");
}

static void do_figures(struct edges *edges)
{
    static struct edge_figures figures[CONF_EDGES_MAX];
    size_t n = edges_figures(edges, figures, CONF_EDGES_MAX);

    printf("[");
    for (size_t i = 0; i < n; i++) {
        const struct edge_figures *f = &figures[i];
        printf("%s{\"pop\":\"%s\"", i == 0 ? "" : ",", f->pop);
        for (int r = 0; r < EDGE_RESULTS; r++)
            printf(",\"%s\":%" PRIu64, edge_result_name((enum edge_result)r), f->requests[r]);
        printf(",\"refused\":%" PRIu64 ",\"fetches\":%" PRIu64 ",\"failed\":%" PRIu64
               ",\"in_flight\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"store_bytes\":%" PRIu64
               ",\"store_limit\":%" PRIu64 ",\"store_objects\":%" PRIu64
               ",\"bytes_cache\":%" PRIu64 ",\"bytes_origin\":%" PRIu64 ",\"evicted\":%" PRIu64
               ",\"p99_us\":%" PRIu64 "}",
               f->refused_requests, f->fetches, f->fetches_failed, f->fetches_in_flight,
               f->connections, f->store_bytes, f->store_limit, f->store_objects, f->bytes_cache,
               f->bytes_origin, f->evicted_objects, edge_times_quantile_us(&f->edge_time, 990));
    }
    printf("]\n");
}

static void do_reload(struct edges *edges, const char *path)
{
    struct conf *conf = load(path);
    struct edges_next *next;
    char why[WHY_LEN];

    if (conf == NULL)
        printf("error %s\n", path);
    else if (edges_prepare(edges, conf, &next, why) != 0)
        printf("error %s\n", why);
    else {
        edges_take_up(edges, next);
        printf("ok\n");
    }
    conf_unref(conf);
}

static void take_order(struct edges *edges, char *line)
{
    char *rest = line;
    char *verb = strsep(&rest, " \n");
    char *first = rest == NULL ? NULL : strsep(&rest, " \n");
    char *second = rest == NULL ? NULL : strsep(&rest, "\n");

    if (strcmp(verb, "figures") == 0)
        do_figures(edges);
    else if (first != NULL && strcmp(verb, "reload") == 0)
        do_reload(edges, first);
    else if (first != NULL && second != NULL && strcmp(verb, "state") == 0)
        do_state(edges, first, second);
    else if (first != NULL && strstr(verb, "purge") != NULL)
        do_purge(edges, verb[0] == 's', first, second);
    else
        printf("error not understood\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char why[WHY_LEN], line[20000];
    struct edges *edges = NULL;
    struct conf *conf = argc == 2 ? load(argv[1]) : NULL;

    signal(SIGPIPE, SIG_IGN);
    if (conf == NULL)
        return 2;
    if (edges_open(conf, NULL, &edges, why) != 0 || edges_start(edges, why) != 0) {
        fprintf(stderr, "%s\n", why);
        edges_close(edges);
        conf_unref(conf);
        return 1;
    }
    conf_unref(conf);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        take_order(edges, line);
    edges_close(edges);
    return 0;
}
