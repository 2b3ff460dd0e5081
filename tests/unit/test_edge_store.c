/* test_edge_store.c - who is found, who stays, who leaves. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "edge/store.h"

enum { LIMIT = 1 << 20 };

static const uint8_t octets[HASH_KEY_LEN] = { 1, 2, 3 };

static struct store *new_store(void)
{
    struct hash_key key;

    hash_key_init(&key, octets);
    struct store *s = store_new(LIMIT, &key);
    assert_non_null(s);
    return s;
}

static struct object_key key_of(const struct store *s, const char *url)
{
    struct http_text text = http_text_of(url);

    return (struct object_key){ text, text.len, store_hash(s, text) };
}

static struct object *new_object(const struct store *s, const char *url, const char *mark,
                                 size_t body_len)
{
    struct object_key key = key_of(s, url);
    struct object *o = object_new(&key, http_text_of(mark == NULL ? "" : "accept"),
                                  http_text_of(mark == NULL ? "" : mark));
    char *body = calloc(1, body_len + 1);

    assert_non_null(o);
    assert_int_equal(object_set_head(o, 200, "", 0), 0);
    o->body = body_new();
    o->body->is_sized = true;
    o->body->expected = body_len;
    assert_int_equal(body_append(o->body, body, body_len), 0);
    o->body->state = BODY_COMPLETE;
    free(body);
    return o;
}

static bool put(struct store *s, const char *url, const char *mark, size_t body_len)
{
    struct object *o = new_object(s, url, mark, body_len);
    bool is_in = store_add(s, o);

    object_unref(o);
    return is_in;
}

static struct object *find(const struct store *s, const char *url)
{
    struct object_key key = key_of(s, url);

    return store_first(s, &key);
}

static void variants_are_found_newest_first_and_replaced_one_by_one(void **state)
{
    struct store *s = new_store();
    struct object_key key = key_of(s, "http://a/");

    put(s, "http://a/", "gzip", 10);
    put(s, "http://a/", "br", 10);
    put(s, "http://b/", "br", 10);
    struct object *first = store_first(s, &key);
    assert_true(http_text_is(object_mark(first), http_text_of("br")));
    struct object *second = store_next(first, &key);
    assert_true(http_text_is(object_mark(second), http_text_of("gzip")));
    assert_null(store_next(second, &key));
    put(s, "http://a/", "gzip", 20);
    assert_int_equal(store_objects(s), 3);
    assert_int_equal(store_first(s, &key)->body->len, 20);
    store_free(s);
}

static void a_url_has_no_more_variants_than_are_worth_searching(void **state)
{
    struct store *s = new_store();
    char mark[16];

    for (unsigned i = 0; i < STORE_VARIANTS_MAX * 2; i++) {
        snprintf(mark, sizeof mark, "%u", i);
        put(s, "http://a/", mark, 10);
    }
    assert_int_equal(store_objects(s), STORE_VARIANTS_MAX);
    assert_true(http_text_is(object_mark(find(s, "http://a/")), http_text_of(mark)));
    store_free(s);
}

/* Any sequence: never over the bound, and the sum is the sum of its parts. */
static void the_bound_holds_whatever_comes(void **state)
{
    struct store *s = new_store();
    char url[32];
    unsigned seed = 1;

    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        snprintf(url, sizeof url, "http://a/%u", seed >> 8 & 1023);
        struct object *found = find(s, url);
        if (found == NULL)
            put(s, url, NULL, seed >> 18 & 8191);
        else if ((seed >> 4 & 15) == 0)
            store_remove(s, found);
        else
            store_bump(found);
        assert_true(store_bytes(s) <= store_limit(s));
    }
    assert_true(store_bytes(s) > store_limit(s) / 2);
    assert_true(store_evicted(s) > 0);
    for (unsigned i = 0; i < 1024; i++) {
        snprintf(url, sizeof url, "http://a/%u", i);
        struct object *found = find(s, url);
        if (found != NULL)
            store_remove(s, found);
    }
    assert_int_equal(store_bytes(s), 0);
    assert_int_equal(store_objects(s), 0);
    store_free(s);
}

