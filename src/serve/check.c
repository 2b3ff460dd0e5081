/* check.c - `waymark check`: loads all that a server would and says what it found. */
#include <waymark/serve.h>

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/edge.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "files.h"
#include "user.h"

static void build(struct conf *conf, struct report *report)
{
    struct world_hub *hub = world_hub_new();

    if (hub == NULL)
        report_error(report, conf->file, 0, "out of memory");
    else
        world_load(hub, conf, report);
    world_hub_free(hub);
}

/* In a start's order: some is read as who starts, the rest as server.user. What root cannot do here,
 * root cannot do there. */
static void become_user(const struct conf *conf, struct report *report)
{
    struct user user;
    char why[WHY_LEN];

    if (user_check(conf->server.user, &user, report, conf->file) && user.is_change &&
        user_become(&user, false, why) != 0)
        report_error(report, conf->file, 0, "%s", why);
    if (access(conf->file, R_OK) != 0)
        report_warning(report, conf->file, 0, "server.user cannot read it, so reloads will fail");
}

/* Not readable for us: for server.user they may be, and what reads them says so. */
static void check_secrets(const struct conf *conf, bool was_root, struct report *report)
{
    char why[WHY_LEN];
    int err = files_check_secrets(&conf->server, why);

    if (err != 0 && (was_root || err != -EACCES))
        report_error(report, conf->file, 0, "%s", why);
}

static bool is_servable(struct conf *conf, struct report *report)
{
    bool is_root = geteuid() == 0;

    edges_check_tls(conf, report);
    become_user(conf, report);
    edges_check_files(conf, report);
    check_secrets(conf, is_root, report);
    build(conf, report);
    return report_errors(report) == 0;
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
    bool is_good = conf != NULL && is_servable(conf, report);
    report_print(report, stderr);
    sum_up(conf_path, conf, is_good, report, out);
    conf_unref(conf);
    report_free(report);
    return is_good ? 0 : 1;
}
