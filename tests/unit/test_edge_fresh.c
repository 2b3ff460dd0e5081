/* test_edge_fresh.c - what is stored, how old it is, and when it may be used. */
#include "cm.h"

#include <string.h>

#include "edge/rule_fresh.h"
#include "http_heads.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
static const int64_t now_ms = INT64_C(784111777000);
static const struct rule_options standard;

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
#define DATE_BEFORE_30_S "Date: Sun, 06 Nov 1994 08:49:07 GMT\n"
#define EXPIRES_IN_60_S "Expires: Sun, 06 Nov 1994 08:50:37 GMT\n"
#define MODIFIED_100_S_AGO "Last-Modified: Sun, 06 Nov 1994 08:47:57 GMT\n"

static const char *why_not(const char *request_line, const char *request_lines, unsigned status,
                           const char *lines, const struct rule_options *options)
{
    static struct heads_text room, request_room;
    struct http_response_head response;
    struct http_request_head request;
    struct rule_control wish, control;

    heads_request(&request_room, request_line, request_lines, &request);
    heads_response(&room, status, lines, &response);
    rule_control_request(&request.fields, &wish);
    rule_control_response(&response.fields, &control);
    return rule_why_not_stored(&request, &wish, &response, &control, options, now_ms);
}

static struct rule_fresh made(unsigned status, const char *lines, const struct rule_options *options,
                              int64_t delay_ms)
{
    static struct heads_text room;
    struct http_response_head response;
    struct rule_control control;
    struct rule_fresh f;

    heads_response(&room, status, lines, &response);
    rule_control_response(&response.fields, &control);
    rule_fresh_make(&response, &control, options, now_ms - delay_ms, now_ms, &f);
    return f;
}

static struct rule_control wish_of(const char *lines)
{
    static struct heads_text room;
    struct http_request_head request;
    struct rule_control wish;

    rule_control_request(&heads_request(&room, "GET /", lines, &request)->fields, &wish);
    return wish;
}

struct storing {
    unsigned status;
    const char *request, *response;
    const char *why; /* NULL: it is stored */
};

