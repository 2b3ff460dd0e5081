/* test_edge_control.c - Cache-Control in requests and responses, and its targeted form. */
#include "cm.h"

#include "edge/rule_control.h"
#include "http_heads.h"

static struct rule_control of_response(const char *lines)
{
    static struct heads_text room;
    struct http_response_head head;
    struct rule_control c;

    rule_control_response(&heads_response(&room, 200, lines, &head)->fields, &c);
    return c;
}

static struct rule_control of_request(const char *lines)
{
    static struct heads_text room;
    struct http_request_head head;
    struct rule_control c;

    rule_control_request(&heads_request(&room, "GET /", lines, &head)->fields, &c);
    return c;
}

static void without_the_field_nothing_is_given(void **state)
{
    struct rule_control c = of_response("Age: 1\n");

    assert_int_equal(c.max_age_s, RULE_NOT_GIVEN);
    assert_int_equal(c.s_maxage_s, RULE_NOT_GIVEN);
    assert_int_equal(c.stale_while_s, RULE_NOT_GIVEN);
    assert_int_equal(c.stale_if_error_s, RULE_NOT_GIVEN);
    assert_false(c.no_store || c.no_cache || c.is_private || c.is_public || c.is_targeted);
}

static void lifetimes_are_read(void **state)
{
    static const struct {
        const char *value;
        int64_t max_age_s;
    } cases[] = {
        { "max-age=3600", 3600 },
        { "MaX-aGe=3600", 3600 },
        { "foobar, max-age=3600", 3600 },
        { "max-age=003600", 3600 },
        { "max-age=\"3600\"", 3600 },
        { "max-age=2147483647", RULE_SECONDS_MAX },
        { "max-age=2147483648", RULE_SECONDS_MAX },
        { "max-age=99999999999999999999999", RULE_SECONDS_MAX },
        { "max-age=1, max-age=1800", 1 }, /* the first one counts */
        { "max-age=1800\nCache-Control: max-age=1", 1800 },
        { "extension=\"max-age=3600\", max-age=1", 1 },
        { "max-age=\"1\", extension=\"max-age=3600\"", 1 },
        { "extension=\"max-age=3600\"", RULE_NOT_GIVEN },
        /* what is no number is stale */
        { "max-age=-3600", 0 },
        { "max-age='3600'", 0 },
        { "max-age=3600.0", 0 },
        { "max-age=a3600", 0 },
        { "max-age=3600a", 0 },
        { "max-age= 3600", 0 },
        { "max-age=\"3600", 0 },
        { "max-age=", 0 },
        { "max-age", 0 },
        { "max-age =3600", RULE_NOT_GIVEN }, /* another, unknown name */
        { "x-max-age=3600", RULE_NOT_GIVEN },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char lines[128];

        snprintf(lines, sizeof lines, "Cache-Control: %s\n", cases[i].value);
        struct rule_control c = of_response(lines);
        if (c.max_age_s != cases[i].max_age_s)
            fail_msg("%s: %lld", cases[i].value, (long long)c.max_age_s);
    }
}

static void every_response_directive_is_known(void **state)
{
    struct rule_control c = of_response(
        "Cache-Control: s-maxage=1, stale-while-revalidate=2, stale-if-error=3, public, No-StOrE\n"
        "Cache-Control: must-revalidate, proxy-revalidate, must-understand, immutable\n"
        "Cache-Control: no-transform, private, no-cache\n");

    assert_int_equal(c.s_maxage_s, 1);
    assert_int_equal(c.stale_while_s, 2);
    assert_int_equal(c.stale_if_error_s, 3);
    assert_true(c.is_public && c.no_store && c.must_revalidate && c.proxy_revalidate);
    assert_true(c.must_understand && c.immutable && c.no_transform && c.is_private && c.no_cache);
}

static void field_names_qualify_no_cache_and_private(void **state)
{
    struct rule_control c = of_response("Cache-Control: no-cache=\"a, B\", private=\"c\"\n");

    assert_false(c.no_cache || c.is_private);
    assert_int_equal(c.n_named, 3);
    assert_text(c.named[1].name, "B");
    assert_false(c.named[1].is_private);
    assert_text(c.named[2].name, "c");
    assert_true(c.named[2].is_private);
    c = of_response("Cache-Control: no-cache=x\n"); /* without quotes it is meant likewise */
    assert_false(c.no_cache);
    assert_int_equal(c.n_named, 1);
}

