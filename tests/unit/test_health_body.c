/* test_health_body.c - the expected text, however the body is cut into pieces. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include "health/body.h"

/* Feeds `data` in pieces of `step` octets. */
static bool finds(const char *text, const char *data, size_t step)
{
    struct body body;
    size_t len = strlen(data);

    assert_int_equal(body_init(&body, text), 0);
    for (size_t at = 0; at < len; at += step) {
        if (!body_feed(&body, data + at, len - at < step ? len - at : step))
            break;
    }
    bool is_found = body.is_found;
    body_fini(&body);
    return is_found;
}

static void the_text_is_found_in_pieces_of_any_size(void **state)
{
    static const char data[] = "status: aaaaab, all systems ok";

    for (size_t step = 1; step <= sizeof data; step++) {
        assert_true(finds("aaab", data, step));
        assert_true(finds("status", data, step));
        assert_true(finds("ok", data, step));
        assert_true(finds("k", data, step));
        assert_true(finds(data, data, step));
        assert_false(finds("aab,,", data, step));
        assert_false(finds("okk", data, step));
        assert_false(finds("z", data, step));
    }
}

static void what_has_passed_is_not_joined_to_what_comes_much_later(void **state)
{
    assert_false(finds("abcd", "ab...............cd", 2));
    assert_false(finds("abcd", "abXcd", 1));
    assert_false(finds("abcd", "abXcd", 2));
}

static void any_body_will_do_when_no_text_is_wanted(void **state)
{
    struct body body;

    assert_int_equal(body_init(&body, NULL), 0);
    assert_true(body.is_found);
    assert_true(body_feed(&body, "x", 1));
    body_fini(&body);
    assert_true(finds("", "x", 1));
}

static void no_more_than_the_limit_is_looked_at(void **state)
{
    static char data[BODY_MAX + 100];
    struct body body;

    memset(data, 'x', sizeof data);
    memcpy(data + BODY_MAX - 2, "ok", 2);
    assert_int_equal(body_init(&body, "ok"), 0);
    assert_true(body_feed(&body, data, BODY_MAX - 1));
    assert_false(body_feed(&body, data + BODY_MAX - 1, 101));
    assert_true(body.is_found);
    body_fini(&body);

    memcpy(data + BODY_MAX - 2, "xok", 3);
    assert_int_equal(body_init(&body, "ok"), 0);
    assert_true(body_feed(&body, data, 1000));
    assert_false(body_feed(&body, data + 1000, sizeof data - 1000));
    assert_false(body.is_found);
    assert_false(body_feed(&body, "ok", 2));
    assert_false(body.is_found);
    body_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_found_in_pieces_of_any_size),
        cmocka_unit_test(what_has_passed_is_not_joined_to_what_comes_much_later),
        cmocka_unit_test(any_body_will_do_when_no_text_is_wanted),
        cmocka_unit_test(no_more_than_the_limit_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
