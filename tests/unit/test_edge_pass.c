/* test_edge_pass.c - which fields go on, what a 304 changes, what caches write themselves. */
#include "cm.h"

#include <string.h>

#include "edge/rule_pass.h"
#include "http_heads.h"

/* The names and values of fields, one a line. */
static const char *listed(const struct http_fields *f)
{
    static char out[1024];
    size_t n = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < f->n; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%.*s: %.*s\n", (int)f->list[i].name.len,
                              f->list[i].name.at, (int)f->list[i].value.len, f->list[i].value.at);
    return out;
}

static void what_ends_at_the_connection_is_taken_out(void **state)
{
    static struct heads_text room;
    struct http_response_head head;

    heads_response(&room, 200,
                   "Connection: a, B\nA: 1\nb: 2\nC: 3\na: 4\nKeep-Alive: x\nProxy-Connection: x\n"
                   "Proxy-Authenticate: x\nProxy-Authentication-Info: x\nTE: x\nTrailer: x\n"
                   "Proxy-Authorization: x\nUpgrade: x\nTransfer-Encoding: chunked\nVary: c\n",
                   &head);
    rule_strip_hop_by_hop(&head.fields);
    assert_string_equal(listed(&head.fields), "C: 3\nVary: c\n");
    assert_false(http_field_has(&head.fields, HTTP_CONNECTION));
    assert_text(http_field_value(&head.fields, HTTP_VARY), "c"); /* the index moved along */
}

static void connection_cannot_hide_where_a_request_has_been(void **state)
{
    static struct heads_text room;
    struct http_request_head head;

    heads_request(&room, "GET /",
                  "Connection: host, cdn-loop, via, x-forwarded-for, forwarded, cookie\n"
                  "CDN-Loop: x\nVia: v\nX-Forwarded-For: f\nForwarded: g\nCookie: a=b\n",
                  &head);
    rule_strip_hop_by_hop(&head.fields);
    assert_string_equal(listed(&head.fields),
                        "Host: www.example\nCDN-Loop: x\nVia: v\nX-Forwarded-For: f\nForwarded: g\n");
}

static void a_fetch_for_the_cache_leaves_the_clients_conditions_behind(void **state)
{
    static struct heads_text room;
    struct http_request_head head;
    static const struct {
        bool passed, filled;
    } expected[] = {
        { false, false }, { false, false }, { false, false }, { true, false }, { true, false },
        { true, false },  { true, false },  { true, false },  { true, false }, { true, true },
        { true, true },
    };

    heads_request(&room, "GET /",
                  "Content-Length: 0\nExpect: 100-continue\nIf-None-Match: x\nIf-Match: x\n"
                  "If-Range: x\nRange: x\nIf-Modified-Since: x\nIf-Unmodified-Since: x\nCookie: x\n"
                  "X-Any: x\n",
                  &head);
    assert_int_equal(head.fields.n, COUNT_OF(expected));
    for (uint32_t i = 0; i < head.fields.n; i++) {
        assert_int_equal(rule_goes_to_origin(&head.fields.list[i], false), expected[i].passed);
        assert_int_equal(rule_goes_to_origin(&head.fields.list[i], true), expected[i].filled);
    }
}

static void named_fields_and_age_are_not_stored(void **state)
{
    static struct heads_text room;
    struct http_response_head head;
    struct rule_control control;
    static const bool stored[] = { true, false, false, true, false, false };

    heads_response(&room, 200,
                   "Cache-Control: no-cache=\"a\", private=\"Set-Cookie\"\nA: 1\nSet-Cookie: x\n"
                   "B: 2\nAge: 5\nContent-Length: 3\n",
                   &head);
    rule_control_response(&head.fields, &control);
    for (uint32_t i = 0; i < head.fields.n; i++) {
        assert_int_equal(rule_is_kept(&head.fields.list[i], &control, true), stored[i]);
        assert_int_equal(rule_is_kept(&head.fields.list[i], &control, false), i != 5);
    }
}

