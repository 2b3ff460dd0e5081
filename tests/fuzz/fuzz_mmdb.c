/* fuzz_mmdb.c - any file through the whole load: as a city database and as one of AS numbers. What
 * is taken makes a view, whose networks cover each family once and agree with the base. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "geo/seq.h"

static uint32_t classify(void *ctx, const struct geo_place *place, int prefix)
{
    assert(place->continent[2] == '\0' && place->country[2] == '\0');
    assert(place->latitude >= -90 && place->latitude <= 90);
    assert(place->longitude >= -180 && place->longitude <= 180);
    return (uint32_t)place->country[0] * 256 + (uint32_t)place->country[1];
}

struct sweep {
    const struct geo *geo;
    geo_pos at;
    uint8_t family;
};

static void check_leaf(void *ctx, const struct prefix *network, uint32_t class)
{
    struct sweep *s = ctx;
    struct geo_location where = geo_locate(s->geo, &network->addr);

    if (network->addr.family != s->family)
        assert(s->at == 0);
    s->family = network->addr.family;
    assert(geo_pos_of(&network->addr) == s->at);
    assert(classify(NULL, where.place, GEO_NO_PREFIX) == class);
    assert(where.bits >= network->bits);
    s->at += geo_pos_size(network->bits);
}

static void check_base(const struct geo *geo)
{
    struct sweep sweep = { .geo = geo, .family = 4 };
    struct geo_view *view;
    char why[WHY_LEN];

    assert(geo_view_build(geo, NULL, 0, classify, NULL, &view, why) == 0);
    geo_view_each(view, check_leaf, &sweep);
    assert(sweep.at == 0 && sweep.family == 6);
    geo_view_free(view);
}

static void load(const char *path, bool is_asn)
{
    const char *databases[] = { path };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = is_asn ? 0 : 1,
                             .asn_databases = databases,
                             .n_asn_databases = is_asn ? 1 : 0 };
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);

    assert((geo == NULL) == (report_errors(report) > 0));
    if (geo != NULL)
        check_base(geo);
    geo_free(geo);
    report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    load(path, false);
    load(path, true);
    close(fd);
    return 0;
}
