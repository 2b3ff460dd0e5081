/* test_control_map_labels.c - names on the map: none over another, none over a point. */
#include "cm.h"

#include <math.h>
#include <string.h>

#include <waymark/rng.h>

#include "control/map_labels.h"

static const struct map_room room = { .width = 3600, .height = 1800, .line = 33, .radius = 8 };

static bool are_apart(const struct map_label *a, const struct map_label *b)
{
    return a->left + a->width <= b->left || b->left + b->width <= a->left ||
           fabs(a->middle - b->middle) >= room.line;
}

static bool covers(const struct map_label *l, double x, double y)
{
    return x > l->left && x < l->left + l->width && fabs(y - l->middle) < room.line / 2;
}

static void check(const struct map_label *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct map_label *l = &labels[i];
        if (!l->is_placed)
            continue;
        assert_true(l->left >= 0 && l->left + l->width <= room.width);
        assert_true(l->middle >= room.line / 2 && l->middle <= room.height - room.line / 2);
        for (size_t k = 0; k < n; k++) {
            assert_false(covers(l, labels[k].x, labels[k].y));
            assert_true(k == i || !labels[k].is_placed || are_apart(l, &labels[k]));
        }
    }
}

static size_t count_placed(const struct map_label *labels, size_t n)
{
    size_t placed = 0;

    for (size_t i = 0; i < n; i++)
        placed += labels[i].is_placed;
    return placed;
}

static void a_lonely_name_stands_beside_its_point(void **state)
{
    struct map_label corners[] = { { .x = 900, .y = 900, .width = 150 },
                                   { .x = 3595, .y = 4, .width = 150 },
                                   { .x = 2, .y = 1798, .width = 150 } };

    map_place_labels(corners, COUNT_OF(corners), &room);
    check(corners, COUNT_OF(corners));
    assert_int_equal(count_placed(corners, 3), 3);
    assert_false(corners[0].has_line);
    assert_true(corners[0].left > 900 && corners[0].left < 930);
    assert_true(corners[0].middle == 900);
}

static void sixteen_names_in_a_crowd_all_find_a_place(void **state)
{
    struct map_label labels[16], again[16];
    struct rng rng;

    rng_seed(&rng, 5);
    for (int round = 0; round < 12; round++) {
        for (size_t i = 0; i < COUNT_OF(labels); i++) /* 25 degrees by 15 */
            labels[i] = (struct map_label){ .x = 1740 + 250 * rng_unit(&rng),
                                            .y = 330 + 150 * rng_unit(&rng),
                                            .width = 60 + 140 * rng_unit(&rng) };
        memcpy(again, labels, sizeof again);
        map_place_labels(labels, COUNT_OF(labels), &room);
        check(labels, COUNT_OF(labels));
        assert_int_equal(count_placed(labels, COUNT_OF(labels)), COUNT_OF(labels));
        map_place_labels(again, COUNT_OF(again), &room);
        assert_memory_equal(again, labels, sizeof again);
    }
}

static void points_of_one_place_each_have_a_name(void **state)
{
    struct map_label labels[8];

    for (size_t i = 0; i < COUNT_OF(labels); i++)
        labels[i] = (struct map_label){ .x = 1800, .y = 400, .width = 120 };
    map_place_labels(labels, COUNT_OF(labels), &room);
    check(labels, COUNT_OF(labels));
    assert_int_equal(count_placed(labels, COUNT_OF(labels)), COUNT_OF(labels));
}

static void what_finds_no_room_is_left_out(void **state)
{
    static struct map_label labels[MAP_LABELS_MAX];
    struct rng rng;

    rng_seed(&rng, 6);
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        labels[i] = (struct map_label){ .x = 1800 + 60 * rng_unit(&rng),
                                        .y = 900 + 60 * rng_unit(&rng),
                                        .width = i == 0 ? 4000 : 500 };
    map_place_labels(labels, COUNT_OF(labels), &room);
    check(labels, COUNT_OF(labels));
    assert_false(labels[0].is_placed);
    assert_in_range(count_placed(labels, COUNT_OF(labels)), 5, COUNT_OF(labels) - 1);
    map_place_labels(labels, 0, &room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lonely_name_stands_beside_its_point),
        cmocka_unit_test(sixteen_names_in_a_crowd_all_find_a_place),
        cmocka_unit_test(points_of_one_place_each_have_a_name),
        cmocka_unit_test(what_finds_no_room_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
