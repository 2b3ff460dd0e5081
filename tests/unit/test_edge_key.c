/* test_edge_key.c - under which name a response is stored. */
#include "cm.h"

#include <string.h>

#include "edge/key.h"
#include "http_heads.h"

static const struct key_rule whole;

/* The key of "GET http://<url>" with more lines; in `out`, ended by NUL. */
static struct key key_of(const char *host, const char *target, const char *lines,
                         const struct key_rule *rule, char *out)
{
    static struct heads_text room;
    struct http_request_head head;
    struct key key;
    char text[1024];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\nHost: %s\n%s", target, host, lines);
    heads_write(&room, text);
    if (http_head_request(room.at, room.len, &head) != 0)
        fail_msg("%s: %s", target, head.why);
    assert_true(key_build(&head, heads_t("http"), rule, out, KEY_MAX, &key));
    out[key.text.len] = '\0';
    return key;
}

static void urls_have_one_form(void **state)
{
    static const struct {
        const char *host, *target, *key;
    } cases[] = {
        { "WWW.Example", "/", "http://www.example/" },
        { "www.example.", "/", "http://www.example/" },
        { "www.example:80", "/", "http://www.example/" },
        { "www.example:8080", "/", "http://www.example:8080/" },
        { "www.example:443", "/", "http://www.example:443/" },
        { "[2001:DB8::1]:81", "/", "http://[2001:db8::1]:81/" },
        { "a", "/%7Ea/%41%2f%3a", "http://a/~a/A%2F%3A" },
        { "a", "/%30%2f%a0", "http://a/0%2F%A0" },
        { "a", "/b/./c/../d", "http://a/b/d" },
        { "a", "/..", "http://a/" },
        { "a", "/../../b", "http://a/b" },
        { "a", "/b/..", "http://a/" },
        { "a", "/b/.", "http://a/b/" },
        { "a", "/b/%2e%2E/c", "http://a/c" },
        { "a", "//b//../c", "http://a//b/c" },
        { "a", "/...", "http://a/..." },
        { "a", "/.a/..b", "http://a/.a/..b" },
        { "a", "/B", "http://a/B" },
        { "a", "/?", "http://a/?" },
        { "a", "/?b=%41&a", "http://a/?b=%41&a" },
        { "a", "http://a", "http://a/" },
        { "a", "http://A:80?x", "http://a/?x" },
    };
    char out[KEY_MAX + 1];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct key key = key_of(cases[i].host, cases[i].target, "", &whole, out);

        assert_string_equal(out, cases[i].key);
        assert_int_equal(key.url_len, key.text.len);
        assert_int_equal(out[key.path_at], '/');
        assert_memory_equal(out + key.host_at - 3, "://", 3);
        assert_int_equal(key.host_at + key.host_len, key.path_at);
    }
}

static const char *const two[] = { "b", "a" };

static void a_query_may_be_cut_down(void **state)
{
    static const struct key_rule none = { .query = KEY_QUERY_NONE };
    static const struct key_rule only = { .query = KEY_QUERY_ONLY, .n_params = 2, .params = two };
    static const struct {
        const struct key_rule *rule;
        const char *target, *key;
    } cases[] = {
        { &none, "/x?a=1", "http://h/x" },
        { &only, "/x", "http://h/x" },
        { &only, "/x?", "http://h/x" },
        { &only, "/x?c=1", "http://h/x" },
        { &only, "/x?c=1&b=2&a=3&utm=4", "http://h/x?a=3&b=2" },
        { &only, "/x?b=2&a=3&b=1", "http://h/x?a=3&b=2&b=1" }, /* same names keep their order */
        { &only, "/x?a&b=", "http://h/x?a&b=" },
        { &only, "/x?A=1&aa=2&=3&&", "http://h/x" },
    };
    char out[KEY_MAX + 1];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        key_of("h", cases[i].target, "", cases[i].rule, out);
        assert_string_equal(out, cases[i].key);
    }
}