static const struct storing storings[] = {
    { 200, "", "Cache-Control: max-age=5\n", NULL },
    { 200, "", "Cache-Control: s-maxage=5\n", NULL },
    { 200, "", EXPIRES_IN_60_S, NULL },
    { 599, "", "Cache-Control: max-age=5\n", NULL },
    { 302, "", "Cache-Control: max-age=5\n", NULL },
    { 204, "", "Cache-Control: max-age=5\n", NULL },
    { 200, "", "ETag: \"a\"\n", NULL }, /* validated at each use */
    { 200, "", MODIFIED_100_S_AGO, NULL },
    { 200, "", "", "no-lifetime" },
    { 201, "", MODIFIED_100_S_AGO, "no-lifetime" },
    { 599, "", "ETag: \"a\"\n", "no-lifetime" },
    { 599, "", "ETag: \"a\"\nCache-Control: public\n", NULL },
    { 200, "", "Cache-Control: public\n", "no-lifetime" },
    /* of no use */
    { 200, "", "Cache-Control: max-age=0\n", "stale" },
    { 200, "", "Expires: 0\n", "stale" },
    { 200, "", "Expires: Sun, 06 Nov 1994 08:49:36 GMT\n", "stale" }, /* no Date beside it */
    { 200, "", "Cache-Control: max-age=0\nETag: \"a\"\n", NULL },
    { 200, "", "Cache-Control: max-age=0, stale-while-revalidate=5\n", NULL },
    { 200, "", "Cache-Control: max-age=5, no-cache\n", "stale" },
    { 200, "", "Cache-Control: max-age=5, no-cache\nETag: \"a\"\n", NULL },
    { 200, "", "Cache-Control: no-cache\nETag: \"a\"\n", NULL },
    { 200, "", "Cache-Control: no-cache=\"x\", max-age=5\n", NULL },
    /* forbidden */
    { 200, "", "Cache-Control: max-age=5, no-store\n", "no-store" },
    { 200, "", "Cache-Control: max-age=5, private\n", "private" },
    { 200, "", "Cache-Control: max-age=5, private=\"x\"\n", NULL },
    { 200, "Cache-Control: no-store\n", "Cache-Control: max-age=5\n", "request-no-store" },
    { 206, "", "Cache-Control: max-age=5\n", "status" },
    { 304, "", "Cache-Control: max-age=5\n", "status" },
    { 103, "", "Cache-Control: max-age=5\n", "status" },
    { 200, "", "Cache-Control: max-age=5\nVary: a, *\n", "vary" },
    { 200, "", "Cache-Control: max-age=5\nVary: a\n", NULL },
    /* must-understand (RFC 9111 5.2.2.3) */
    { 599, "", "Cache-Control: max-age=5, must-understand\n", "must-understand" },
    { 200, "", "Cache-Control: max-age=5, must-understand, no-store\n", NULL },
    { 599, "", "Cache-Control: max-age=5, must-understand, no-store\n", "must-understand" },
    /* Authorization (RFC 9111 3.5) */
    { 200, "Authorization: x\n", "Cache-Control: max-age=5\n", "authorization" },
    { 200, "Authorization: x\n", EXPIRES_IN_60_S, "authorization" },
    { 200, "Authorization: x\n", "Cache-Control: max-age=5, public\n", NULL },
    { 200, "Authorization: x\n", "Cache-Control: max-age=5, must-revalidate\n", NULL },
    { 200, "Authorization: x\n", "Cache-Control: s-maxage=5\n", NULL },
    { 200, "Authorization: x\n", "Cache-Control: max-age=5, proxy-revalidate\n", "authorization" },
    /* cookies */
    { 200, "", "Cache-Control: max-age=5\nSet-Cookie: a=b\n", NULL },
    { 200, "", "ETag: \"a\"\nSet-Cookie: a=b\n", "set-cookie" },
    { 200, "Cookie: a=b\n", "Cache-Control: max-age=5\n", NULL },
    /* targeted */
    { 200, "", "CDN-Cache-Control: max-age=5\nCache-Control: no-store\n", NULL },
    { 200, "", "CDN-Cache-Control: no-store\nCache-Control: max-age=5\n", "no-store" },
    { 200, "", "CDN-Cache-Control: foo\n" EXPIRES_IN_60_S, "no-lifetime" },
};

static void storing_follows_the_standard(void **state)
{
    for (size_t i = 0; i < COUNT_OF(storings); i++) {
        const struct storing *s = &storings[i];
        const char *why = why_not("GET /", s->request, s->status, s->response, &standard);

        if ((why == NULL) != (s->why == NULL) || (why != NULL && strcmp(why, s->why) != 0))
            fail_msg("%u %s%s: %s", s->status, s->request, s->response, why == NULL ? "yes" : why);
    }
}

static void only_answers_to_get_are_stored(void **state)
{
    assert_string_equal(why_not("HEAD /", "", 200, "Cache-Control: max-age=5\n", &standard),
                        "method");
    assert_string_equal(why_not("POST /", "", 200, "Cache-Control: max-age=5\n", &standard),
                        "method");
}

struct lifetime {
    unsigned status;
    const char *lines;
    int64_t lifetime_s, age_s;
};

