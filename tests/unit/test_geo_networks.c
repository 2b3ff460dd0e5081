/* test_geo_networks.c - networks.conf: what is read, what is refused, and what it does to a base
 * with special ranges below it. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "geo/networks.h"

static bool parse(const char *text, struct geo_networks *out, struct report *report)
{
    return geo_networks_parse(out, "networks.conf", text, strlen(text), report);
}

static void every_key_is_read(void **state)
{
    struct geo_networks n;
    struct report *report = report_new();

    assert_true(
        parse("# a comment\n\n"
              "10.0.0.0/8\tcountry=jp at=35.68,-139.69 city=\"S\\\"o # P\" region=office\r\n"
              "  2001:db8::/32   asn=AS64500 # trailing\n"
              "192.0.2.7 asn=1",
              &n, report));
    assert_int_equal(n.n, 3);
    assert_string_equal(n.list[0].country, "JP");
    assert_string_equal(n.list[0].city, "S\"o # P");
    assert_string_equal(n.list[0].region, "office");
    assert_true(n.list[0].longitude < -139.6f);
    assert_int_equal(n.list[0].line, 3);
    assert_int_equal(n.list[1].prefix.bits, 32); /* a host */
    assert_int_equal(n.list[2].prefix.addr.family, 6);
    assert_int_equal(n.list[2].asn, 64500);
    assert_false(n.list[2].has_country);
    geo_networks_free(&n);
    assert_true(parse("", &n, report));
    assert_int_equal(n.n, 0);
    geo_networks_free(&n);
    report_free(report);
}

struct wrong {
    const char *line;
    const char *words; /* that the finding must hold */
};

static const struct wrong wrongs[] = {
    { "10.0.0.1/8 country=JP", "the network is 10.0.0.0/8" },
    { "2001:db8::1/32 country=JP", "the network is 2001:db8::/32" },
    { "10.0.0.0/33 country=JP", "expected a network" },
    { "10.0.0/8 country=JP", "expected a network" },
    { "country=JP", "expected a network" },
    { "::ffff:10.0.0.0/104 country=JP", "write the IPv4 network" },
    { "10.0.0.0/8", "given nothing" },
    { "10.0.0.0/8 # country=JP", "given nothing" },
    { "10.0.0.0/8 country", "expected key=value" },
    { "10.0.0.0/8 country =JP", "expected key=value" },
    { "10.0.0.0/8 colour=red", "\"colour\" is not known here; known are country" },
    { "10.0.0.0/8 country=JPN", "two letters" },
    { "10.0.0.0/8 country=J1", "two letters" },
    { "10.0.0.0/8 country=", "two letters" },
    { "10.0.0.0/8 country=JP country=FR", "given twice" },
    { "10.0.0.0/8 at=1,2 at=1,2", "given twice" },
    { "10.0.0.0/8 asn=1 asn=1", "given twice" },
    { "10.0.0.0/8 at=35.68", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 at=91,0", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 at=0,180.1", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 at=nan,0", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 at=0x10,0", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 at=1,2,3", "LATITUDE,LONGITUDE" },
    { "10.0.0.0/8 asn=0", "AS number" },
    { "10.0.0.0/8 asn=4294967296", "AS number" },
    { "10.0.0.0/8 asn=-1", "AS number" },
    { "10.0.0.0/8 city=\"open", "do not close" },
    { "10.0.0.0/8 city=\"a\"b", "do not close" },
    { "10.0.0.0/8 city=", "wants a name" },
    { "10.0.0.0/8 region=\"\"", "wants a name" },
    { "10.0.0.0/8 city=\xff", "not UTF-8" },
    { "10.0.0.0/8 city=\x1b[2J", "not UTF-8" },
};

static bool has_finding(const struct report *report, int line, const char *words)
{
    for (size_t i = 0; i < report_count(report); i++) {
        const struct report_line *found = report_at(report, i);
        assert_string_equal(found->file, "networks.conf");
        if (found->line == line && strstr(found->text, words) != NULL)
            return true;
    }
    return false;
}

static void every_wrong_line_is_reported_with_its_number(void **state)
{
    struct report *report = report_new();
    struct geo_networks n;
    char text[8192] = "";

    for (size_t i = 0; i < COUNT_OF(wrongs); i++) {
        strcat(text, wrongs[i].line);
        strcat(text, "\n# between them\n");
    }
    assert_false(parse(text, &n, report));
    geo_networks_free(&n);

    for (size_t i = 0; i < COUNT_OF(wrongs); i++) {
        if (!has_finding(report, (int)(2 * i + 1), wrongs[i].words))
            fail_msg("%s: expected \"%s\"", wrongs[i].line, wrongs[i].words);
        assert_false(has_finding(report, (int)(2 * i + 2), ""));
    }
    report_free(report);
}

static void a_prefix_given_twice_is_an_error_that_names_both_lines(void **state)
{
    struct report *report = report_new();
    struct geo_networks n;

    assert_false(parse("10.0.0.0/8 asn=1\n10.0.0.0/9 asn=2\n10.0.0.0/8 asn=3\n", &n, report));
    assert_int_equal(report_errors(report), 1);
    assert_int_equal(report_at(report, 0)->line, 3);
    assert_non_null(strstr(report_at(report, 0)->text, "line 1"));
    geo_networks_free(&n);
    report_free(report);
}

/* ---- what it does to a base ---- */

static struct geo *load(const char *networks)
{
    static const char *const databases[] = { "geo-data/demo.mmdb" };
    static const char *const asn_databases[] = { "geo-data/demo-asn.mmdb" };
    char path[] = "/tmp/waymark-networks-XXXXXX";
    struct conf_geo conf = { .databases = databases,
                             .n_databases = 1,
                             .asn_databases = asn_databases,
                             .n_asn_databases = 1,
                             .networks = path,
                             .countries = "geo-data/countries.csv" };
    struct report *report = report_new();
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, networks, strlen(networks)), strlen(networks));
    close(fd);
    struct geo *geo = geo_load(&conf, report);
    unlink(path);
    if (geo == NULL)
        report_print(report, stderr);
    assert_non_null(geo);
    report_free(report);
    return geo;
}

