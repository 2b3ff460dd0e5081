/* check.c - `waymark check`: loads all that a server would and says what it found. */
#include <waymark/serve.h>

#include <stdbool.h>

#include <waymark/conf.h>
#include <waymark/report.h>
#include <waymark/world.h>

static bool build(struct conf *conf, struct report *report)
{
    struct world_hub *hub = world_hub_new();

    if (hub == NULL) {
        report_error(report, conf->file, 0, "out of memory");
        return false;
    }
    bool is_built = world_load(hub, conf, report);
    world_hub_free(hub);
    return is_built;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void sum_up(const char *path, const struct conf *conf, bool is_good,
                   const struct report *report, FILE *out)
{
    size_t errors = report_errors(report), warnings = report_warnings(report);

    if (is_good)
        fprintf(out, "%s: good: %zu zone%s, %zu service%s, %zu target%s, %zu warning%s\n", path,
                conf->n_zones, plural(conf->n_zones), conf->n_services, plural(conf->n_services),
                conf->n_targets, plural(conf->n_targets), warnings, plural(warnings));
    else
        fprintf(out, "%s: not good: %zu error%s, %zu warning%s\n", path, errors, plural(errors),
                warnings, plural(warnings));
}

int serve_check(const char *conf_path, FILE *out)
{
    struct report *report = report_new();

    if (report == NULL) {
        fprintf(stderr, "waymark: out of memory\n");
        return 1;
    }
    struct conf *conf = conf_load(conf_path, report);
    bool is_good = conf != NULL && build(conf, report);
    report_print(report, stderr);
    sum_up(conf_path, conf, is_good, report, out);
    conf_unref(conf);
    report_free(report);
    return is_good ? 0 : 1;
}