static const struct lifetime lifetimes[] = {
    { 200, DATE "Cache-Control: max-age=5, s-maxage=9\n" EXPIRES_IN_60_S, 9, 0 },
    { 200, DATE "Cache-Control: max-age=5\n" EXPIRES_IN_60_S, 5, 0 },
    { 200, DATE EXPIRES_IN_60_S, 60, 0 },
    { 200, DATE_BEFORE_30_S EXPIRES_IN_60_S, 90, 30 },
    { 200, EXPIRES_IN_60_S, 60, 0 },              /* no Date: now */
    { 200, "Date: foo\n" EXPIRES_IN_60_S, 60, 0 }, /* a bad one likewise */
    { 200, DATE "Expires: 0\n", 0, 0 },
    { 200, DATE "Expires: Sun, 06 Nov 1994 08:49:37 GMT\n", 0, 0 },
    { 200, "Date: Sun, 06 Nov 1994 08:56:17 GMT\nExpires: Sun, 06 Nov 1994 08:54:37 GMT\n", 0, 0 },
    { 200, DATE "Cache-Control: max-age=x\n" EXPIRES_IN_60_S, 0, 0 },
    { 200, DATE "CDN-Cache-Control: foo\n" EXPIRES_IN_60_S, 0, 0 },
    { 200, DATE MODIFIED_100_S_AGO, 0, 0 }, /* no guessing */
    { 404, DATE, 0, 0 },
    /* age (RFC 9111 4.2.3, 5.1) */
    { 200, DATE "Cache-Control: max-age=5\nAge: 7200\n", 5, 7200 },
    { 200, DATE_BEFORE_30_S "Cache-Control: max-age=5\nAge: 7\n", 5, 30 },
    { 200, DATE "Cache-Control: max-age=5\nAge: 7200, 0\n", 5, 7200 },
    { 200, DATE "Cache-Control: max-age=5\nAge: 0, 7200\n", 5, 0 },
    { 200, DATE "Cache-Control: max-age=5\nAge: 7200\nAge: 0\n", 5, 7200 },
    { 200, DATE "Cache-Control: max-age=5\nAge: abc\n", 5, 0 },
    { 200, DATE "Cache-Control: max-age=5\nAge: -7200\n", 5, 0 },
    { 200, DATE "Cache-Control: max-age=5\nAge: 7200.0\n", 5, 0 },
    { 200, DATE "Cache-Control: max-age=5\nAge:\n", 5, 0 },
    { 200, DATE "Cache-Control: max-age=5\nAge: 2147483649\n", 5, RULE_SECONDS_MAX },
    { 200, DATE "Cache-Control: max-age=5\nAge: 99999999999999999999999\n", 5, RULE_SECONDS_MAX },
};

static void lifetime_and_age_are_reckoned(void **state)
{
    for (size_t i = 0; i < COUNT_OF(lifetimes); i++) {
        const struct lifetime *l = &lifetimes[i];
        struct rule_fresh f = made(l->status, l->lines, &standard, 0);

        if (f.lifetime_ms != l->lifetime_s * 1000 || rule_age_s(&f, now_ms) != l->age_s)
            fail_msg("%s: %lld, %lld", l->lines, (long long)f.lifetime_ms,
                     (long long)rule_age_s(&f, now_ms));
        assert_int_equal(rule_ttl_ms(&f, now_ms), f.lifetime_ms - f.age_ms);
    }
}

static void the_delay_of_the_answer_is_part_of_the_age(void **state)
{
    struct rule_fresh f = made(200, DATE "Cache-Control: max-age=60\nAge: 7\n", &standard, 2500);

    assert_int_equal(f.age_ms, 9500);
    assert_int_equal(rule_age_s(&f, now_ms + 700), 10);
    assert_int_equal(rule_age_s(&f, now_ms - 99999), 9); /* a clock set back */
}