static void chosen_fields_and_cookies_are_part_of_it(void **state)
{
    static const char *const headers[] = { "X-A", "x-b" }, *const cookies[] = { "c", "d" };
    static const struct key_rule rule = { .n_headers = 2, .headers = headers,
                                          .n_cookies = 2, .cookies = cookies };
    static const struct {
        const char *lines, *rest;
    } cases[] = {
        { "", "\nx-a\nx-b\n;c\n;d" },
        { "X-B:\nx-a: 1\nX-A: 2\n", "\nx-a: 1, 2\nx-b: \n;c\n;d" },
        { "Cookie: c=1; d=2; e=3\n", "\nx-a\nx-b\n;c=1\n;d=2" },
        { "Cookie: d=;cc=1;  c=x=y ;C=1\n", "\nx-a\nx-b\n;c=x=y\n;d=" },
        { "Cookie: c=1\nCookie: c=2\n", "\nx-a\nx-b\n;c=1;=2\n;d" },
        { "Cookie: c=1=2\n", "\nx-a\nx-b\n;c=1=2\n;d" },
        { "Cookie: c; d\n", "\nx-a\nx-b\n;c\n;d" },
    };
    char out[KEY_MAX + 1];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct key key = key_of("h", "/?q", cases[i].lines, &rule, out);

        assert_int_equal(key.url_len, strlen("http://h/?q"));
        assert_string_equal(out + key.url_len, cases[i].rest);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    static struct heads_text room;
    struct http_request_head head;
    struct key key;
    char out[64];

    heads_request(&room, "GET /abc?d", "", &head);
    for (size_t i = 0; i < strlen("http://www.example/abc?d"); i++)
        assert_false(key_build(&head, heads_t("http"), &whole, out, i, &key));
    assert_true(key_build(&head, heads_t("http"), &whole, out, 24, &key));
    assert_int_equal(key.text.len, 24);
}

static void too_many_chosen_parameters_are_refused(void **state)
{
    static const struct key_rule only = { .query = KEY_QUERY_ONLY, .n_params = 2, .params = two };
    static struct heads_text room;
    char target[512] = "GET /?", out[KEY_MAX];
    struct http_request_head head;
    struct key key;

    for (int i = 0; i < 64; i++)
        strcat(target, "a&");
    assert_true(key_build(heads_request(&room, target, "", &head), heads_t("http"), &only, out,
                          sizeof out, &key));
    strcat(target, "b");
    assert_false(key_build(heads_request(&room, target, "", &head), heads_t("http"), &only, out,
                           sizeof out, &key));
}

static void a_purge_names_urls_in_any_form(void **state)
{
    static const struct {
        const char *url, *key; /* NULL: refused */
    } cases[] = {
        { "http://WWW.Example:80/a/../b?x", "http://www.example/b?x" },
        { "HTTPS://a:443", "https://a/" },
        { "https://a.:80/%7e", "https://a:80/~" },
        { "http://a?x=1#frag", "http://a/?x=1" },
        { "http://a/x%4", "http://a/x%4" },
        { "ftp://a/", NULL },
        { "/x", NULL },
        { "http://", NULL },
        { "http:///x", NULL },
        { "http://u@a/", NULL },
        { "http://a b/", NULL },
        { "http://a/\nx", NULL },
        { "", NULL },
    };
    char out[KEY_MAX];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int len = key_of_url(heads_t(cases[i].url), &whole, out, sizeof out);

        if ((len < 0) != (cases[i].key == NULL))
            fail_msg("%s: %d", cases[i].url, len);
        if (len >= 0)
            assert_text(((struct http_text){ out, (size_t)len }), cases[i].key);
    }
}

static void a_location_is_read_beside_the_request(void **state)
{
    static const struct {
        const char *location, *key; /* NULL: elsewhere */
    } cases[] = {
        { "/x?y#z", "http://h:81/x?y" },
        { "x", "http://h:81/a/x" },
        { "../x/./y", "http://h:81/x/y" },
        { "?y", "http://h:81/a/b?y" },
        { "", "http://h:81/a/b" },
        { "./", "http://h:81/a/" },
        { "http://H:81/%7ex", "http://h:81/~x" },
        { "http://h/x", NULL },
        { "https://h:81/x", NULL },
        { "http://other:81/x", NULL },
        { "//h:81/x", NULL },
        { "mailto:a", NULL },
        { "/x y", NULL },
        { "/a:b", "http://h:81/a:b" },
    };
    char own[KEY_MAX + 1], out[KEY_MAX];
    struct key like = key_of("h:81", "/a/b?q", "", &whole, own);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int len = key_of_location(&like, heads_t(cases[i].location), &whole, out, sizeof out);

        if ((len < 0) != (cases[i].key == NULL))
            fail_msg("%s: %d", cases[i].location, len);
        if (len >= 0)
            assert_text(((struct http_text){ out, (size_t)len }), cases[i].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_have_one_form),
        cmocka_unit_test(a_query_may_be_cut_down),
        cmocka_unit_test(chosen_fields_and_cookies_are_part_of_it),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(too_many_chosen_parameters_are_refused),
        cmocka_unit_test(a_purge_names_urls_in_any_form),
        cmocka_unit_test(a_location_is_read_beside_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
