/* test_edge_list.c - comma lists, directives, structured fields. */
#include "cm.h"

#include "edge/http_list.h"
#include "http_heads.h"

/* All members, each in brackets. */
static const char *joined(struct http_list *list)
{
    static char out[256];
    struct http_text member;
    size_t n = 0;

    while (http_list_next(list, &member))
        n += (size_t)snprintf(out + n, sizeof out - n, "[%.*s]", (int)member.len, member.at);
    out[n] = '\0';
    return out;
}

static void lists_are_parted_outside_of_quotes(void **state)
{
    static const char *const cases[][2] = {
        { "a, b,c", "[a][b][c]" },
        { " ,, a ,\t, b", "[a][b]" },
        { "", "" },
        { ",", "" },
        { "a=\"x, y\", b", "[a=\"x, y\"][b]" },
        { "\"a\\\", b\", c", "[\"a\\\", b\"][c]" },
        { "\"a, b", "[\"a, b]" }, /* a quote that never closes takes all */
        { "\"a\\", "[\"a\\]" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_list list;

        http_list_begin_text(&list, heads_t(cases[i][0]));
        assert_string_equal(joined(&list), cases[i][1]);
    }
}

static void lines_of_one_field_are_one_list(void **state)
{
    struct http_fields f;
    struct http_list list;

    http_fields_init(&f);
    http_fields_add(&f, heads_t("Vary"), heads_t("a, b"));
    http_fields_add(&f, heads_t("X-Y"), heads_t("1"));
    http_fields_add(&f, heads_t("vary"), heads_t(""));
    http_fields_add(&f, heads_t("VARY"), heads_t("c"));
    http_fields_add(&f, heads_t("x-y"), heads_t("2"));
    http_list_begin(&list, &f, HTTP_VARY);
    assert_string_equal(joined(&list), "[a][b][c]");
    http_list_begin_named(&list, &f, heads_t("X-y"));
    assert_string_equal(joined(&list), "[1][2]");
    http_list_begin(&list, &f, HTTP_AGE);
    assert_string_equal(joined(&list), "");
    assert_true(http_list_has(&f, HTTP_VARY, "C"));
    assert_false(http_list_has(&f, HTTP_VARY, "d"));
}

static void a_word_is_found_before_its_parameters(void **state)
{
    struct http_fields f;

    http_fields_init(&f);
    http_fields_add(&f, heads_t("Connection"), heads_t("x;q=1, Close ;y"));
    assert_true(http_list_has(&f, HTTP_CONNECTION, "close"));
    assert_true(http_list_has(&f, HTTP_CONNECTION, "x"));
    assert_false(http_list_has(&f, HTTP_CONNECTION, "y"));
}

static void directives_have_a_name_and_perhaps_a_value(void **state)
{
    static const struct {
        const char *text;
        bool is_well, has_value, is_quoted;
        const char *name, *value;
    } cases[] = {
        { "no-store", true, false, false, "no-store", "" },
        { "max-age=5", true, true, false, "max-age", "5" },
        { "max-age=\"5\"", true, true, true, "max-age", "5" },
        { "max-age=", true, true, false, "max-age", "" },
        { "x=\"a\\\"b\"", true, true, true, "x", "a\\\"b" },
        { "max-age =5", false, true, false, "max-age ", "5" },
        { "x=\"a\"b", false, true, false, "x", "\"a\"b" },
        { "x=\"a", false, true, false, "x", "\"a" },
        { "=5", false, true, false, "", "5" },
        { "a b", false, false, false, "a b", "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_directive d;

        assert_int_equal(http_directive_parse(heads_t(cases[i].text), &d), cases[i].is_well);
        assert_text(d.name, cases[i].name);
        assert_int_equal(d.has_value, cases[i].has_value);
        assert_int_equal(d.is_quoted, cases[i].is_quoted);
        if (d.has_value)
            assert_text(d.value, cases[i].value);
    }
}

static void dictionaries_are_read_member_by_member(void **state)
{
    static const char text[] = "max-age=60;x=1;y, private , s=\"a\\\"b\", t=tok/en:x, "
                               "n=-5, d=1.25, l=(1 \"a\";b c);d, b=:aGk=:, f=?0";
    static const struct {
        const char *key;
        enum http_sf_type type;
        int64_t integer;
    } members[] = {
        { "max-age", HTTP_SF_INTEGER, 60 }, { "private", HTTP_SF_BOOLEAN, 1 },
        { "s", HTTP_SF_STRING, -1 },        { "t", HTTP_SF_TOKEN, -1 },
        { "n", HTTP_SF_INTEGER, -5 },       { "d", HTTP_SF_OTHER, -1 },
        { "l", HTTP_SF_OTHER, -1 },         { "b", HTTP_SF_OTHER, -1 },
        { "f", HTTP_SF_BOOLEAN, 0 },
    };
    struct http_text rest = heads_t(text);
    struct http_sf_member m;

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        assert_int_equal(http_sf_next(&rest, &m), 1);
        assert_text(m.key, members[i].key);
        assert_int_equal(m.type, members[i].type);
        if (m.type <= HTTP_SF_BOOLEAN)
            assert_int_equal(m.integer, members[i].integer);
        if (m.type == HTTP_SF_TOKEN)
            assert_text(m.text, "tok/en:x");
    }
    assert_int_equal(http_sf_next(&rest, &m), 0);
}

static const char *const broken[] = {
    "&&&&&",      "A=1",         "a=",       "a=1,",      "a=1 b=2",    "a =1",   "a= 1",
    "a=1;",       "a=1;B",       "a=\"x",    "a=\"\\x\"", "a=\"\x01\"", "a=1.",   "a=1.2345",
    "a=--1",      "a=1234567890123456",      "a=1234567890123.1",       "a=?2",   "a=(1",
    "a=(1\"b\")", "a=:x",        "a=:!:",    ",a",        "a,,b",       "a=@1",   "a=1;b=",
};

static void a_broken_dictionary_is_broken_somewhere(void **state)
{
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct http_text rest = heads_t(broken[i]);
        struct http_sf_member m;
        int status;

        while ((status = http_sf_next(&rest, &m)) > 0)
            ;
        if (status == 0)
            fail_msg("%s went through", broken[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_parted_outside_of_quotes),
        cmocka_unit_test(lines_of_one_field_are_one_list),
        cmocka_unit_test(a_word_is_found_before_its_parameters),
        cmocka_unit_test(directives_have_a_name_and_perhaps_a_value),
        cmocka_unit_test(dictionaries_are_read_member_by_member),
        cmocka_unit_test(a_broken_dictionary_is_broken_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
