/* test_edge_match.c - entity tags, conditions, ranges. */
#include "cm.h"

#include "edge/rule_match.h"
#include "http_heads.h"

static const int64_t now_s = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

#define NOW "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:47:57 GMT"
#define MUCH_EARLIER "Sat, 05 Nov 1994 08:47:57 GMT"

static void tags_are_compared_weakly_and_strongly(void **state)
{
    static const struct {
        const char *a, *b;
        bool weak, strong;
    } cases[] = {
        { "\"1\"", "\"1\"", true, true },      { "\"1\"", "\"2\"", false, false },
        { "W/\"1\"", "W/\"1\"", true, false }, { "W/\"1\"", "\"1\"", true, false },
        { "W/\"1\"", "W/\"2\"", false, false }, { "\"\"", "\"\"", true, true },
        { "1", "1", false, false },            { "w/\"1\"", "w/\"1\"", false, false },
        { "\"1", "\"1", false, false },        { "\"a b\"", "\"a b\"", false, false },
        { "\"a\"b\"", "\"a\"b\"", false, false }, { "\"\xfc\"", "\"\xfc\"", true, true },
        { "", "", false, false },              { "\"", "\"", false, false },
        { "W/", "W/", false, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_text a = heads_t(cases[i].a), b = heads_t(cases[i].b);

        assert_int_equal(rule_etag_is_weak_match(a, b), cases[i].weak);
        assert_int_equal(rule_etag_is_strong_match(a, b), cases[i].strong);
    }
}

struct condition {
    const char *stored, *request;
    bool is_304;
};

static const struct condition conditions[] = {
    { "ETag: \"a\"\n", "If-None-Match: \"a\"\n", true },
    { "ETag: \"a\"\n", "If-None-Match: \"b\"\n", false },
    { "ETag: W/\"a\"\n", "If-None-Match: \"a\"\n", true },
    { "ETag: \"a\"\n", "If-None-Match: \"x\", \"y\", W/\"a\"\n", true },
    { "ETag: \"a\"\n", "If-None-Match: \"x\"\nIf-None-Match: \"a\"\n", true },
    { "ETag: \"a,b\"\n", "If-None-Match: \"x\",\"a,b\"\n", true },
    { "ETag: \"a\\\"\n", "If-None-Match: \"x\\\", \"a\\\"\n", true }, /* no escapes in tags */
    { "ETag: \"a\"\n", "If-None-Match: *\n", true },
    { "", "If-None-Match: *\n", true },
    { "", "If-None-Match: \"a\"\n", false },
    { "ETag: \"a\"\n", "If-None-Match: a\n", false },
    { "ETag: a\n", "If-None-Match: a\n", false },
    { "ETag: \"a\"\n", "If-None-Match: x, \"a\"\n", false },
    { "ETag: \"a\"\n", "If-None-Match:\n", false },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: " EARLIER "\n", true },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: " NOW "\n", true },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: " MUCH_EARLIER "\n", false },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: Sunday, 06-Nov-94 08:47:57 GMT\n", true },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: yesterday\n", false },
    { "Last-Modified: x\n", "If-Modified-Since: " NOW "\n", false },
    { "Last-Modified: " EARLIER "\n", "If-Modified-Since: " NOW "\nIf-Modified-Since: " NOW "\n",
      false },
    { "Date: " EARLIER "\n", "If-Modified-Since: " NOW "\n", true },
    { "Date: " NOW "\n", "If-Modified-Since: " EARLIER "\n", false },
    { "Date: " EARLIER "\nLast-Modified: " NOW "\n", "If-Modified-Since: " EARLIER "\n", false },
    /* tags decide alone */
    { "ETag: \"a\"\nLast-Modified: " NOW "\n",
      "If-None-Match: \"a\"\nIf-Modified-Since: " EARLIER "\n", true },
    { "ETag: \"a\"\nLast-Modified: " EARLIER "\n",
      "If-None-Match: \"b\"\nIf-Modified-Since: " NOW "\n", false },
    /* the origin's business */
    { "ETag: \"a\"\n", "If-Match: \"a\"\n", false },
    { "Last-Modified: " EARLIER "\n", "If-Unmodified-Since: " NOW "\n", false },
    { "ETag: \"a\"\n", "", false },
};

static void conditions_are_answered(void **state)
{
    static struct heads_text room, request_room;
    struct http_response_head stored;
    struct http_request_head request;

    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        const struct condition *c = &conditions[i];

        heads_response(&room, 200, c->stored, &stored);
        heads_request(&request_room, "GET /", c->request, &request);
        if (rule_is_not_modified(&request.fields, &stored.fields, 200, now_s) != c->is_304)
            fail_msg("%s%s", c->stored, c->request);
        assert_false(rule_is_not_modified(&request.fields, &stored.fields, 404, now_s));
    }
}

