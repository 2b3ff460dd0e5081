/* test_geo_mmdb.c - what is read from databases in their several layouts; and every odd one that
 * tests/bad/make-mmdb.py can make is refused with the right sentence. */
#include "cm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "geo/mmdb.h"

enum { LOAD_MAX_S = 30 }; /* for one file, under a sanitizer, on a busy machine */

static char folder[] = "/tmp/waymark-bad-XXXXXX";

static int make_files(void **state)
{
    char command[256];

    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(command, sizeof command, "python3 tests/bad/make-mmdb.py %s", folder);
    return system(command);
}

static int remove_files(void **state)
{
    char command[256];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static size_t n_wrong; /* files that did not do as the manifest says */

static void wrong(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void wrong(const char *path, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", path);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    n_wrong++;
}

static struct geo *load(const char *path, bool is_asn, struct report *report)
{
    const char *databases[] = { path };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = is_asn ? 0 : 1,
                             .asn_databases = databases,
                             .n_asn_databases = is_asn ? 1 : 0 };

    alarm(LOAD_MAX_S); /* a hang ends the test, loudly */
    struct geo *geo = geo_load(&conf, report);
    alarm(0);
    return geo;
}

static void check_refused(const char *path, bool is_asn, const char *words)
{
    struct report *report = report_new();
    struct geo *geo = load(path, is_asn, report);

    const struct report_line *line = report_count(report) == 0 ? NULL : report_at(report, 0);
    if (geo != NULL || line == NULL)
        wrong(path, "was taken, expected \"%s\"", words);
    else if (strcmp(line->file, path) != 0 || report_errors(report) != 1 ||
             strlen(line->text) < 8 || strstr(line->text, words) == NULL)
        wrong(path, "expected \"%s\" in \"%s\"", words, line->text);
    geo_free(geo);
    report_free(report);
}

static void check_sound(const char *path, const char *country)
{
    struct report *report = report_new();
    struct geo *geo = load(path, false, report);
    struct addr who;

    assert_true(addr_parse("1.2.3.4", &who));
    if (geo == NULL)
        wrong(path, "%s", report_at(report, 0)->text);
    else if (strcmp(geo_locate(geo, &who).place->country, country) != 0)
        wrong(path, "1.2.3.4 is in \"%s\"", geo_locate(geo, &who).place->country);
    geo_free(geo);
    report_free(report);
}

static void each_file(const char *kind, void (*check)(const char *path, const char *words),
                      size_t at_least)
{
    char line[512], path[300];
    size_t n = 0;

    n_wrong = 0;
    snprintf(path, sizeof path, "%s/manifest", folder);
    FILE *manifest = fopen(path, "r");
    assert_non_null(manifest);
    while (fgets(line, sizeof line, manifest) != NULL) {
        char *rest = line, *name = strsep(&rest, "\t"), *its_kind = strsep(&rest, "\t");
        char *words = strsep(&rest, "\n");
        assert_non_null(words);
        if (strcmp(its_kind, kind) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        check(path, words);
        n++;
    }
    fclose(manifest);
    assert_true(n >= at_least);
    assert_int_equal(n_wrong, 0);
}

static void check_bad_city(const char *path, const char *words)
{
    check_refused(path, false, words);
}

static void check_bad_asn(const char *path, const char *words)
{
    check_refused(path, true, words);
}

static void sound_databases_of_every_record_size_are_taken(void **state)
{
    each_file("sound", check_sound, 15);
}

static void bad_databases_are_refused_with_their_sentence(void **state)
{
    each_file("bad", check_bad_city, 100);
    each_file("bad-asn", check_bad_asn, 3);
}

/* ---- what is read ---- */

/* The paths are names of files in the folder, or in geo-data. */
static struct geo *load_sound(struct conf_geo *conf, struct report *report)
{
    struct geo *geo = geo_load(conf, report);

    if (geo == NULL)
        report_print(report, stderr);
    assert_non_null(geo);
    return geo;
}

static const char *in_folder(const char *name)
{
    static char paths[4][300];
    static size_t next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const struct geo_place *place_of(const struct geo *geo, const char *address)
{
    struct addr who;

    assert_true(addr_parse(address, &who));
    return geo_locate(geo, &who).place;
}

static void assert_tokyo(const struct geo_place *p)
{
    assert_string_equal(p->country, "JP");
    assert_string_equal(p->city, "Tokyo");
    assert_true(p->has_point && !p->is_country_level && !p->is_special);
    assert_true(p->latitude > 35.67f && p->latitude < 35.69f);
    assert_true(p->longitude > 139.68f && p->longitude < 139.70f);
}

static void nested_and_flat_layouts_are_recognised_by_themselves(void **state)
{
    const char *databases[1];
    struct conf_geo conf = { .databases = databases, .n_databases = 1 };
    struct report *report = report_new();

    databases[0] = in_folder("sound-32-v6");
    struct geo *geo = load_sound(&conf, report);
    const struct geo_place *p = place_of(geo, "1.2.3.4");
    assert_tokyo(p);
    assert_string_equal(p->continent, "AS");
    assert_string_equal(p->subdivision_code, "13");
    assert_string_equal(p->subdivision, "Tokyo");
    assert_string_equal(p->source, databases[0]);
    geo_free(geo);

    databases[0] = in_folder("sound-flat");
    geo = load_sound(&conf, report);
    p = place_of(geo, "1.2.3.4");
    assert_tokyo(p); /* the code was in small letters */
    assert_string_equal(p->subdivision, "Tokyo");
    assert_string_equal(p->continent, ""); /* nobody said */
    geo_free(geo);
    report_free(report);
}

static void paths_that_the_operator_names_replace_the_known_ones(void **state)
{
    const char *databases[] = { in_folder("named-fields") };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = 1,
                             .fields = { .continent = "kontinent",
                                         .country = "where.land",
                                         .subdivision = "teil",
                                         .city = "where.ort",
                                         .latitude = "where.points.0.breite",
                                         .longitude = "where.points.0.laenge",
                                         .asn = "netz" } };
    struct report *report = report_new();
    struct geo *geo = load_sound(&conf, report);
    const struct geo_place *p = place_of(geo, "1.2.3.4");

    assert_tokyo(p);
    assert_string_equal(p->continent, "AS");
    assert_string_equal(p->subdivision, "JP-13");
    assert_int_equal(p->asn, 64500);
    assert_int_equal(report_warnings(report), 0);
    geo_free(geo);

    conf.fields.city = "where.stadt";
    geo = load_sound(&conf, report);
    assert_string_equal(place_of(geo, "1.2.3.4")->city, "");
    assert_int_equal(report_warnings(report), 1);
    assert_non_null(strstr(report_at(report, 0)->text, "where.stadt"));
    geo_free(geo);

    conf.fields.city = "where..ort";
    assert_null(geo_load(&conf, report));
    assert_non_null(strstr(report_at(report, 1)->text, "not well formed"));
    conf.fields.city = "where.points"; /* an array: the operator must be told */
    assert_null(geo_load(&conf, report));
    assert_non_null(strstr(report_at(report, 2)->text, "wrong type"));
    report_free(report);
}

static void the_first_database_with_a_record_wins_and_as_numbers_join(void **state)
{
    const char *databases[] = { in_folder("sound-24-v4"), "geo-data/demo.mmdb" };
    const char *asn_databases[] = { in_folder("asn") };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = 2,
                             .asn_databases = asn_databases,
                             .n_asn_databases = 1,
                             .countries = "geo-data/countries.csv" };
    struct report *report = report_new();
    struct geo *geo = load_sound(&conf, report);

    assert_tokyo(place_of(geo, "1.2.3.4"));
    assert_int_equal(place_of(geo, "1.2.3.4")->asn, 64500);
    assert_string_equal(place_of(geo, "1.2.3.4")->source, databases[0]);
    assert_string_equal(place_of(geo, "90.1.2.3")->country, "FR");
    assert_string_equal(place_of(geo, "90.1.2.3")->city, ""); /* the first file has no city there */
    assert_int_equal(place_of(geo, "90.1.2.3")->asn, 64501);
    assert_string_equal(place_of(geo, "133.1.2.3")->source, databases[1]);
    assert_string_equal(place_of(geo, "2003::1")->country, "DE");
    assert_int_equal(geo_sources(geo), 4);
    assert_string_equal(geo_source_at(geo, 1)->type, "Waymark-Test");
    assert_int_equal(geo_source_at(geo, 1)->networks, 2);
    assert_int_equal(geo_source_at(geo, 1)->built_s, 1735689600);
    geo_free(geo);
    report_free(report);
}

static void a_record_without_a_city_takes_its_countrys_point(void **state)
{
    const char *databases[] = { "geo-data/demo.mmdb" };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = 1,
                             .countries = "geo-data/countries.csv" };
    struct report *report = report_new();
    struct geo *geo = load_sound(&conf, report);
    const struct geo_place *p = place_of(geo, "133.200.0.1");

    assert_string_equal(p->country, "JP");
    assert_string_equal(p->continent, "AS");
    assert_true(p->is_country_level && p->has_point);
    assert_true(p->latitude > 35.5f && p->latitude < 35.8f);
    geo_free(geo);

    databases[0] =
        in_folder("sound-24-v4"); /* France without a city, but with a point of its own */
    geo = load_sound(&conf, report);
    p = place_of(geo, "90.1.2.3");
    assert_true(p->is_country_level && p->latitude > 48.865f);
    assert_string_equal(p->continent, "EU"); /* the record does not say; countries.csv does */
    geo_free(geo);
    report_free(report);
}

