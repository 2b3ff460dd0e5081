/* geo_view.c - how long do a base and its views take, how large are they, how fast is a lookup?
 *
 *     geo_view [--countries FILE] [--networks FILE] [--repeat N] DATABASE...
 *
 * Views: the nearest of 16 PoPs, and the order of the nearest 4 of them. Lookups: random addresses
 * of public IPv4 space, and random addresses in networks that the IPv6 view holds. Times are the
 * processor's (the work is one thread's, and waits for the disk only), the best of N. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>
#include <waymark/rng.h>

#include "geo_pops.h"

enum { ADDRESSES = 1 << 20, ROUNDS = 16, BATCH = 32 };

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* As the answer path does it. */
static uint64_t find_each(const struct geo_view *view, const struct addr *list, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += geo_view_find(view, &list[i]).class;
    return sum;
}

static uint64_t find_six(const struct geo_view *view, const struct addr *list, size_t n)
{
    const struct addr *who[BATCH] = { NULL };
    struct geo_cell cells[BATCH];
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        who[i] = &list[i];
    geo_view_find6(view, who, cells, n);
    for (size_t i = 0; i < n; i++)
        sum += cells[i].class;
    return sum;
}

typedef uint64_t find_fn(const struct geo_view *view, const struct addr *list, size_t n);

static double lookup_ns(find_fn *find, const struct geo_view *view, const struct addr *list,
                        size_t n)
{
    double best = INFINITY;
    uint64_t sum = 0;

    if (n == 0)
        return 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t since_us = cpu_us();
        for (size_t i = 0; i < n; i += BATCH)
            sum += find(view, &list[i], n - i < BATCH ? n - i : BATCH);
        double ns = (double)(cpu_us() - since_us) * 1000 / (double)n;
        best = ns < best ? ns : best;
    }
    fprintf(stderr, sum == 42 ? " " : ""); /* the sum is used */
    return best;
}

static void bench_view(const struct geo *geo, int depth, int repeat)
{
    struct orders *orders = orders_new(depth);
    struct addr *list = calloc(ADDRESSES, sizeof *list);
    struct geo_view *view = NULL;
    struct rng rng;
    char why[WHY_LEN];
    int64_t best_us = INT64_MAX;

    for (int i = 0; i < repeat; i++) {
        geo_view_free(view);
        int64_t since_us = cpu_us();
        if (geo_view_build(geo, NULL, 0, orders_classify, orders, &view, why) != 0) {
            fprintf(stderr, "%s\n", why);
            exit(1);
        }
        int64_t us = cpu_us() - since_us;
        best_us = us < best_us ? us : best_us;
    }
    printf("view, nearest %d of %d: %u classes, compiled in %.0f ms, %zu networks, %.1f MB\n",
           depth, POPS, orders->n + 1, (double)best_us / 1000, geo_view_leaves(view),
           (double)geo_view_bytes(view) / 1e6);
    rng_seed(&rng, 1);
    random_ipv4(list, ADDRESSES, &rng);
    printf("  lookup, random public IPv4: %.1f ns\n", lookup_ns(find_each, view, list, ADDRESSES));
    size_t seen = random_ipv6(view, list, ADDRESSES, &rng);
    size_t n = seen < ADDRESSES ? seen : ADDRESSES;
    printf("  lookup, random IPv6 network: %.1f ns, one by one %.1f ns (of %zu)\n",
           lookup_ns(find_six, view, list, n), lookup_ns(find_each, view, list, n), seen);
    geo_view_free(view);
    free(list);
    free(orders);
}

static struct geo *load(const struct conf_geo *conf, int repeat)
{
    struct geo *geo = NULL;
    int64_t best_us = INT64_MAX;

    for (int i = 0; i < repeat; i++) {
        struct report *report = report_new();
        geo_free(geo);
        int64_t since_us = cpu_us();
        geo = geo_load(conf, report);
        int64_t us = cpu_us() - since_us;
        best_us = us < best_us ? us : best_us;
        report_print(report, stderr);
        report_free(report);
        if (geo == NULL)
            exit(1);
    }
    for (size_t i = 0; i < geo_sources(geo); i++) {
        const struct geo_source *s = geo_source_at(geo, i);
        printf("%s (%s): %zu networks, %u ms\n", s->path, s->type, s->networks, s->load_ms);
    }
    printf("base: loaded in %.0f ms, %zu places, %.1f MB\n", (double)best_us / 1000,
           geo_places(geo), (double)geo_bytes(geo) / 1e6);
    return geo;
}

int main(int argc, char **argv)
{
    const char *databases[16];
    struct conf_geo conf = { .databases = databases };
    struct rusage usage;
    int repeat = 3;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--countries") == 0 && i + 1 < argc)
            conf.countries = argv[++i];
        else if (strcmp(argv[i], "--networks") == 0 && i + 1 < argc)
            conf.networks = argv[++i];
        else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc)
            repeat = atoi(argv[++i]);
        else if (conf.n_databases < 16)
            databases[conf.n_databases++] = argv[i];
    }
    if (conf.n_databases == 0 || repeat < 1) {
        fprintf(stderr, "usage: geo_view [--countries FILE] [--networks FILE] [--repeat N] "
                        "DATABASE...\n");
        return 2;
    }
    struct geo *geo = load(&conf, repeat);
    bench_view(geo, 1, repeat);
    bench_view(geo, 4, repeat);
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory: %.0f MB\n", (double)usage.ru_maxrss / 1024);
    geo_free(geo);
    return 0;
}