static void a_304_carries_what_it_must(void **state)
{
    static struct heads_text room;
    struct http_response_head head;
    struct http_fields *f =
        &heads_response(&room, 200,
                        "Cache-Control: max-age=1\nContent-Location: /x\nDate: d\nETag: \"a\"\n"
                        "Expires: e\nVary: v\nLast-Modified: l\nContent-Type: t\n"
                        "Content-Length: 5\nX: y\nSet-Cookie: a=b\n",
                        &head)
             ->fields;
    static const bool carried[] = { true, true, true, true, true, true,
                                    false, false, false, false, false };

    for (uint32_t i = 0; i < f->n; i++)
        assert_int_equal(rule_is_for_304(f, &f->list[i]), carried[i]);
    f = &heads_response(&room, 200, "Last-Modified: l\n", &head)->fields;
    assert_true(rule_is_for_304(f, &f->list[0]));
}

struct range_case {
    const char *request;
    uint64_t size;
    enum rule_range range;
    uint64_t first, last;
};

#define STORED "ETag: \"a\"\nDate: " NOW "\nLast-Modified: " EARLIER "\n"

static const struct range_case ranges[] = {
    { "", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\n", 10, RULE_PART, 0, 1 },
    { "Range: BYTES=0-1\n", 10, RULE_PART, 0, 1 },
    { "Range: bytes=1-\n", 10, RULE_PART, 1, 9 },
    { "Range: bytes=9-\n", 10, RULE_PART, 9, 9 },
    { "Range: bytes=0-99\n", 10, RULE_PART, 0, 9 },
    { "Range: bytes=0-18446744073709551615\n", 10, RULE_PART, 0, 9 },
    { "Range: bytes=-1\n", 10, RULE_PART, 9, 9 },
    { "Range: bytes=-99\n", 10, RULE_PART, 0, 9 },
    { "Range: bytes= 2-3 ,\n", 10, RULE_PART, 2, 3 },
    { "Range: bytes=10-\n", 10, RULE_UNSATISFIABLE, 0, 0 },
    { "Range: bytes=10-20\n", 10, RULE_UNSATISFIABLE, 0, 0 },
    { "Range: bytes=-0\n", 10, RULE_UNSATISFIABLE, 0, 0 },
    { "Range: bytes=0-\n", 0, RULE_UNSATISFIABLE, 0, 0 },
    { "Range: bytes=-5\n", 0, RULE_UNSATISFIABLE, 0, 0 },
    /* nothing we know */
    { "Range: bytes=2-1\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=-\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=a-b\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=1\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=+1-2\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=1--2\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=18446744073709551616-\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: lines=0-1\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes 0-1\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\nRange: bytes=2-3\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1,3-4\n", 10, RULE_WHOLE, 0, 0 },
    /* If-Range */
    { "Range: bytes=0-1\nIf-Range: \"a\"\n", 10, RULE_PART, 0, 1 },
    { "Range: bytes=0-1\nIf-Range: \"b\"\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\nIf-Range: W/\"a\"\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\nIf-Range: " EARLIER "\n", 10, RULE_PART, 0, 1 },
    { "Range: bytes=0-1\nIf-Range: " NOW "\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\nIf-Range: x\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=0-1\nIf-Range: \"a\"\nIf-Range: \"a\"\n", 10, RULE_WHOLE, 0, 0 },
    { "Range: bytes=10-\nIf-Range: \"b\"\n", 10, RULE_WHOLE, 0, 0 },
};

static void single_ranges_are_served(void **state)
{
    static struct heads_text room, request_room;
    struct http_response_head stored;
    struct http_request_head request;

    heads_response(&room, 200, STORED, &stored);
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        const struct range_case *c = &ranges[i];
        uint64_t first = 0, last = 0;

        heads_request(&request_room, "GET /", c->request, &request);
        enum rule_range range =
            rule_range(&request.fields, &stored.fields, c->size, now_s, &first, &last);
        if (range != c->range)
            fail_msg("%s: %d", c->request, range);
        if (range == RULE_PART) {
            assert_true(first == c->first);
            assert_true(last == c->last);
        }
    }
}

static void a_date_that_may_change_again_is_no_validator_for_ranges(void **state)
{
    static struct heads_text room, request_room;
    struct http_response_head stored;
    struct http_request_head request;
    uint64_t first, last;

    heads_response(&room, 200, "Date: " NOW "\nLast-Modified: " NOW "\n", &stored);
    heads_request(&request_room, "GET /", "Range: bytes=0-1\nIf-Range: " NOW "\n", &request);
    assert_int_equal(rule_range(&request.fields, &stored.fields, 10, now_s, &first, &last),
                     RULE_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_compared_weakly_and_strongly),
        cmocka_unit_test(conditions_are_answered),
        cmocka_unit_test(a_304_carries_what_it_must),
        cmocka_unit_test(single_ranges_are_served),
        cmocka_unit_test(a_date_that_may_change_again_is_no_validator_for_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
