/* test_edge_chunks.c - chunked bodies, in one piece and in every split. */
#include "cm.h"

#include <string.h>

#include "edge/http_chunks.h"
#include "http_heads.h"

/* The body of `text`, fed in pieces of `piece` octets; the last step's result. */
static enum http_chunks_step read_all(const char *text, size_t len, size_t piece, char *body,
                                      size_t *body_len, size_t *used)
{
    enum http_chunks_step step = HTTP_CHUNKS_MORE;
    struct http_chunks c;

    http_chunks_init(&c);
    *body_len = *used = 0;
    while (*used < len && step <= HTTP_CHUNKS_DATA) {
        size_t n = len - *used < piece ? len - *used : piece, taken;
        struct http_text run;

        step = http_chunks_read(&c, text + *used, n, &taken, &run);
        assert_true(taken <= n);
        *used += taken;
        if (step != HTTP_CHUNKS_DATA)
            continue;
        assert_true(run.len > 0);
        memcpy(body + *body_len, run.at, run.len);
        *body_len += run.len;
    }
    return step;
}

struct chunked {
    const char *text;
    enum http_chunks_step end;
    const char *body, *rest;
};

static const struct chunked bodies[] = {
    { "0\r\n\r\n", HTTP_CHUNKS_END, "", "" },
    { "5\r\nhello\r\n0\r\n\r\nGET /", HTTP_CHUNKS_END, "hello", "GET /" },
    { "5\r\nhello\r\nA\r\n0123456789\r\n00\r\n\r\n", HTTP_CHUNKS_END, "hello0123456789", "" },
    { "0000000000000f\r\n0123456789abcde\r\n0\r\n\r\n", HTTP_CHUNKS_END, "0123456789abcde", "" },
    { "3;a=b;c=\"d\"\r\nabc\r\n0;x\r\nT: v\r\nU:\r\n\r\n", HTTP_CHUNKS_END, "abc", "" },
    { "3\r\nabc\r\n", HTTP_CHUNKS_MORE, "abc", "" },
    { "3\r\nab", HTTP_CHUNKS_DATA, "ab", "" },
};

static void bodies_are_read_in_any_split(void **state)
{
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct chunked *b = &bodies[i];
        size_t len = strlen(b->text), body_len, used;
        char body[256];

        for (size_t piece = 1; piece <= len; piece++) {
            enum http_chunks_step end = read_all(b->text, len, piece, body, &body_len, &used);

            if (end != b->end)
                fail_msg("%s by %zu: %d", b->text, piece, end);
            assert_text(((struct http_text){ body, body_len }), b->body);
            assert_string_equal(b->text + used, b->rest);
        }
    }
}

static const char *const broken[] = {
    "\r\n",          "x\r\n",           " 5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello",
    "-1\r\n",        "0x5\r\nhello",    "5 \r\nhello",              "5\nhello",
    "5\rhello",      "5\r\nhelloX",     "5\r\nhello\n0\r\n\r\n",    "5\r\nhello\r0",
    ";a\r\n",        "5\r\nhello\r\n\r\n",                           "0\r\n\n",
    "0\r\nT\r\n\r\n", "0\r\n T: v\r\n\r\n",                          "0\r\nT : v\r\n\r\n",
    "0\r\n: v\r\n",  "0\r\nT: \x01\r\n", "0\r\nT: a\nU: b\r\n\r\n",  "3;a\x01\r\n",
    "3;a\nabc",      "0000000000000000\r\n\r\n",
    "fffffffffffffffff\r\n",            "0\r\n\r\r\n",
};

static void what_is_no_chunk_is_refused_in_any_split(void **state)
{
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        size_t len = strlen(broken[i]), body_len, used;
        char body[256];

        for (size_t piece = 1; piece <= len; piece++)
            if (read_all(broken[i], len, piece, body, &body_len, &used) != HTTP_CHUNKS_BAD)
                fail_msg("%s by %zu went through", broken[i], piece);
    }
}

static enum http_chunks_step feed(struct http_chunks *c, const char *text)
{
    struct http_text run;
    size_t used;

    return http_chunks_read(c, text, strlen(text), &used, &run);
}

static void extensions_have_a_budget(void **state)
{
    enum http_chunks_step step = HTTP_CHUNKS_DATA;
    struct http_chunks c;
    int n = 0;

    http_chunks_init(&c);
    for (; step != HTTP_CHUNKS_BAD && n < HTTP_CHUNK_EXTENSIONS_MAX; n++) {
        step = feed(&c, "1;12345678\r\nx");
        if (step == HTTP_CHUNKS_DATA)
            assert_int_equal(feed(&c, "\r\n"), HTTP_CHUNKS_MORE);
    }
    assert_int_equal(step, HTTP_CHUNKS_BAD);
    assert_in_range(n, HTTP_CHUNK_EXTENSIONS_MAX / 8, HTTP_CHUNK_EXTENSIONS_MAX / 8 + 1);
}

static void trailers_have_a_budget(void **state)
{
    enum http_chunks_step step;
    struct http_chunks c;
    int n = 0;

    http_chunks_init(&c);
    assert_int_equal(feed(&c, "0\r\n"), HTTP_CHUNKS_MORE);
    do {
        step = feed(&c, "Abc: d\r\n");
    } while (step == HTTP_CHUNKS_MORE && ++n < HTTP_TRAILERS_MAX);
    assert_int_equal(step, HTTP_CHUNKS_BAD);
    assert_in_range(n, HTTP_TRAILERS_MAX / 8 - 1, HTTP_TRAILERS_MAX / 4);
}

static void after_the_end_nothing_is_used(void **state)
{
    struct http_chunks c;
    struct http_text run;
    size_t used;

    http_chunks_init(&c);
    assert_int_equal(feed(&c, "0\r\n\r\n"), HTTP_CHUNKS_END);
    assert_int_equal(http_chunks_read(&c, "5\r\n", 3, &used, &run), HTTP_CHUNKS_END);
    assert_int_equal(used, 0);
}

static void the_largest_chunk_is_read(void **state)
{
    struct http_chunks c;

    http_chunks_init(&c);
    assert_int_equal(feed(&c, "fffffffffffffff\r\nx"), HTTP_CHUNKS_DATA);
    assert_true(c.left == (UINT64_C(1) << 60) - 2);
}

static void chunks_are_written_with_their_size(void **state)
{
    char head[HTTP_CHUNK_HEAD_MAX];

    assert_text(((struct http_text){ head, http_chunk_head(31, head) }), "1f\r\n");
    assert_text(((struct http_text){ head, http_chunk_head(UINT64_MAX, head) }),
                "ffffffffffffffff\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_read_in_any_split),
        cmocka_unit_test(what_is_no_chunk_is_refused_in_any_split),
        cmocka_unit_test(extensions_have_a_budget),
        cmocka_unit_test(trailers_have_a_budget),
        cmocka_unit_test(after_the_end_nothing_is_used),
        cmocka_unit_test(the_largest_chunk_is_read),
        cmocka_unit_test(chunks_are_written_with_their_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
