/* test_edge_times.c - times in buckets. */
#include "cm.h"

#include <waymark/edge.h>

#include "edge/edge_times.h"

static void every_time_lies_in_a_bucket_no_more_than_a_quarter_wide(void **state)
{
    for (uint64_t us = 1; us < 100000000; us += us / 7 + 1) {
        struct edge_times t = { 0 };
        edge_times_add(&t, us);
        uint64_t read = edge_times_quantile_us(&t, 500);
        assert_true(read >= us);
        assert_true(read <= us + us / 4);
    }
}

static void quantiles_count_from_below(void **state)
{
    struct edge_times t = { 0 };

    for (int i = 0; i < 98; i++)
        edge_times_add(&t, 3);
    edge_times_add(&t, 1000);
    edge_times_add(&t, 1000000);
    assert_int_equal(edge_times_quantile_us(&t, 500), 3);
    assert_int_equal(edge_times_quantile_us(&t, 980), 3);
    assert_in_range(edge_times_quantile_us(&t, 990), 1000, 1250);
    assert_in_range(edge_times_quantile_us(&t, 1000), 1000000, 1250000);
    assert_int_equal(t.n, 100);
}

static void no_times_have_no_quantile(void **state)
{
    struct edge_times t = { 0 };

    assert_int_equal(edge_times_quantile_us(&t, 990), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_time_lies_in_a_bucket_no_more_than_a_quarter_wide),
        cmocka_unit_test(quantiles_count_from_below),
        cmocka_unit_test(no_times_have_no_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
