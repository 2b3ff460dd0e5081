/* geo_scale.c - what do views cost when there are many, for 64 PoPs?
 *
 *     geo_scale [--views N] DATABASE...
 *
 * Services with all 64 PoPs in 1, 2, 4 ... N distinct orders of preference of their own (each
 * service leaves another PoP out, so that no two views are equal), then as many services again that
 * share them, and a reload that changes weights alone. Times are the processor's, of one build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>
#include <waymark/rng.h>
#include <waymark/steer.h>

enum { PLACES = 64, DATABASES_MAX = 16 };

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const struct report *report)
{
    report_print(report, stderr);
    exit(1);
}

static void write_pops(FILE *out, int weight)
{
    struct rng rng;

    rng_seed(&rng, 1);
    fputs("pops: {\n", out);
    for (int i = 0; i < PLACES; i++)
        fprintf(out,
                "  p%d: { at = [%.2f, %.2f]; addresses = [\"192.0.2.%d\"]; check = \"c\";"
                " weight = %d; };\n",
                i, rng_unit(&rng) * 120 - 50, rng_unit(&rng) * 360 - 180, i + 1, weight);
    fputs("};\n", out);
}

static void write_service(FILE *out, int i, int view)
{
    fprintf(out, "%s  { name = \"s%d\"; hosts = [\"s%d.x.example\"]; targets = [",
            i > 0 ? ",\n" : "", i, i);
    for (int k = 0, n = 0; k < PLACES; k++) {
        if (k != view % PLACES)
            fprintf(out, "%s\"p%d\"", n++ > 0 ? ", " : "", k);
    }
    fputs("]; policy = (\"healthy\", \"nearest\"); }", out);
}

/* `services` in turns over `views` divisions of the address space. */
static struct conf *configuration(int services, int views, int weight, struct report *report)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    fputs("zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
          "checks: { c: { url = \"tcp://{address}:1\"; }; };\n",
          out);
    write_pops(out, weight);
    fputs("services: (\n", out);
    for (int i = 0; i < services; i++)
        write_service(out, i, i % views);
    fputs(" );\n", out);
    fclose(out);
    struct conf *conf = conf_parse(text, len, "bench", report);
    free(text);
    if (conf == NULL)
        die(report);
    return conf;
}

static struct steer_plans *build(const struct steer_plans *former, const struct conf *conf,
                                 const struct geo *geo, double *ms)
{
    struct report *report = report_new();
    double start = cpu_ms();
    struct steer_plans *plans = steer_plans_build_after(former, conf, geo, report);

    *ms = cpu_ms() - start;
    if (plans == NULL)
        die(report);
    report_free(report);
    return plans;
}

static double megabytes(const struct steer_plans *plans, size_t *classes)
{
    size_t bytes = 0;

    *classes = 0;
    for (size_t i = 0; i < steer_plans_count(plans); i++) { /* a view each: policies differ in it */
        struct steer_plan_figures f = steer_plan_figures(plans, i);
        bytes += f.view_bytes;
        *classes = f.classes > *classes ? f.classes : *classes;
    }
    return (double)bytes / 1e6;
}

static void bench(const struct geo *geo, int views)
{
    struct report *report = report_new();
    struct conf *first = configuration(views, views, 100, report);
    struct conf *shared = configuration(views * 16, views, 100, report);
    struct conf *next = configuration(views, views, 50, report);
    double first_ms, shared_ms, next_ms;
    size_t classes;

    struct steer_plans *plans = build(NULL, first, geo, &first_ms);
    double mb = megabytes(plans, &classes);
    struct steer_plans *others = build(NULL, shared, geo, &shared_ms);
    steer_plans_free(others);
    struct steer_plans *after = build(plans, next, geo, &next_ms);
    printf("%5d %10zu %10.0f ms %10.1f MB %14.0f ms %12.1f ms\n", views, classes, first_ms, mb,
           shared_ms, next_ms);
    fflush(stdout);
    steer_plans_free(plans);
    steer_plans_free(after);
    conf_unref(first);
    conf_unref(shared);
    conf_unref(next);
    report_free(report);
}

int main(int argc, char **argv)
{
    const char *databases[DATABASES_MAX];
    struct conf_geo conf = { .databases = databases };
    int most = 16;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--views") == 0 && i + 1 < argc)
            most = atoi(argv[++i]);
        else if (conf.n_databases < DATABASES_MAX)
            databases[conf.n_databases++] = argv[i];
    }
    if (conf.n_databases == 0 || most < 1 || most > PLACES) {
        fprintf(stderr, "usage: geo_scale [--views N] DATABASE...\n");
        return 2;
    }
    struct report *report = report_new();
    double start = cpu_ms();
    struct geo *geo = geo_load(&conf, report);
    if (geo == NULL)
        die(report);
    printf("base: %.0f ms, %.1f MB, %zu places\n", cpu_ms() - start, (double)geo_bytes(geo) / 1e6,
           geo_places(geo));
    printf("%5s %10s %13s %13s %17s %15s\n", "views", "classes", "built in", "memory",
           "16 x as many s.", "reload");
    for (int views = 1; views <= most; views *= 2)
        bench(geo, views);
    geo_free(geo);
    report_free(report);
    return 0;
}