static struct geo_location locate(const struct geo *geo, const char *address)
{
    struct addr who;

    assert_true(addr_parse(address, &who));
    return geo_locate(geo, &who);
}

static void the_longest_network_speaks_and_alone(void **state)
{
    struct geo *geo = load("133.1.0.0/16 region=campus\n"
                           "133.1.2.0/24 country=FR\n"
                           "133.1.2.128/25 asn=64999\n"
                           "133.1.2.192/26 at=1,2\n");
    const struct geo_place *p = locate(geo, "133.1.1.1").place;

    assert_string_equal(p->region, "campus"); /* the rest stays the databases' */
    assert_string_equal(p->city, "Suita");
    assert_int_equal(p->asn, 64496);
    assert_int_equal(p->line, 1);

    p = locate(geo, "133.1.2.1").place; /* a country: all of the location */
    assert_null(p->region);
    assert_string_equal(p->country, "FR");
    assert_string_equal(p->continent, "EU");
    assert_string_equal(p->city, "");
    assert_true(p->is_country_level && p->latitude > 48);
    assert_int_equal(p->asn, 64496);

    p = locate(geo, "133.1.2.129").place; /* an AS number: nothing of the location */
    assert_string_equal(p->city, "Tokyo");
    assert_int_equal(p->asn, 64999);
    assert_int_equal(locate(geo, "133.1.2.129").bits, 26);

    p = locate(geo, "133.1.2.200").place; /* a point: no country */
    assert_string_equal(p->country, "");
    assert_true(p->has_point && !p->is_country_level && p->latitude == 1);
    geo_free(geo);
}

