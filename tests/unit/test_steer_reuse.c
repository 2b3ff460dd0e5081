/* test_steer_reuse.c - plans after plans: a view of the same base is taken over where the policy
 * divides the clients as before, and built anew else. */
#include "cm.h"

#include <stdio.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>

#include "steer/steer_plans.h"

struct load {
    struct conf *conf;
    struct steer_plans *plans;
};

/* `at`: where the second PoP is; `weight`: what no view depends on. */
static struct load load_after(const struct steer_plans *former, struct geo **geo, const char *at,
                              int weight)
{
    char text[1024];
    struct report *report = report_new();
    struct load l;

    int len = snprintf(
        text, sizeof text,
        "zones: ( { name = \"x.example\"; file = \"x\"; } );\n"
        "geo: { databases = [\"geo-data/demo.mmdb\"]; };\n"
        "checks: { c: { url = \"tcp://{address}:1\"; }; };\n"
        "pops: { a: { at = [10.0, 10.0]; addresses = [\"192.0.2.1\"]; check = \"c\"; };\n"
        "  b: { at = %s; addresses = [\"192.0.2.2\"]; check = \"c\"; weight = %d; }; };\n"
        "services: ( { name = \"s\"; hosts = [\"s.x.example\"]; targets = [\"a\", \"b\"];\n"
        "    policy = (\"healthy\", \"nearest\"); } );\n",
        at, weight);
    l.conf = conf_parse(text, (size_t)len, "test", report);
    assert_non_null(l.conf);
    if (*geo == NULL)
        *geo = geo_load(&l.conf->geo, report);
    l.plans = steer_plans_build_after(former, l.conf, *geo, report);
    assert_non_null(l.plans);
    assert_int_equal(l.plans->n_views, 1);
    report_free(report);
    return l;
}

static void drop(struct load l)
{
    steer_plans_free(l.plans);
    conf_unref(l.conf);
}

static struct geo_cell cell_of(struct load l, const char *text)
{
    struct addr who;

    assert_true(addr_parse(text, &who));
    return geo_view_find(l.plans->views[0]->geo, &who);
}

static void a_view_that_divides_alike_is_taken_over_and_outlives_the_former_plans(void **state)
{
    struct geo *geo = NULL;
    struct load former = load_after(NULL, &geo, "[-33.9, 151.2]", 10);
    struct load next = load_after(former.plans, &geo, "[-33.9, 151.2]", 20);
    struct geo_cell before = cell_of(former, "1.1.1.1");

    assert_ptr_equal(next.plans->views[0], former.plans->views[0]);
    drop(former);
    assert_int_equal(cell_of(next, "1.1.1.1").class, before.class);
    assert_int_equal(cell_of(next, "1.1.1.1").bits, before.bits);
    drop(next);
    geo_free(geo);
}

static void a_site_that_moved_makes_another_view(void **state)
{
    struct geo *geo = NULL;
    struct load former = load_after(NULL, &geo, "[-33.9, 151.2]", 10);
    struct load next = load_after(former.plans, &geo, "[51.5, 0.1]", 10);

    assert_ptr_not_equal(next.plans->views[0], former.plans->views[0]);
    drop(former);
    drop(next);
    geo_free(geo);
}

static void another_base_makes_another_view(void **state)
{
    struct geo *geo = NULL, *other = NULL;
    struct load former = load_after(NULL, &geo, "[-33.9, 151.2]", 10);
    struct load next = load_after(former.plans, &other, "[-33.9, 151.2]", 10);

    assert_ptr_not_equal(next.plans->views[0], former.plans->views[0]);
    drop(former);
    drop(next);
    geo_free(geo);
    geo_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_that_divides_alike_is_taken_over_and_outlives_the_former_plans),
        cmocka_unit_test(a_site_that_moved_makes_another_view),
        cmocka_unit_test(another_base_makes_another_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