static void the_operator_may_give_lifetimes(void **state)
{
    static const struct rule_options given = { .heuristic_pct = 10, .heuristic_max_s = 8,
                                               .default_ttl_s = 3, .negative_ttl_s = 2 };
    static const struct rule_options more = { .heuristic_pct = 10, .heuristic_max_s = 60 };

    assert_int_equal(made(200, DATE MODIFIED_100_S_AGO, &given, 0).lifetime_ms, 8000);
    assert_int_equal(made(200, DATE MODIFIED_100_S_AGO, &more, 0).lifetime_ms, 10000);
    assert_true(made(200, DATE MODIFIED_100_S_AGO, &more, 0).is_heuristic);
    assert_int_equal(made(200, DATE, &given, 0).lifetime_ms, 3000);
    assert_int_equal(made(404, DATE, &given, 0).lifetime_ms, 2000);
    assert_int_equal(made(403, DATE MODIFIED_100_S_AGO, &given, 0).lifetime_ms, 0);
    assert_int_equal(made(599, DATE MODIFIED_100_S_AGO "Cache-Control: public\n", &more, 0).lifetime_ms,
                     10000);
    assert_int_equal(made(200, DATE "Cache-Control: max-age=0\n", &given, 0).lifetime_ms, 0);
    assert_null(why_not("GET /", "", 200, "", &given));
    assert_string_equal(why_not("GET /", "", 200, "Set-Cookie: a=b\n", &given), "set-cookie");
}

struct use {
    const char *response, *request;
    int64_t after_ms;
    enum rule_use use;
};

#define CC "Cache-Control: "

static const struct use uses[] = {
    { CC "max-age=10\n", "", 0, RULE_USE },
    { CC "max-age=10\n", "", 9999, RULE_USE },
    { CC "max-age=10\n", "", 10000, RULE_VALIDATE },
    { CC "max-age=10, no-cache\n", "", 0, RULE_VALIDATE },
    { CC "max-age=10, must-revalidate\n", "", 9999, RULE_USE },
    { CC "max-age=10, must-revalidate\n", CC "max-stale\n", 10000, RULE_VALIDATE },
    { "ETag: \"a\"\n", "", 0, RULE_VALIDATE },
    /* stale-while-revalidate */
    { CC "max-age=10, stale-while-revalidate=5\n", "", 14999, RULE_USE_AND_UPDATE },
    { CC "max-age=10, stale-while-revalidate=5\n", "", 15000, RULE_VALIDATE },
    { CC "s-maxage=10, stale-while-revalidate=5\n", "", 12000, RULE_USE_AND_UPDATE },
    { CC "max-age=10, stale-while-revalidate=5, must-revalidate\n", "", 12000, RULE_VALIDATE },
    { CC "max-age=10, stale-while-revalidate=5, proxy-revalidate\n", "", 12000, RULE_VALIDATE },
    { CC "max-age=10, stale-while-revalidate=5, no-cache\n", "", 0, RULE_VALIDATE },
    { CC "max-age=10, stale-while-revalidate=5\n", CC "no-cache\n", 12000, RULE_VALIDATE },
    { CC "max-age=10, stale-while-revalidate=5\n", CC "max-age=11\n", 12000, RULE_VALIDATE },
    { CC "max-age=10, stale-while-revalidate=5\n", CC "min-fresh=1\n", 12000, RULE_VALIDATE },
    /* what the client wants */
    { CC "max-age=10\n", CC "no-cache\n", 0, RULE_VALIDATE },
    { CC "max-age=10\n", CC "max-age=0\n", 0, RULE_VALIDATE },
    { CC "max-age=10\n", CC "max-age=5\n", 5000, RULE_USE },
    { CC "max-age=10\n", CC "max-age=5\n", 5001, RULE_VALIDATE },
    { CC "max-age=10\n", CC "min-fresh=5\n", 5000, RULE_USE },
    { CC "max-age=10\n", CC "min-fresh=5\n", 5001, RULE_VALIDATE },
    { CC "max-age=10\n", CC "max-stale=5\n", 15000, RULE_USE },
    { CC "max-age=10\n", CC "max-stale=5\n", 15001, RULE_VALIDATE },
    { CC "max-age=10\n", CC "max-stale\n", 99999999, RULE_USE },
    { CC "s-maxage=10\n", CC "max-stale\n", 10000, RULE_VALIDATE },
    { CC "max-age=10, no-cache\n", CC "max-stale\n", 10000, RULE_VALIDATE },
    { CC "max-age=10\n", CC "only-if-cached\n", 9999, RULE_USE },
    { CC "max-age=10\n", CC "only-if-cached\n", 10000, RULE_GATEWAY_TIMEOUT },
    /* RFC 8246: a reload does not ask for what cannot change, no-cache does */
    { CC "max-age=10, immutable\n", CC "max-age=0\n", 9999, RULE_USE },
    { CC "max-age=10, immutable\n", CC "max-age=0\n", 10000, RULE_VALIDATE },
    { CC "max-age=10, immutable\n", CC "no-cache\n", 0, RULE_VALIDATE },
};

