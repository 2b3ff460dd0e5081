/* test_util_list.c - lists grow, keep what they hold, and refuse what no memory could hold. */
#include "cm.h"

#include <stdint.h>
#include <stdlib.h>

#include <waymark/list.h>

static void keeps_its_elements_while_it_grows(void **state)
{
    uint32_t *list = NULL;
    size_t cap = 0;

    for (uint32_t n = 0; n < 1000; n++) {
        list = list_reserve(list, &cap, n, 1, sizeof *list);
        assert_non_null(list);
        assert_true(cap > n);
        list[n] = n;
    }
    for (uint32_t n = 0; n < 1000; n++)
        assert_int_equal(list[n], n);
    free(list);
}

static void room_for_nothing_is_still_a_list(void **state)
{
    size_t cap = 0;
    void *list = list_reserve(NULL, &cap, 0, 0, 8);

    assert_non_null(list);
    free(list);
}

static void more_than_memory_can_hold_leaves_it_as_it_was(void **state)
{
    size_t cap = 0;
    char *list = list_reserve(NULL, &cap, 0, 1, 1);
    size_t before = cap;

    assert_non_null(list);
    assert_null(list_reserve(list, &cap, 1, SIZE_MAX, 1));
    assert_null(list_reserve(list, &cap, 1, SIZE_MAX / 8, 16));
    assert_int_equal(cap, before);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_elements_while_it_grows),
        cmocka_unit_test(room_for_nothing_is_still_a_list),
        cmocka_unit_test(more_than_memory_can_hold_leaves_it_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