/* What S3-FIFO is for: a scan through objects asked for once must not push out those in use. */
static void a_scan_does_not_push_out_what_is_asked_for_again(void **state)
{
    struct store *s = new_store();
    char url[32];
    unsigned n_kept = 0;

    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 50; i++) {
            snprintf(url, sizeof url, "http://hot/%u", i);
            struct object *o = find(s, url);
            if (o == NULL)
                put(s, url, NULL, 4000);
            else
                store_bump(o);
        }
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(url, sizeof url, "http://scan/%u", i);
        put(s, url, NULL, 4000);
    }
    for (unsigned i = 0; i < 50; i++) {
        snprintf(url, sizeof url, "http://hot/%u", i);
        n_kept += find(s, url) != NULL;
    }
    assert_int_equal(n_kept, 50);
    store_free(s);
}

static void what_is_being_sent_is_not_evicted_and_nothing_enters_without_room(void **state)
{
    struct store *s = new_store();
    struct object *held[3];
    char url[32];

    for (unsigned i = 0; i < 3; i++) {
        snprintf(url, sizeof url, "http://a/%u", i);
        put(s, url, NULL, LIMIT / 4 + LIMIT / 16);
        held[i] = object_ref(find(s, url));
    }
    assert_false(put(s, "http://b/", NULL, LIMIT / 4));
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(held[i]->queue != OBJECT_NOWHERE, true);
    object_unref(held[0]);
    assert_true(put(s, "http://b/", NULL, LIMIT / 4));
    assert_null(find(s, "http://a/0"));
    object_unref(held[1]);
    object_unref(held[2]);
    store_free(s);
}

static void an_object_that_outgrows_its_share_leaves(void **state)
{
    struct store *s = new_store();
    struct object *o = new_object(s, "http://a/", NULL, 100);
    static const char piece[4096];

    assert_true(store_add(s, o));
    o->body->state = BODY_GROWING;
    while (o->queue != OBJECT_NOWHERE) {
        assert_int_equal(body_append(o->body, piece, sizeof piece), 0);
        store_recharge(s, o);
        assert_true(store_bytes(s) <= store_limit(s));
    }
    assert_true(object_bytes(o) > store_object_max(s));
    assert_int_equal(store_bytes(s), 0);
    object_unref(o);
    store_free(s);
}

static void a_smaller_bound_takes_effect_at_once(void **state)
{
    struct store *s = new_store();
    char url[32];

    for (unsigned i = 0; i < 200; i++) {
        snprintf(url, sizeof url, "http://a/%u", i);
        put(s, url, NULL, 4000);
    }
    store_set_limit(s, LIMIT / 8);
    assert_true(store_bytes(s) <= LIMIT / 8);
    assert_true(store_objects(s) > 0);
    store_free(s);
}

static void tags_are_read_in_both_spellings(void **state)
{
    static const char head[] = "Cache-Tag: one, two words ,three\r\nSurrogate-Key: four five\r\n";
    static const char *const tags[] = { "one", "two words", "three", "four", "five" };
    struct store *s = new_store();
    struct object *o = new_object(s, "http://a/", NULL, 0);

    assert_int_equal(object_set_head(o, 200, head, sizeof head - 1), 0);
    assert_int_equal(o->n_tags, COUNT_OF(tags));
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        assert_int_equal(o->tags[i], object_tag_hash(http_text_of(tags[i])));
    object_unref(o);
    store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_are_found_newest_first_and_replaced_one_by_one),
        cmocka_unit_test(a_url_has_no_more_variants_than_are_worth_searching),
        cmocka_unit_test(the_bound_holds_whatever_comes),
        cmocka_unit_test(a_scan_does_not_push_out_what_is_asked_for_again),
        cmocka_unit_test(what_is_being_sent_is_not_evicted_and_nothing_enters_without_room),
        cmocka_unit_test(an_object_that_outgrows_its_share_leaves),
        cmocka_unit_test(a_smaller_bound_takes_effect_at_once),
        cmocka_unit_test(tags_are_read_in_both_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