static void a_304_renews_what_it_names(void **state)
{
    static struct heads_text stored_room, update_room;
    struct http_response_head stored, update;
    struct http_fields out;

    heads_response(&stored_room, 200,
                   "Date: 1\nETag: \"a\"\nContent-Type: t\nContent-Encoding: gzip\nX-A: 1\nx-a: 2\n"
                   "X-B: 3\nContent-MD5: m\nContent-Range: r\nCache-Control: max-age=1\n",
                   &stored);
    heads_response(&update_room, 304,
                   "Date: 2\nETag: \"b\"\nContent-Type: u\nContent-Encoding: br\nX-a: 4\nX-C: 5\n"
                   "Content-Length: 9\nContent-MD5: n\nContent-Range: s\nCache-Control: max-age=2\n"
                   "Cache-Control: public\n",
                   &update);
    assert_true(rule_merge_304(&stored.fields, &update.fields, &out));
    assert_string_equal(listed(&out),
                        "ETag: \"a\"\nContent-Encoding: gzip\nX-B: 3\nContent-MD5: m\n"
                        "Content-Range: r\nDate: 2\nContent-Type: u\nX-a: 4\nX-C: 5\n"
                        "Cache-Control: max-age=2\nCache-Control: public\n");
    assert_int_equal(http_field_count(&out, HTTP_CACHE_CONTROL), 2);
}

static void a_304_without_a_date_is_of_now(void **state)
{
    static struct heads_text stored_room, update_room;
    struct http_response_head stored, update;
    struct http_fields out;

    heads_response(&stored_room, 200, "Date: 1\nETag: \"a\"\n", &stored);
    heads_response(&update_room, 304, "ETag: \"a\"\n", &update);
    assert_true(rule_merge_304(&stored.fields, &update.fields, &out));
    assert_string_equal(listed(&out), "ETag: \"a\"\n");
}

static void a_merge_that_grows_too_large_is_refused(void **state)
{
    static char names[2 * HTTP_FIELDS_MAX][8];
    struct http_fields a, b, out;

    http_fields_init(&a);
    http_fields_init(&b);
    for (int i = 0; i < HTTP_FIELDS_MAX; i++) {
        sprintf(names[i], "x%d", i);
        assert_true(http_fields_add(&a, heads_t(names[i]), heads_t("v")));
    }
    assert_true(rule_merge_304(&a, &b, &out));
    assert_true(http_fields_add(&b, heads_t("y"), heads_t("v")));
    assert_false(rule_merge_304(&a, &b, &out));
}

