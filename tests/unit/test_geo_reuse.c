/* test_geo_reuse.c - a base after a base: the same one where nothing changed, a new one else. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "geo/base.h"

static const char *const demo[] = { "geo-data/demo.mmdb" };

struct desk {
    char folder[32], networks[64];
    struct conf_geo conf;
    struct report *report;
};

static void write_networks(struct desk *d, const char *text)
{
    char next[80];

    snprintf(next, sizeof next, "%s.new", d->networks);
    FILE *out = fopen(next, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(next, d->networks), 0);
}

static void open_desk(struct desk *d)
{
    strcpy(d->folder, "/tmp/geo-reuse-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    snprintf(d->networks, sizeof d->networks, "%s/networks.conf", d->folder);
    write_networks(d, "192.0.2.0/24 region=one\n");
    d->conf = (struct conf_geo){ .databases = demo, .n_databases = 1, .networks = d->networks };
    d->report = report_new();
    assert_non_null(d->report);
}

static void close_desk(struct desk *d)
{
    unlink(d->networks);
    assert_int_equal(rmdir(d->folder), 0);
    report_free(d->report);
}

/* As if from files that have been at rest for long. */
static struct geo *load_at_rest(struct desk *d)
{
    struct geo *geo = geo_load(&d->conf, d->report);

    assert_non_null(geo);
    assert_false(geo->reuse.is_firm); /* the networks are new */
    geo->reuse.is_firm = true;
    return geo;
}

static const char *region_at(const struct geo *geo, const char *text)
{
    struct addr who;

    assert_true(addr_parse(text, &who));
    const struct geo_place *place = geo_locate(geo, &who).place;
    return place->region == NULL ? "none" : place->region;
}

static void what_did_not_change_is_the_same_base_and_outlives_the_former(void **state)
{
    struct desk d;

    open_desk(&d);
    struct geo *former = load_at_rest(&d);
    struct geo *geo = geo_load_after(former, &d.conf, d.report);
    assert_ptr_equal(geo, former);
    geo_free(former);
    assert_string_equal(region_at(geo, "192.0.2.1"), "one");
    geo_free(geo);
    close_desk(&d);
}

static void a_changed_file_is_read_again(void **state)
{
    struct desk d;

    open_desk(&d);
    struct geo *former = load_at_rest(&d);
    write_networks(&d, "192.0.2.0/24 region=two\n");
    struct geo *geo = geo_load_after(former, &d.conf, d.report);
    assert_ptr_not_equal(geo, former);
    assert_string_equal(region_at(former, "192.0.2.1"), "one");
    assert_string_equal(region_at(geo, "192.0.2.1"), "two");
    geo_free(former);
    geo_free(geo);
    close_desk(&d);
}

static void a_file_that_was_just_written_is_not_trusted(void **state)
{
    struct desk d;

    open_desk(&d);
    struct geo *former = geo_load(&d.conf, d.report);
    struct geo *geo = geo_load_after(former, &d.conf, d.report);
    assert_ptr_not_equal(geo, former);
    geo_free(former);
    geo_free(geo);
    close_desk(&d);
}

static void other_settings_make_another_base(void **state)
{
    static const struct conf_country_point points[] = { { "DE", 50, 10 }, { "DE", 50, 11 } };
    struct desk d;

    open_desk(&d);
    d.conf.points = points;
    d.conf.n_points = 1;
    struct geo *former = load_at_rest(&d);
    const struct conf_geo good = d.conf;
    for (int i = 0; i < 5; i++) {
        d.conf = good;
        switch (i) {
        case 0:
            d.conf.points++;
            break;
        case 1:
            d.conf.n_points = 0;
            break;
        case 2:
            d.conf.networks = NULL;
            break;
        case 3:
            d.conf.n_databases = 0;
            break;
        default:
            d.conf.fields.city = "country.names.en";
            break;
        }
        struct geo *geo = geo_load_after(former, &d.conf, d.report);
        assert_non_null(geo);
        assert_ptr_not_equal(geo, former);
        geo_free(geo);
    }
    struct geo *geo = geo_load_after(former, &good, d.report);
    assert_ptr_equal(geo, former);
    geo_free(geo);
    geo_free(former);
    close_desk(&d);
}

static void a_warning_is_given_again(void **state)
{
    struct conf_geo conf = { .databases = demo, .n_databases = 1 };
    struct report *report = report_new();

    struct geo *quiet = geo_load(&conf, report);
    assert_int_equal(report_warnings(report), 0);
    assert_true(quiet->reuse.is_firm); /* the demo's database lies there for long */
    conf.fields.city = "no.such.field";
    struct geo *warned = geo_load(&conf, report);
    assert_int_equal(report_warnings(report), 1);
    struct geo *again = geo_load_after(warned, &conf, report);
    assert_ptr_not_equal(again, warned);
    assert_int_equal(report_warnings(report), 2);
    geo_free(quiet);
    geo_free(warned);
    geo_free(again);
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_did_not_change_is_the_same_base_and_outlives_the_former),
        cmocka_unit_test(a_changed_file_is_read_again),
        cmocka_unit_test(a_file_that_was_just_written_is_not_trusted),
        cmocka_unit_test(other_settings_make_another_base),
        cmocka_unit_test(a_warning_is_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
