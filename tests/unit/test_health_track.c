/* test_health_track.c - rise and fall, one result at a time. */
#include "cm.h"

#include "health/track.h"

static struct track track_of(int fall, int rise, enum health_verdict verdict)
{
    struct track_rule rule = { .fall = fall, .rise = rise, .every_s = 10 };
    struct track t;

    track_init(&t, &rule);
    if (verdict != HEALTH_UNKNOWN)
        track_restore(&t, verdict == HEALTH_UP, 500);
    return t;
}

/* "+--" : a success, two failures; one second each. The verdict after the last. */
static enum health_verdict feed(struct track *t, const char *results)
{
    enum health_verdict verdict = t->verdict;

    for (int64_t now_ms = 1000; *results != '\0'; results++, now_ms += 1000)
        verdict = track_feed(t, *results == '+', now_ms);
    return verdict;
}

static void the_first_result_sets_the_verdict(void **state)
{
    struct track up = track_of(3, 2, HEALTH_UNKNOWN);
    struct track down = track_of(3, 2, HEALTH_UNKNOWN);

    assert_int_equal(up.verdict, HEALTH_UNKNOWN);
    assert_int_equal(feed(&up, "+"), HEALTH_UP);
    assert_int_equal(feed(&down, "-"), HEALTH_DOWN);
    assert_int_equal(down.since_ms, 1000);
}

static void falls_only_after_three_failures(void **state)
{
    struct track t = track_of(3, 2, HEALTH_UP);

    assert_int_equal(feed(&t, "--"), HEALTH_UP);
    assert_int_equal(t.since_ms, 500);
    assert_int_equal(feed(&t, "-"), HEALTH_DOWN);
    assert_int_equal(t.since_ms, 1000);
}

static void a_single_success_does_not_wipe_the_failures(void **state)
{
    struct track t = track_of(3, 2, HEALTH_UP);

    assert_int_equal(feed(&t, "-+-+"), HEALTH_UP);
    assert_int_equal(feed(&t, "-"), HEALTH_DOWN);
}

static void successes_in_a_row_wipe_the_failures(void **state)
{
    struct track t = track_of(3, 2, HEALTH_UP);

    assert_int_equal(feed(&t, "--++--"), HEALTH_UP);
    assert_int_equal(t.contrary, 2);
    assert_int_equal(feed(&t, "-"), HEALTH_DOWN);
}

static void rises_only_after_successes_in_a_row(void **state)
{
    struct track t = track_of(3, 2, HEALTH_DOWN);

    assert_int_equal(feed(&t, "+-+-+-"), HEALTH_DOWN);
    assert_int_equal(feed(&t, "++"), HEALTH_UP);
}

static void a_new_verdict_starts_with_no_memory_of_the_old(void **state)
{
    struct track t = track_of(2, 2, HEALTH_UP);

    assert_int_equal(feed(&t, "--"), HEALTH_DOWN);
    assert_int_equal(feed(&t, "++"), HEALTH_UP);
    assert_int_equal(feed(&t, "-"), HEALTH_UP);
    assert_int_equal(feed(&t, "-"), HEALTH_DOWN);
}

static void fall_and_rise_of_one_follow_every_result(void **state)
{
    struct track t = track_of(1, 1, HEALTH_UP);

    assert_int_equal(feed(&t, "-"), HEALTH_DOWN);
    assert_int_equal(feed(&t, "+"), HEALTH_UP);
    assert_true(track_horizon_s(&t) == TRACK_STEADY);
}

static void the_horizon_is_the_results_still_needed(void **state)
{
    struct track t = track_of(3, 2, HEALTH_UP);

    feed(&t, "-");
    assert_int_equal(track_horizon_s(&t), 20);
    feed(&t, "-");
    assert_int_equal(track_horizon_s(&t), 10);
    feed(&t, "-");
    assert_true(track_horizon_s(&t) == TRACK_STEADY); /* down, and sure of it */
    feed(&t, "+");
    assert_int_equal(track_horizon_s(&t), 10);
}

static void steady_or_unknown_cuts_nothing(void **state)
{
    struct track t = track_of(3, 2, HEALTH_UNKNOWN);

    assert_true(track_horizon_s(&t) == TRACK_STEADY);
    feed(&t, "+++");
    assert_true(track_horizon_s(&t) == TRACK_STEADY);
    feed(&t, "-++");
    assert_true(track_horizon_s(&t) == TRACK_STEADY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_result_sets_the_verdict),
        cmocka_unit_test(falls_only_after_three_failures),
        cmocka_unit_test(a_single_success_does_not_wipe_the_failures),
        cmocka_unit_test(successes_in_a_row_wipe_the_failures),
        cmocka_unit_test(rises_only_after_successes_in_a_row),
        cmocka_unit_test(a_new_verdict_starts_with_no_memory_of_the_old),
        cmocka_unit_test(fall_and_rise_of_one_follow_every_result),
        cmocka_unit_test(the_horizon_is_the_results_still_needed),
        cmocka_unit_test(steady_or_unknown_cuts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