static void names_that_cannot_be_read_make_it_about_everything(void **state)
{
    static const char *const values[] = {
        "no-cache=\"\"", "no-cache=\"a b\"", "no-cache=\"a", "no-cache=",
        "no-cache=\"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\"", "no-cache=\"a\", no-cache",
    };

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char lines[128];

        snprintf(lines, sizeof lines, "Cache-Control: %s\n", values[i]);
        if (!of_response(lines).no_cache)
            fail_msg("%s", values[i]);
    }
}

static void every_request_directive_is_known(void **state)
{
    struct rule_control c = of_request("Cache-Control: max-age=1, min-fresh=2, max-stale=3\n"
                                       "Cache-Control: no-store, only-if-cached, no-transform\n"
                                       "Cache-Control: stale-if-error=4, no-cache\n");

    assert_int_equal(c.max_age_s, 1);
    assert_int_equal(c.min_fresh_s, 2);
    assert_int_equal(c.max_stale_s, 3);
    assert_int_equal(c.stale_if_error_s, 4);
    assert_true(c.no_store && c.only_if_cached && c.no_transform && c.no_cache);
}

static void a_requests_wish_that_cannot_be_read_is_not_heard(void **state)
{
    struct rule_control c = of_request("Cache-Control: max-age=x, min-fresh, max-stale=y\n");

    assert_int_equal(c.max_age_s, RULE_NOT_GIVEN);
    assert_int_equal(c.min_fresh_s, RULE_NOT_GIVEN);
    assert_int_equal(c.max_stale_s, RULE_NOT_GIVEN);
    assert_int_equal(of_request("Cache-Control: max-stale\n").max_stale_s, RULE_SECONDS_MAX);
    assert_int_equal(of_request("Cache-Control: s-maxage=1\n").s_maxage_s, RULE_NOT_GIVEN);
}

static void pragma_counts_where_cache_control_is_silent(void **state)
{
    assert_true(of_request("Pragma: foo, No-Cache\n").no_cache);
    assert_false(of_request("Pragma: foo\n").no_cache);
    assert_false(of_request("Pragma: no-cache\nCache-Control: max-age=1\n").no_cache);
    assert_false(of_response("Pragma: no-cache\n").no_cache);
}

static void a_targeted_field_takes_the_place(void **state)
{
    struct rule_control c = of_response("Cache-Control: no-store, max-age=1\n"
                                        "CDN-Cache-Control: max-age=60;x, foo\n"
                                        "CDN-Cache-Control: stale-if-error=99999999999\n");

    assert_true(c.is_targeted);
    assert_false(c.no_store);
    assert_int_equal(c.max_age_s, 60);
    assert_int_equal(c.stale_if_error_s, RULE_SECONDS_MAX);
    c = of_response("CDN-Cache-Control: no-store, private=\"x\", no-cache=?1, public=?0\n");
    assert_true(c.no_store && c.is_private && c.no_cache && !c.is_public);
    c = of_response("Cache-Control: max-age=60\nCDN-Cache-Control: max-age=0, xyz=abcxyz\n");
    assert_true(c.is_targeted);
    assert_int_equal(c.max_age_s, 0);
}

static void a_broken_targeted_field_is_ignored_whole(void **state)
{
    static const char *const values[] = {
        "max-age=60, &&&&&", "max-age=\"60\"", "max-age=60.5", "max-age=-1", "max-age", "",
        "MaX-aGe=60",        "max-age = 60",   "no-store=1",   "max-age=60,",
    };

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char lines[128];

        snprintf(lines, sizeof lines, "CDN-Cache-Control: %s\nCache-Control: no-store\n", values[i]);
        struct rule_control c = of_response(lines);
        if (c.is_targeted || !c.no_store || c.max_age_s != RULE_NOT_GIVEN)
            fail_msg("%s", values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_field_nothing_is_given),
        cmocka_unit_test(lifetimes_are_read),
        cmocka_unit_test(every_response_directive_is_known),
        cmocka_unit_test(field_names_qualify_no_cache_and_private),
        cmocka_unit_test(names_that_cannot_be_read_make_it_about_everything),
        cmocka_unit_test(every_request_directive_is_known),
        cmocka_unit_test(a_requests_wish_that_cannot_be_read_is_not_heard),
        cmocka_unit_test(pragma_counts_where_cache_control_is_silent),
        cmocka_unit_test(a_targeted_field_takes_the_place),
        cmocka_unit_test(a_broken_targeted_field_is_ignored_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
