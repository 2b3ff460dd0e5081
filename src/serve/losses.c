/* losses.c - compares two configurations in what they serve. Pure. */
#include "losses.h"

#include <stdbool.h>
#include <strings.h>

#include <waymark/report.h>

typedef const char *name_cb(const struct conf *conf, size_t i);

static const char *zone_name(const struct conf *conf, size_t i)
{
    return conf->zones[i].name;
}

static const char *service_name(const struct conf *conf, size_t i)
{
    return conf->services[i].name;
}

/* The order rarely changes: `*at` is where the last one was found. */
static bool has(const struct conf *conf, size_t n, name_cb *name_of, const char *name, size_t *at)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = (*at + i) % n;
        if (strcasecmp(name_of(conf, k), name) == 0) {
            *at = k + 1;
            return true;
        }
    }
    return false;
}

static void name_zones(const struct conf *serving, const struct conf *next, struct report *report)
{
    size_t at = 0;

    for (size_t i = 0; i < serving->n_zones; i++)
        if (!has(next, next->n_zones, zone_name, zone_name(serving, i), &at))
            report_warning(report, next->file, 0, "zone \"%s\" is left out: it was served so far",
                           zone_name(serving, i));
}

static void name_services(const struct conf *serving, const struct conf *next,
                          struct report *report)
{
    size_t at = 0;

    for (size_t i = 0; i < serving->n_services; i++)
        if (!has(next, next->n_services, service_name, service_name(serving, i), &at))
            report_warning(report, next->file, 0,
                           "service \"%s\" is left out: it steered so far; its hosts that no other "
                           "service has answer what their zone says",
                           service_name(serving, i));
}

void losses_name(const struct conf *serving, const struct conf *next, struct report *report)
{
    if (serving->n_zones > 0 && next->n_zones == 0) {
        report_error(report, next->file, 0,
                     "no zones, where %zu %s served: is the file whole? To serve none, stop the "
                     "server",
                     serving->n_zones, serving->n_zones == 1 ? "is" : "are");
        return;
    }
    name_zones(serving, next, report);
    name_services(serving, next, report);
}