static void use_follows_age_and_wishes(void **state)
{
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        const struct use *u = &uses[i];
        struct rule_fresh f = made(200, u->response, &standard, 0);
        struct rule_control wish = wish_of(u->request);
        enum rule_use use = rule_use(&f, &wish, &standard, now_ms + u->after_ms);

        if (use != u->use)
            fail_msg("%s%s after %lld ms: %d", u->response, u->request, (long long)u->after_ms, use);
    }
}

static void wishes_may_go_unheard(void **state)
{
    static const struct rule_options deaf = { .ignore_request_no_cache = true };
    struct rule_fresh f = made(200, CC "max-age=10\n", &standard, 0);
    struct rule_control wish = wish_of(CC "no-cache, max-age=0, min-fresh=100\n");

    assert_int_equal(rule_use(&f, &wish, &deaf, now_ms), RULE_USE);
    assert_int_equal(rule_use(&f, &wish, &deaf, now_ms + 10000), RULE_VALIDATE);
}

struct failure {
    const char *response, *request;
    int64_t after_ms;
    bool is_used;
};

static const struct failure failures[] = {
    { CC "max-age=10\n", "", 10000, false },
    { CC "max-age=10\n", CC "no-cache\n", 9999, true }, /* still fresh, and nothing better is to be had */
    { CC "max-age=10, stale-if-error=5\n", "", 14999, true },
    { CC "max-age=10, stale-if-error=5\n", "", 15000, false },
    { CC "s-maxage=10, stale-if-error=5\n", "", 14999, true },
    { CC "s-maxage=10\n", "", 10000, false },
    { CC "max-age=10, stale-if-error=5, must-revalidate\n", "", 10000, false },
    { CC "max-age=10, stale-if-error=5, proxy-revalidate\n", "", 10000, false },
    { CC "max-age=10, stale-if-error=5, no-cache\n", "", 0, false },
    { CC "max-age=10\n", CC "stale-if-error=5\n", 14999, true },
    { CC "max-age=10\n", CC "stale-if-error=5\n", 15000, false },
    { CC "s-maxage=10\n", CC "stale-if-error=5\n", 14999, false },
};

static void a_failing_origin_is_bridged_as_allowed(void **state)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        const struct failure *x = &failures[i];
        struct rule_fresh f = made(200, x->response, &standard, 0);
        struct rule_control wish = wish_of(x->request);

        if (rule_use_on_error(&f, &wish, now_ms + x->after_ms) != x->is_used)
            fail_msg("%s%s after %lld ms", x->response, x->request, (long long)x->after_ms);
    }
}

static void the_operator_may_allow_stale_ones(void **state)
{
    static const struct rule_options lax = { .stale_while_s = 5, .stale_if_error_s = 60 };
    struct rule_control none = wish_of("");
    struct rule_fresh f = made(200, CC "max-age=10\n", &lax, 0);

    assert_int_equal(rule_use(&f, &none, &lax, now_ms + 12000), RULE_USE_AND_UPDATE);
    assert_true(rule_use_on_error(&f, &none, now_ms + 60000));
    f = made(200, CC "max-age=10, stale-while-revalidate=0, stale-if-error=0\n", &lax, 0);
    assert_int_equal(rule_use(&f, &none, &lax, now_ms + 12000), RULE_VALIDATE);
    assert_false(rule_use_on_error(&f, &none, now_ms + 12000));
    f = made(200, CC "s-maxage=10\n", &lax, 0);
    assert_int_equal(rule_use(&f, &none, &lax, now_ms + 12000), RULE_VALIDATE);
}

