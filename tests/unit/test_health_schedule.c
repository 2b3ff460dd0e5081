/* test_health_schedule.c - probes keep their interval and keep apart. */
#include "cm.h"

#include "health/schedule.h"

enum { S = 1000000, MANY = 1000 };

static void first_probes_of_many_are_spread_over_a_second(void **state)
{
    int per_tenth[10] = { 0 };
    struct schedule s;
    struct rng rng;

    rng_seed(&rng, 1);
    for (int i = 0; i < MANY; i++) {
        schedule_init(&s, 10, MANY, 5 * S, &rng);
        assert_in_range(s.due_us, 5 * S, 6 * S - 1);
        per_tenth[(s.due_us - 5 * S) / (S / 10)]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(per_tenth[i], 60, 140);
}

static void a_few_targets_are_probed_at_once(void **state)
{
    struct schedule s;
    struct rng rng;

    rng_seed(&rng, 2);
    for (int i = 0; i < MANY; i++) {
        schedule_init(&s, 10, 5, 0, &rng);
        assert_in_range(s.due_us, 0, S / 100);
    }
}

static void what_started_together_does_not_stay_together(void **state)
{
    int per_second[10] = { 0 };
    struct schedule s;
    struct rng rng;

    rng_seed(&rng, 3);
    for (int i = 0; i < MANY; i++) {
        schedule_init(&s, 10, MANY, 0, &rng);
        schedule_started(&s, 0, &rng);
        assert_in_range(s.due_us, 1 * S - S / 10, 10 * S - 1);
        per_second[s.due_us / S]++;
    }
    for (int i = 1; i < 10; i++)
        assert_in_range(per_second[i], 70, 155);
}

static void later_intervals_stay_within_a_tenth(void **state)
{
    int64_t shortest = 20 * S, longest = 0;
    struct schedule s;
    struct rng rng;

    rng_seed(&rng, 4);
    schedule_init(&s, 10, 1, 0, &rng);
    schedule_started(&s, 0, &rng);
    for (int i = 0; i < MANY; i++) {
        int64_t now = s.due_us;
        schedule_started(&s, now, &rng);
        int64_t interval = s.due_us - now;
        assert_in_range(interval, 9 * S - S / 10, 11 * S); /* never later, for its tick */
        shortest = interval < shortest ? interval : shortest;
        longest = interval > longest ? interval : longest;
    }
    assert_true(shortest < 9 * S + S / 10);
    assert_true(longest > 11 * S - S / 5);
}

static void probes_come_in_ticks_that_suit_the_interval(void **state)
{
    struct schedule s;
    struct rng rng;

    rng_seed(&rng, 5);
    for (int i = 0; i < MANY; i++) {
        int64_t now = 123456789 + i;
        schedule_init(&s, 10, 1, now, &rng);
        schedule_started(&s, now, &rng);
        assert_int_equal(s.due_us % (S / 10), 0);
        schedule_init(&s, 1, 1, now, &rng);
        schedule_started(&s, now, &rng);
        assert_int_equal(s.due_us % (S / 20), 0);
        assert_true(s.due_us > now);
    }
}

static void a_start_more_than_an_interval_after_its_time_is_late(void **state)
{
    struct schedule s = { .every_us = 10 * S, .due_us = 100 * S };

    assert_false(schedule_is_late(&s, 100 * S));
    assert_false(schedule_is_late(&s, 110 * S));
    assert_true(schedule_is_late(&s, 110 * S + 1));
    assert_int_equal(schedule_wait_us(&s, 99 * S), S);
    assert_int_equal(schedule_wait_us(&s, 101 * S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_probes_of_many_are_spread_over_a_second),
        cmocka_unit_test(a_few_targets_are_probed_at_once),
        cmocka_unit_test(what_started_together_does_not_stay_together),
        cmocka_unit_test(later_intervals_stay_within_a_tenth),
        cmocka_unit_test(probes_come_in_ticks_that_suit_the_interval),
        cmocka_unit_test(a_start_more_than_an_interval_after_its_time_is_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