static void every_broken_file_is_reported_in_one_go(void **state)
{
    const char *databases[] = { in_folder("empty"), in_folder("tree-loop") };
    struct conf_geo conf = { .databases = databases,
                             .n_databases = 2,
                             .networks = "tests/unit/no-such-networks.conf",
                             .countries = "geo-data/demo.csv" };
    struct report *report = report_new();

    assert_null(geo_load(&conf, report));
    assert_true(report_errors(report) > 4); /* each line of demo.csv is no country, too */
    assert_string_equal(report_at(report, report_count(report) - 1)->file, databases[1]);
    report_free(report);
}

static uint8_t *read_sound(size_t *size)
{
    static uint8_t octets[8192];
    char path[300];

    snprintf(path, sizeof path, "%s/sound-28-v6", folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *size = fread(octets, 1, sizeof octets, file);
    fclose(file);
    assert_true(*size > 500 && *size < sizeof octets);
    return octets;
}

static void a_database_cut_at_any_octet_is_refused(void **state)
{
    struct geo_mmdb mmdb;
    char why[WHY_LEN];
    size_t size;
    uint8_t *octets = read_sound(&size);

    assert_int_equal(geo_mmdb_from(octets, size, &mmdb, why), 0);
    geo_mmdb_close(&mmdb);
    for (size_t cut = 0; cut < size; cut++) {
        why[0] = '\0';
        assert_int_not_equal(geo_mmdb_from(octets, cut, &mmdb, why), 0);
        assert_true(strlen(why) > 5);
        geo_mmdb_close(&mmdb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_and_flat_layouts_are_recognised_by_themselves),
        cmocka_unit_test(paths_that_the_operator_names_replace_the_known_ones),
        cmocka_unit_test(the_first_database_with_a_record_wins_and_as_numbers_join),
        cmocka_unit_test(a_record_without_a_city_takes_its_countrys_point),
        cmocka_unit_test(every_broken_file_is_reported_in_one_go),
        cmocka_unit_test(sound_databases_of_every_record_size_are_taken),
        cmocka_unit_test(bad_databases_are_refused_with_their_sentence),
        cmocka_unit_test(a_database_cut_at_any_octet_is_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
