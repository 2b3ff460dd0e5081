/* test_serve_losses.c - what a reload would take away is named, and all of it is never taken. */
#include "cm.h"

#include <stdio.h>
#include <string.h>

#include <waymark/report.h>

#include "serve/losses.h"

static const struct conf_zone zones[] = { { .name = "a.example" }, { .name = "b.example" } };
static const struct conf_zone others[] = { { .name = "B.Example" }, { .name = "c.example" } };
static const struct conf_service services[] = { { .name = "www" }, { .name = "video" } };

static struct conf serving(void)
{
    return (struct conf){ .file = "waymark.conf",
                          .zones = zones,
                          .n_zones = COUNT_OF(zones),
                          .services = services,
                          .n_services = COUNT_OF(services) };
}

static void expect(const struct conf *next, size_t n_errors, size_t n_warnings, const char *text)
{
    struct conf now = serving();
    struct report *report = report_new();

    losses_name(&now, next, report);
    assert_int_equal(report_errors(report), n_errors);
    assert_int_equal(report_warnings(report), n_warnings);
    if (text != NULL) {
        assert_string_equal(report_at(report, 0)->file, "waymark.conf");
        assert_non_null(strstr(report_at(report, 0)->text, text));
    }
    report_free(report);
}

static void what_stays_is_not_named(void **state)
{
    static const struct conf_service turned[] = { { .name = "video" }, { .name = "www" } };
    struct conf next = serving();

    expect(&next, 0, 0, NULL);
    next.services = turned;
    expect(&next, 0, 0, NULL);
}

static void zones_and_services_that_go_are_named(void **state)
{
    struct conf next = serving();

    next.zones = others;
    expect(&next, 0, 1, "zone \"a.example\" is left out");
    next.n_services = 1;
    expect(&next, 0, 2, "a.example");
    next = serving();
    next.n_services = 0;
    expect(&next, 0, 2, "service \"www\" is left out");
}

/* A file caught while an editor wrote it had nothing in it, and every query was refused. */
static void bug_an_empty_file_took_every_zone_away(void **state)
{
    struct conf next = serving(), now = serving();
    struct report *report = report_new();

    next.n_zones = next.n_services = 0;
    expect(&next, 1, 0, "no zones, where 2 are served");
    now.n_zones = 0; /* who serves none may go on so */
    losses_name(&now, &next, report);
    assert_int_equal(report_errors(report), 0);
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays_is_not_named),
        cmocka_unit_test(zones_and_services_that_go_are_named),
        cmocka_unit_test(bug_an_empty_file_took_every_zone_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