static void special_ranges_have_no_place_unless_a_network_gives_one(void **state)
{
    static const char *const special[] = {
        "10.1.2.3",     "127.0.0.1",       "192.168.1.1", "172.31.255.255",
        "100.64.0.1",   "169.254.9.9",     "192.0.2.1",   "198.51.100.1",
        "203.0.113.9",  "198.19.0.1",      "0.1.2.3",     "224.0.0.1",
        "240.0.0.1",    "255.255.255.255", "192.0.0.8",   "::1",
        "::",           "fe80::1",         "fd00::1",     "2001:db8::1",
        "2002:101::1",  "2001::1",         "ff02::1",     "100::1",
        "64:ff9b:1::1", "::ffff:1.2.3.4",  "3fff::1",
    };
    static const char *const usual[] = { "133.1.2.3",       "192.0.0.9",     "192.0.1.1",
                                         "172.32.0.1",      "100.128.0.1",   "198.20.0.1",
                                         "223.255.255.255", "2001:4:112::1", "2600::1",
                                         "64:ff9b::1" };
    struct geo *geo = load("10.1.0.0/16 country=JP\n10.2.0.0/16 region=lab\n0.0.0.0/0 asn=1\n"
                           "133.1.2.0/24 asn=2\n");
    struct geo *plain = load("");

    for (size_t i = 0; i < COUNT_OF(special); i++) {
        const struct geo_place *p = locate(plain, special[i]).place;
        if (!p->is_special || p->has_point || p->country[0] != '\0' || strlen(p->source) < 5)
            fail_msg("%s has a place", special[i]);
    }
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        assert_false(locate(plain, usual[i]).place->is_special);
    assert_string_equal(locate(geo, "10.1.2.3").place->country, "JP");
    assert_false(locate(geo, "10.1.2.3").place->is_special);
    assert_string_equal(locate(geo, "10.2.0.1").place->region, "lab");
    assert_false(locate(geo, "10.2.0.1").place->is_special);
    assert_int_equal(locate(geo, "192.168.0.1").place->asn, 1);
    assert_true(locate(geo, "::1").place->is_special); /* IPv4's /0 does not cover it */
    geo_free(geo);
    geo_free(plain);
}

static void the_demos_networks_place_loopback_but_for_its_ends(void **state)
{
    struct conf_geo conf = { .networks = "geo-data/networks.conf",
                             .countries = "geo-data/countries.csv" };
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);

    assert_non_null(geo);
    assert_string_equal(locate(geo, "127.1.0.1").place->country, "JP");
    assert_string_equal(locate(geo, "127.3.9.9").place->city, "New York");
    assert_string_equal(locate(geo, "127.12.0.1").place->continent, "AF");
    assert_true(locate(geo, "127.12.0.1").place->is_country_level);
    assert_true(locate(geo, "127.0.0.1").place->is_special);
    assert_true(locate(geo, "127.128.0.1").place->is_special);
    geo_free(geo);
    report_free(report);
}

static void a_country_that_is_not_listed_is_warned_of(void **state)
{
    char path[] = "/tmp/waymark-networks-XXXXXX";
    static const char networks[] = "10.1.0.0/16 country=JP\n10.2.0.0/16 country=XX\n";
    struct conf_geo conf = { .networks = path, .countries = "geo-data/countries.csv" };
    struct report *report = report_new();
    int fd = mkstemp(path);

    assert_int_equal(write(fd, networks, strlen(networks)), strlen(networks));
    close(fd);
    struct geo *geo = geo_load(&conf, report);
    assert_non_null(geo);
    assert_int_equal(report_count(report), 1);
    assert_int_equal(report_at(report, 0)->level, REPORT_WARNING);
    assert_int_equal(report_at(report, 0)->line, 2);
    assert_non_null(strstr(report_at(report, 0)->text, "country XX is not in"));
    unlink(path);
    geo_free(geo);
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(every_wrong_line_is_reported_with_its_number),
        cmocka_unit_test(a_prefix_given_twice_is_an_error_that_names_both_lines),
        cmocka_unit_test(the_longest_network_speaks_and_alone),
        cmocka_unit_test(special_ranges_have_no_place_unless_a_network_gives_one),
        cmocka_unit_test(the_demos_networks_place_loopback_but_for_its_ends),
        cmocka_unit_test(a_country_that_is_not_listed_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