static void a_304_about_another_one_does_not_fit(void **state)
{
    static const struct {
        const char *stored, *update;
        bool fits;
    } cases[] = {
        { "ETag: \"a\"\n", "ETag: \"a\"\n", true },
        { "ETag: \"a\"\n", "", true },
        { "ETag: \"a\"\n", "ETag: \"b\"\n", true }, /* the status is believed */
        { "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n",
          "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n", true },
        { "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n",
          "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\n", false },
        { "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n", "", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static struct heads_text stored_room, update_room;
        struct http_response_head stored, update;

        heads_response(&stored_room, 200, cases[i].stored, &stored);
        heads_response(&update_room, 304, cases[i].update, &update);
        assert_int_equal(rule_304_fits(&stored.fields, &update.fields, 784111777), cases[i].fits);
    }
}

static void unsafe_requests_that_went_well_invalidate(void **state)
{
    static const struct {
        const char *line;
        unsigned status;
        bool does;
    } cases[] = {
        { "POST /", 200, true },   { "PUT /", 204, true },    { "DELETE /", 302, true },
        { "PATCH /", 200, true },  { "M-SEARCH /", 200, true }, { "POST /", 500, false },
        { "POST /", 404, false },  { "GET /", 200, false },   { "HEAD /", 200, false },
        { "OPTIONS /", 200, false }, { "POST /", 100, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static struct heads_text room;
        struct http_request_head request;

        heads_request(&room, cases[i].line, "", &request);
        assert_int_equal(rule_invalidates(&request, cases[i].status), cases[i].does);
    }
}

static void a_cache_says_what_it_did(void **state)
{
    static const struct {
        struct rule_cache_status status;
        const char *text;
    } cases[] = {
        { { .cache = "tokyo", .has_ttl = true, .ttl_s = 30 }, "tokyo; hit; ttl=30" },
        { { .cache = "tokyo", .has_ttl = true, .ttl_s = -5 }, "tokyo; hit; ttl=-5" },
        { { .cache = "New \"York\"", .forward = RULE_FWD_MISS, .fwd_status = 200, .stored = true },
          "\"New \\\"York\\\"\"; fwd=uri-miss; fwd-status=200; stored" },
        { { .cache = "a", .forward = RULE_FWD_VARY, .collapsed = true },
          "a; fwd=vary-miss; collapsed" },
        { { .cache = "a", .forward = RULE_FWD_STALE, .fwd_status = 304 },
          "a; fwd=stale; fwd-status=304" },
        { { .cache = "a", .forward = RULE_FWD_BYPASS, .detail = "private" },
          "a; fwd=bypass; detail=private" },
        { { .cache = "1a", .forward = RULE_FWD_METHOD }, "\"1a\"; fwd=method" },
        { { .cache = "a", .forward = RULE_FWD_REQUEST }, "a; fwd=request" },
    };
    char out[RULE_CACHE_STATUS_MAX];

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_text(((struct http_text){ out, rule_cache_status(&cases[i].status, out) }),
                    cases[i].text);
}

static void the_longest_status_fits(void **state)
{
    char name[65], out[RULE_CACHE_STATUS_MAX];
    struct rule_cache_status s = { name,  RULE_FWD_VARY, 999,  true, INT64_MIN, true,
                                   true, "a-detail-that-is-longer-than-thirty-two-octets" };

    memset(name, '"', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_in_range(rule_cache_status(&s, out), 200, RULE_CACHE_STATUS_MAX);
}

static void loops_are_counted(void **state)
{
    static const struct {
        const char *lines;
        int n;
    } cases[] = {
        { "", 0 },
        { "CDN-Loop: other\n", 0 },
        { "CDN-Loop: waymark\n", 1 },
        { "CDN-Loop: other; a=\"waymark, x\", WayMark;b=1\n", 1 },
        { "CDN-Loop: waymark\nCDN-Loop: x, waymark ; y\n", 2 },
        { "CDN-Loop: waymark-2, xwaymark\n", 0 },
        { "CDN-Loop: ;a=b\n", -1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static struct heads_text room;
        struct http_request_head head;

        heads_request(&room, "GET /", cases[i].lines, &head);
        assert_int_equal(rule_loops(&head.fields, "waymark"), cases[i].n);
    }
}

static void via_names_the_version_that_was_received(void **state)
{
    char out[RULE_VIA_MAX];

    assert_text(((struct http_text){ out, rule_via(false, "waymark", out) }), "1.1 waymark");
    assert_text(((struct http_text){ out, rule_via(true, "waymark", out) }), "1.0 waymark");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_at_the_connection_is_taken_out),
        cmocka_unit_test(connection_cannot_hide_where_a_request_has_been),
        cmocka_unit_test(a_fetch_for_the_cache_leaves_the_clients_conditions_behind),
        cmocka_unit_test(named_fields_and_age_are_not_stored),
        cmocka_unit_test(a_304_renews_what_it_names),
        cmocka_unit_test(a_304_without_a_date_is_of_now),
        cmocka_unit_test(a_merge_that_grows_too_large_is_refused),
        cmocka_unit_test(a_304_about_another_one_does_not_fit),
        cmocka_unit_test(unsafe_requests_that_went_well_invalidate),
        cmocka_unit_test(a_cache_says_what_it_did),
        cmocka_unit_test(the_longest_status_fits),
        cmocka_unit_test(loops_are_counted),
        cmocka_unit_test(via_names_the_version_that_was_received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