static void a_soft_purge_makes_stale(void **state)
{
    struct rule_control none = wish_of("");
    struct rule_fresh f = made(200, CC "max-age=10, stale-if-error=5\n", &standard, 0);

    rule_fresh_expire(&f, now_ms + 2000);
    assert_int_equal(rule_use(&f, &none, &standard, now_ms + 2000), RULE_VALIDATE);
    assert_true(rule_use_on_error(&f, &none, now_ms + 6999));
    assert_false(rule_use_on_error(&f, &none, now_ms + 7000));
    rule_fresh_expire(&f, now_ms + 90000); /* twice changes nothing */
    assert_int_equal(f.lifetime_ms, 2000);
}

static void some_requests_never_reach_the_cache(void **state)
{
    static const struct {
        const char *line, *lines;
        enum rule_lookup plain, deaf;
    } cases[] = {
        { "GET /", "", RULE_LOOK_UP, RULE_LOOK_UP },
        { "HEAD /", "", RULE_LOOK_UP, RULE_LOOK_UP },
        { "GET /", CC "max-age=0\n", RULE_LOOK_UP, RULE_LOOK_UP },
        { "GET /", CC "no-cache\n", RULE_BYPASS, RULE_LOOK_UP },
        { "GET /", "Pragma: no-cache\n", RULE_BYPASS, RULE_LOOK_UP },
        { "GET /", CC "no-store\n", RULE_PASS, RULE_PASS },
        { "GET /", "Content-Length: 0\n", RULE_LOOK_UP, RULE_LOOK_UP },
        { "GET /", "Content-Length: 1\n", RULE_PASS, RULE_PASS },
        { "GET /", "Transfer-Encoding: chunked\n", RULE_PASS, RULE_PASS },
        { "POST /", "", RULE_PASS, RULE_PASS },
        { "OPTIONS /", "", RULE_PASS, RULE_PASS },
        { "FOO /", "", RULE_PASS, RULE_PASS },
    };
    static const struct rule_options deaf = { .ignore_request_no_cache = true };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static struct heads_text room;
        struct http_request_head request;
        struct rule_control wish;

        heads_request(&room, cases[i].line, cases[i].lines, &request);
        rule_control_request(&request.fields, &wish);
        assert_int_equal(rule_look_up(&request, &wish, &standard), cases[i].plain);
        assert_int_equal(rule_look_up(&request, &wish, &deaf), cases[i].deaf);
    }
}

static void failures_are_those_of_servers(void **state)
{
    assert_true(rule_is_error(500) && rule_is_error(502) && rule_is_error(503) && rule_is_error(504));
    assert_false(rule_is_error(501) || rule_is_error(404) || rule_is_error(200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storing_follows_the_standard),
        cmocka_unit_test(only_answers_to_get_are_stored),
        cmocka_unit_test(lifetime_and_age_are_reckoned),
        cmocka_unit_test(the_delay_of_the_answer_is_part_of_the_age),
        cmocka_unit_test(the_operator_may_give_lifetimes),
        cmocka_unit_test(use_follows_age_and_wishes),
        cmocka_unit_test(wishes_may_go_unheard),
        cmocka_unit_test(a_failing_origin_is_bridged_as_allowed),
        cmocka_unit_test(the_operator_may_allow_stale_ones),
        cmocka_unit_test(a_soft_purge_makes_stale),
        cmocka_unit_test(some_requests_never_reach_the_cache),
        cmocka_unit_test(failures_are_those_of_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
