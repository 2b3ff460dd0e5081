/* fuzz_networks.c - any text as networks.conf, and as countries.csv. What is taken stands in order,
 * once each, and speaks for its first address. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "geo/networks.h"

static void check_list(const struct geo_networks *networks)
{
    for (size_t i = 0; i < networks->n; i++) {
        const struct geo_network *n = &networks->list[i];
        struct addr masked = addr_mask(&n->prefix.addr, n->prefix.bits);
        assert(addr_equal(&masked, &n->prefix.addr));
        assert(n->line > 0);
        assert(n->has_country || n->has_point || n->has_asn || n->city || n->region);
        if (i == 0)
            continue;
        const struct prefix *before = &networks->list[i - 1].prefix;
        assert(before->bits != n->prefix.bits || !addr_equal(&before->addr, &n->prefix.addr));
    }
}

/* The line that a base names for a network's first address is the network's, or a longer one's. */
static void check_base(const char *path, const struct geo_networks *networks)
{
    struct conf_geo conf = { .networks = path };
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);

    assert(geo != NULL);
    for (size_t i = 0; i < networks->n; i++) {
        struct geo_location where = geo_locate(geo, &networks->list[i].prefix.addr);
        assert(strcmp(where.place->source, path) == 0 && where.place->line > 0);
        assert(where.bits >= networks->list[i].prefix.bits || networks->n > 1);
        assert(!where.place->is_special);
    }
    geo_free(geo);
    report_free(report);
}

static void load_as_countries(const char *path)
{
    struct conf_geo conf = { .countries = path };
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);

    assert((geo == NULL) == (report_errors(report) > 0));
    geo_free(geo);
    report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct geo_networks networks;
    struct report *report = report_new();
    char path[32];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool is_taken = geo_networks_parse(&networks, path, (const char *)data, size, report);
    assert(is_taken == (report_errors(report) == 0));
    if (is_taken) {
        check_list(&networks);
        check_base(path, &networks);
    }
    geo_networks_free(&networks);
    report_free(report);
    load_as_countries(path);
    close(fd);
    return 0;
}
