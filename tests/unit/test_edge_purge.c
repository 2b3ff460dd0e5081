/* test_edge_purge.c - which responses a purge reaches. */
#include "cm.h"

#include <stdio.h>

#include "edge/object.h"
#include "edge/purge.h"

static enum purge_effect check(const struct purge *p, const char *url, const char *tag,
                               uint64_t since)
{
    uint64_t hash = tag == NULL ? 0 : object_tag_hash(http_text_of(tag));

    return purge_check(p, http_text_of(url), &hash, tag != NULL, since);
}

static void a_purge_reaches_what_it_names_and_nothing_else(void **state)
{
    struct purge *p = purge_new();

    purge_add(p, PURGE_URL, http_text_of("//a.example/x"), false, 1);
    purge_add(p, PURGE_PREFIX, http_text_of("//b.example/img/"), false, 2);
    purge_add(p, PURGE_TAG, http_text_of("shoes"), true, 3);
    assert_int_equal(check(p, "//a.example/x", NULL, 0), PURGE_HARD);
    assert_int_equal(check(p, "//a.example/x?y", NULL, 0), PURGE_NONE);
    assert_int_equal(check(p, "//a.example/", NULL, 0), PURGE_NONE);
    assert_int_equal(check(p, "//b.example/img/1.png", NULL, 0), PURGE_HARD);
    assert_int_equal(check(p, "//b.example/img", NULL, 0), PURGE_NONE);
    assert_int_equal(check(p, "//c.example/", "shoes", 0), PURGE_SOFT);
    assert_int_equal(check(p, "//c.example/", "shoe", 0), PURGE_NONE);
    purge_free(p);
}

static void what_came_after_a_purge_stays(void **state)
{
    struct purge *p = purge_new();

    purge_add(p, PURGE_URL, http_text_of("//a.example/x"), false, 7);
    purge_add(p, PURGE_ALL, http_text_of(""), true, 9);
    assert_int_equal(check(p, "//a.example/x", NULL, 6), PURGE_HARD);
    assert_int_equal(check(p, "//a.example/x", NULL, 7), PURGE_SOFT);
    assert_int_equal(check(p, "//a.example/x", NULL, 8), PURGE_SOFT);
    assert_int_equal(check(p, "//a.example/x", NULL, 9), PURGE_NONE);
    purge_free(p);
}

static void the_harder_of_two_purges_counts(void **state)
{
    struct purge *p = purge_new();

    purge_add(p, PURGE_URL, http_text_of("//a.example/x"), false, 1);
    purge_add(p, PURGE_URL, http_text_of("//a.example/x"), true, 2);
    assert_int_equal(check(p, "//a.example/x", NULL, 0), PURGE_HARD);
    assert_int_equal(check(p, "//a.example/x", NULL, 1), PURGE_SOFT);
    purge_free(p);
}

/* Too much, never too little; and only what is older. */
static void a_full_table_counts_as_a_purge_of_everything(void **state)
{
    struct purge *p = purge_new();
    uint64_t generation = 0;
    char url[64];

    for (unsigned i = 0; i < PURGE_ENTRIES_MAX; i++) {
        snprintf(url, sizeof url, "//a.example/%u", i);
        purge_add(p, PURGE_URL, http_text_of(url), true, ++generation);
    }
    assert_int_equal(check(p, "//b.example/", NULL, 0), PURGE_NONE);
    assert_int_equal(check(p, "//a.example/77", NULL, 0), PURGE_SOFT);
    purge_add(p, PURGE_URL, http_text_of("//a.example/one-more"), true, ++generation);
    assert_int_equal(check(p, "//b.example/", NULL, generation - 1), PURGE_HARD);
    assert_int_equal(check(p, "//b.example/", NULL, generation), PURGE_NONE);
    purge_free(p);
}

static void prefixes_of_too_many_lengths_count_as_everything(void **state)
{
    struct purge *p = purge_new();
    uint64_t generation = 0;
    char url[PURGE_LENGTHS_MAX + 32] = "//a.example/";

    for (unsigned i = 0; i <= PURGE_LENGTHS_MAX; i++) {
        url[12 + i] = 'x';
        assert_int_equal(check(p, "//b.example/", NULL, 0), PURGE_NONE);
        purge_add(p, PURGE_PREFIX, http_text_of(url), true, ++generation);
    }
    assert_int_equal(check(p, "//b.example/", NULL, 0), PURGE_HARD);
    purge_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_purge_reaches_what_it_names_and_nothing_else),
        cmocka_unit_test(what_came_after_a_purge_stays),
        cmocka_unit_test(the_harder_of_two_purges_counts),
        cmocka_unit_test(a_full_table_counts_as_a_purge_of_everything),
        cmocka_unit_test(prefixes_of_too_many_lengths_count_as_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
