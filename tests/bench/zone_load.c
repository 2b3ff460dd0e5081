/* zone_load.c - how long a large zone takes to load, what it takes to keep, what a look-up costs.
 *
 * zone_load [RECORDS]: writes a zone of so many A records (a million) to a temporary file, loads it
 * three times, and looks names up in random order: exact ones, absent ones, and ones below a
 * wildcard. Then writes ten thousand small zones, loads them, and loads them again after one of them
 * changed, beside what it takes to stat them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/conf.h>
#include <waymark/report.h>
#include <waymark/rng.h>
#include <waymark/zone.h>

enum {
    ROUNDS = 3,
    LOOKUPS = 1 << 20,
    SAMPLES = 1 << 16,
    SMALL_ZONES = 10000,
    AT_REST_S = 3 /* files that are younger are read at every reload */
};

static long write_zone(FILE *out, size_t n)
{
    fprintf(out, "$ORIGIN bench.example.\n$TTL 300\n@ SOA ns1 admin 1 3600 600 86400 60\n"
                 "@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n*.wild A 192.0.2.3\n");
    for (size_t i = 0; i < n; i++)
        fprintf(out, "host-%07zu IN A 10.%zu.%zu.%zu\n", i, i >> 16 & 255, i >> 8 & 255, i & 255);
    fflush(out);
    return ftell(out);
}

/* The octets of names and records themselves, which any table must keep. */
static size_t own_octets(const struct zone_set *set, size_t n)
{
    struct wire_name name;
    size_t sum = 0;
    char text[64];

    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "host-%07zu.bench.example", i);
        bool is_name = wire_name_from_text(text, &name);
        assert(is_name);
        struct zone_match m = zone_find(set, &name, WIRE_A);
        assert(m.verdict == ZONE_FOUND);
        sum += name.len + zone_rrset_of(m.node, WIRE_A)->set.wire_len;
    }
    return sum;
}

static void measure_find(const struct zone_set *set, const char *what, const char *format, size_t n,
                         enum zone_verdict verdict)
{
    struct wire_name *names = malloc(SAMPLES * sizeof *names);
    struct rng rng;
    char text[64];

    assert(names != NULL);
    rng_seed(&rng, 1);
    for (size_t i = 0; i < SAMPLES; i++) {
        snprintf(text, sizeof text, format, (size_t)(rng_next(&rng) % n));
        bool is_name = wire_name_from_text(text, &names[i]);
        assert(is_name);
    }
    int64_t begin_us = clock_steady_us();
    for (size_t i = 0; i < LOOKUPS; i++) {
        struct zone_match m = zone_find(set, &names[i % SAMPLES], WIRE_A);
        assert(m.verdict == verdict);
    }
    int64_t took_us = clock_steady_us() - begin_us;
    printf("find, %s: %.0f ns\n", what, (double)took_us * 1000 / LOOKUPS);
    free(names);
}

static struct zone_set *load(const char *path)
{
    const struct conf_zone zone = { .name = "bench.example", .file = path };
    const struct conf conf = { .zones = &zone, .n_zones = 1 };
    struct report *report = report_new();

    assert(report != NULL);
    int64_t begin_us = clock_steady_us();
    struct zone_set *set = zone_set_load(&conf, report);
    printf("load: %.0f ms\n", (double)(clock_steady_us() - begin_us) / 1000);
    report_print(report, stderr);
    report_free(report);
    return set;
}

/* ---- many small zones ---- */

/* One for a run: a folder, and the configuration of its zones. */
struct crowd {
    char folder[40];
    char files[SMALL_ZONES][64], names[SMALL_ZONES][32];
    struct conf_zone zones[SMALL_ZONES];
    struct conf conf;
};

static void write_small(const char *path, size_t serial)
{
    FILE *out = fopen(path, "w");

    assert(out != NULL);
    fprintf(out,
            "$TTL 3600\n@ SOA ns1 admin %zu 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n"
            "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n@ A 192.0.2.3\n@ MX 10 mail\nmail A 192.0.2.4\n"
            "www CNAME @\n* A 192.0.2.5\n",
            serial);
    fclose(out);
}

static void make_crowd(struct crowd *c)
{
    strcpy(c->folder, "/tmp/waymark-bench-XXXXXX");
    char *folder = mkdtemp(c->folder);
    assert(folder != NULL);
    for (size_t i = 0; i < SMALL_ZONES; i++) {
        snprintf(c->names[i], sizeof c->names[i], "zone-%05zu.example", i);
        snprintf(c->files[i], sizeof c->files[i], "%s/%05zu.zone", folder, i);
        write_small(c->files[i], 1);
        c->zones[i] = (struct conf_zone){ .name = c->names[i], .file = c->files[i] };
    }
    c->conf = (struct conf){ .zones = c->zones, .n_zones = SMALL_ZONES };
}

static void stat_crowd(const struct crowd *c)
{
    struct stat st;

    for (size_t i = 0; i < SMALL_ZONES; i++) {
        int err = stat(c->files[i], &st);
        assert(err == 0);
    }
}

static struct zone_set *load_crowd(const struct crowd *c, const struct zone_set *former)
{
    struct report *report = report_new();

    assert(report != NULL);
    int64_t begin_us = clock_steady_us();
    struct zone_set *set = zone_set_load_after(former, &c->conf, report);
    int64_t took_us = clock_steady_us() - begin_us;
    report_print(report, stderr);
    report_free(report);
    assert(set != NULL);
    printf("%d small zones, %zu of them read: %.1f ms\n", SMALL_ZONES,
           SMALL_ZONES - zone_set_taken_over(set), (double)took_us / 1000);
    return set;
}

static void measure_crowd(const struct crowd *c)
{
    struct zone_set *former = load_crowd(c, NULL);

    sleep(AT_REST_S);
    for (int i = 0; i < ROUNDS; i++) {
        zone_set_free(former);
        former = load_crowd(c, NULL);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        write_small(c->files[0], i + 2);
        struct zone_set *next = load_crowd(c, former);
        zone_set_free(former);
        former = next;
        int64_t begin_us = clock_steady_us();
        stat_crowd(c);
        printf("stat of their files: %.1f ms\n", (double)(clock_steady_us() - begin_us) / 1000);
    }
    zone_set_free(former);
}

static void run_crowd(void)
{
    struct crowd *c = calloc(1, sizeof *c);

    assert(c != NULL);
    make_crowd(c);
    measure_crowd(c);
    for (size_t i = 0; i < SMALL_ZONES; i++)
        unlink(c->files[i]);
    rmdir(c->folder);
    free(c);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    char path[] = "/tmp/waymark-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    struct zone_set *set = NULL;

    if (out == NULL || n == 0)
        return EXIT_FAILURE;
    printf("%zu A records, %ld octets of text\n", n, write_zone(out, n));
    fclose(out);
    for (int i = 0; i < ROUNDS; i++) {
        zone_set_free(set);
        set = load(path);
        if (set == NULL)
            break;
    }
    unlink(path);
    if (set == NULL)
        return EXIT_FAILURE;
    size_t own = own_octets(set, n);
    printf("memory: %.1f octets a name, %.1f over names and records\n",
           (double)zone_set_bytes(set) / (double)n,
           (double)(zone_set_bytes(set) - own) / (double)n);
    measure_find(set, "exact", "host-%07zu.bench.example", n, ZONE_FOUND);
    measure_find(set, "absent", "none-%07zu.bench.example", n, ZONE_ABSENT);
    measure_find(set, "wildcard", "x%zu.wild.bench.example", n, ZONE_WILDCARD);
    zone_set_free(set);
    run_crowd();
    return EXIT_SUCCESS;
}
