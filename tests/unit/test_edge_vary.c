/* test_edge_vary.c - which requests a variant answers. */
#include "cm.h"

#include <string.h>

#include "edge/rule_vary.h"
#include "http_heads.h"

static int names_of(const char *lines, char out[static RULE_VARY_LIST_MAX])
{
    static struct heads_text room;
    struct http_response_head head;

    return rule_vary_names(&heads_response(&room, 200, lines, &head)->fields, out);
}

static void names_are_listed_in_one_form(void **state)
{
    static const struct {
        const char *lines, *names; /* NULL: nothing matches */
    } cases[] = {
        { "", "" },
        { "Vary: Foo\n", "foo" },
        { "Vary: Foo, Bar\nVary: baz, FOO\n", "bar,baz,foo" },
        { "Vary: a, A\n", "a" },
        { "Vary: ,\n", "" },
        { "Vary: ab, a, abc\n", "a,ab,abc" },
        { "Vary: *\n", NULL },
        { "Vary: *, *\n", NULL },
        { "Vary: *\nVary: *\n", NULL },
        { "Vary: , *\n", NULL },
        { "Vary:\nVary: *\n", NULL },
        { "Vary: *, Foo\n", NULL },
        { "Vary: Foo, *\n", NULL },
        { "Vary: Foo Bar\n", NULL },
        { "Vary: \"Foo\"\n", NULL },
        { "Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\n", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p" },
        { "Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[RULE_VARY_LIST_MAX];
        int len = names_of(cases[i].lines, out);

        if ((len < 0) != (cases[i].names == NULL))
            fail_msg("%s: %d", cases[i].lines, len);
        if (len >= 0)
            assert_text(((struct http_text){ out, (size_t)len }), cases[i].names);
    }
}

static void names_that_take_too_much_room_match_nothing(void **state)
{
    char lines[RULE_VARY_LIST_MAX + 64] = "Vary: ", out[RULE_VARY_LIST_MAX];
    size_t n = strlen(lines);

    memset(lines + n, 'a', RULE_VARY_LIST_MAX);
    strcpy(lines + n + RULE_VARY_LIST_MAX, "\n");
    assert_int_equal(names_of(lines, out), RULE_VARY_LIST_MAX);
    strcpy(lines + n + RULE_VARY_LIST_MAX, "a\n");
    assert_int_equal(names_of(lines, out), -1);
}

static int mark_of(const char *names, const char *lines, char out[static RULE_VARY_MARK_MAX])
{
    static struct heads_text room;
    struct http_request_head head;

    heads_request(&room, "GET /", lines, &head);
    return rule_vary_mark(heads_t(names), &head.fields, out);
}

static bool matches(const char *names, const char *a, const char *b)
{
    static char x[RULE_VARY_MARK_MAX], y[RULE_VARY_MARK_MAX];
    int m = mark_of(names, a, x), n = mark_of(names, b, y);

    assert_true(m >= 0 && n >= 0);
    return m == n && memcmp(x, y, (size_t)m) == 0;
}

static void requests_match_by_the_named_fields(void **state)
{
    static const struct {
        const char *names, *a, *b;
        bool same;
    } cases[] = {
        { "foo", "Foo: 1\n", "foo: 1\n", true },
        { "foo", "Foo: 1\n", "Foo: 2\n", false },
        { "foo", "Foo: 1\n", "", false },
        { "foo", "", "", true },
        { "foo", "Foo:\n", "", false }, /* empty is not absent */
        { "foo", "Foo: 1\nOther: 2\n", "Foo: 1\nOther: 3\n", true },
        { "bar,foo", "Foo: 1\nBar: 2\n", "Bar: 2\nFoo: 1\n", true },
        { "bar,foo", "Foo: 1\n", "Bar: 1\n", false },
        { "bar,foo", "Foo: 1\nBar: 2\n", "Foo: 2\nBar: 1\n", false },
        { "foo", "Foo: 1, 2\n", "Foo: 1\nFoo: 2\n", true },
        { "foo", "Foo: 1,2\n", "Foo:  1 ,  2\n", true },
        { "foo", "Foo: 1, 2\n", "Foo: 2, 1\n", false },
        { "foo", "Foo: 12\n", "Foo: 1, 2\n", false },
        { "foo", "Foo: a\n", "Foo: A\n", false },
        { "foo", "Foo: \"1, 2\"\n", "Foo: \"1,2\"\n", false },
        { "accept-language", "Accept-Language: en, de\n", "Accept-Language: eN,De\n", true },
        { "accept-encoding", "Accept-Encoding: gzip, br\n", "Accept-Encoding: gzip,BR\n", true },
        { "accept-encoding", "Accept-Encoding: gzip, br\n", "Accept-Encoding: gzip\n", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (matches(cases[i].names, cases[i].a, cases[i].b) != cases[i].same)
            fail_msg("%s: %s against %s", cases[i].names, cases[i].a, cases[i].b);
}

static void a_mark_that_takes_too_much_room_matches_nothing(void **state)
{
    static char value[RULE_VARY_MARK_MAX + 1], out[RULE_VARY_MARK_MAX];
    struct http_fields f;

    memset(value, 'v', sizeof value);
    http_fields_init(&f);
    http_fields_add(&f, heads_t("Foo"), (struct http_text){ value, RULE_VARY_MARK_MAX - 5 });
    assert_int_equal(rule_vary_mark(heads_t("foo"), &f, out), RULE_VARY_MARK_MAX);
    f.list[0].value.len++;
    assert_int_equal(rule_vary_mark(heads_t("foo"), &f, out), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_listed_in_one_form),
        cmocka_unit_test(names_that_take_too_much_room_match_nothing),
        cmocka_unit_test(requests_match_by_the_named_fields),
        cmocka_unit_test(a_mark_that_takes_too_much_room_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
