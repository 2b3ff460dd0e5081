/* test_edge_origin_trouble.c - what is remembered of an origin that fails. */
#include "cm.h"

#include <string.h>

#include "edge/origin_trouble.h"

static struct origin_trouble trouble;

static int set_up(void **state)
{
    origin_trouble_init(&trouble);
    return 0;
}

static int tear_down(void **state)
{
    origin_trouble_fini(&trouble);
    return 0;
}

static uint64_t failed(int64_t *since_ms, char text[static ORIGIN_TEXT_LEN])
{
    uint64_t n;

    origin_trouble_copy(&trouble, &n, since_ms, text);
    return n;
}

static void the_last_reason_counts_and_since_when_the_first(void **state)
{
    char text[ORIGIN_TEXT_LEN] = "";
    int64_t since_ms = 0;

    assert_int_equal(failed(&since_ms, text), 0);
    origin_failed(&trouble, "tokyo", "connection refused", 1000);
    origin_failed(&trouble, "tokyo", "no answer in time", 2000);
    assert_int_equal(failed(&since_ms, text), 2);
    assert_int_equal(since_ms, 1000);
    assert_string_equal(text, "no answer in time");
    origin_answered(&trouble, "tokyo");
    assert_int_equal(failed(&since_ms, text), 0);
    origin_failed(&trouble, "tokyo", "no answer in time", 3000);
    assert_int_equal(failed(&since_ms, text), 1);
    assert_int_equal(since_ms, 3000);
}

static void an_origin_that_wavers_is_told_of_once_a_minute(void **state)
{
    for (int64_t now_ms = 1000; now_ms < ORIGIN_TOLD_S * 1000; now_ms += 1000) {
        origin_failed(&trouble, "tokyo", "connection refused", now_ms);
        assert_int_equal(trouble.told_ms, 1000);
        origin_answered(&trouble, "tokyo");
        assert_false(trouble.is_told);
    }
    origin_failed(&trouble, "tokyo", "connection refused", 1000 + ORIGIN_TOLD_S * 1000);
    assert_true(trouble.is_told);
}

static void a_sentence_is_cut_where_there_is_no_more_room(void **state)
{
    char text[ORIGIN_TEXT_LEN] = "", longer[3 * ORIGIN_TEXT_LEN];
    int64_t since_ms = 0;

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    origin_failed(&trouble, "tokyo", longer, 1000);
    assert_int_equal(failed(&since_ms, text), 1);
    assert_int_equal(strlen(text), ORIGIN_TEXT_LEN - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_reason_counts_and_since_when_the_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_origin_that_wavers_is_told_of_once_a_minute, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sentence_is_cut_where_there_is_no_more_room, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
