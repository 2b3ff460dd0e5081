/* test_util_counters.c - the register of counter slots. */
#include "cm.h"

#include <stdio.h>
#include <string.h>

#include <waymark/counters.h>

enum { MANY = 100000 };

static uint32_t slot_of(struct counter_names *names, unsigned i)
{
    char label[32];

    snprintf(label, sizeof label, "s%u\tt%u", i / 7, i % 7);
    return counter_names_slot(names, i % 2 ? "zone" : "answer", label);
}

static void a_name_keeps_its_slot_however_many_follow(void **state)
{
    struct counter_names *names = counter_names_new();
    const char *family, *label;

    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(slot_of(names, i), i);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(slot_of(names, i), i);
    assert_int_equal(counter_names_count(names), MANY);
    counter_names_get(names, 15, &family, &label);
    assert_string_equal(family, "zone");
    assert_string_equal(label, "s2\tt1");
    counter_names_free(names);
}

static void one_label_in_two_families_is_two_names(void **state)
{
    struct counter_names *names = counter_names_new();

    assert_int_equal(counter_names_slot(names, "zone", "a"), 0);
    assert_int_equal(counter_names_slot(names, "answer", "a"), 1);
    assert_int_equal(counter_names_slot(names, "zone", "a"), 0);
    counter_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_keeps_its_slot_however_many_follow),
        cmocka_unit_test(one_label_in_two_families_is_two_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
