/* test_edge_purges.c - how an edge takes over what was purged elsewhere. */
#include "cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/purges.h"

#include "edge/parts.h"

#define PAGE "http://b.example/page"

/* An edge whose keys leave the query out, and hold a field of the request. */
struct stage {
    struct edge_thread thread;
    struct edge edge;
};

static const char *const headers[] = { "x-shop" };
static const struct conf_route routes[] = {
    { .prefix = "/", .query = CONF_QUERY_NONE, .headers = headers, .n_headers = 1 }
};
static const struct conf_edge what = { .routes = routes, .n_routes = 1 };

static struct stage *stage_new(void)
{
    static const struct hash_key key;
    struct stage *s = calloc(1, sizeof *s);

    s->edge = (struct edge){ .thread = &s->thread,
                             .what = &what,
                             .store = store_new(1 << 20, &key),
                             .purge = purge_new(),
                             .purges = purges_new() };
    return s;
}

static void stage_free(struct stage *s)
{
    store_free(s->edge.store);
    purge_free(s->edge.purge);
    purges_free(s->edge.purges);
    free(s);
}

static void purge_url(struct stage *s, const char *url)
{
    struct edge_purge purge = { .kind = EDGE_PURGE_URL, .what = url };
    char why[WHY_LEN];
    uint64_t generation;

    assert_int_equal(purges_add(s->edge.purges, &purge, &generation, why), 0);
}

static enum purge_effect check(const struct stage *s, const char *url)
{
    return purge_check(s->edge.purge, http_text_of(url), NULL, 0, 0);
}

static void a_url_is_purged_as_the_routes_have_it(void **state)
{
    struct stage *s = stage_new();

    purge_url(s, "http://a.example/img?w=5");
    edge_sync_purges(&s->edge);
    assert_int_equal(check(s, "http://a.example/img?w=5"), PURGE_HARD);
    assert_int_equal(check(s, "http://a.example/img"), PURGE_HARD);
    assert_int_equal(check(s, "https://a.example/img"), PURGE_HARD);
    assert_int_equal(check(s, "http://a.example/im"), PURGE_NONE);
    stage_free(s);
}

static void an_invalidation_is_of_its_own_url_whatever_others_purge(void **state)
{
    struct stage *s = stage_new();

    memcpy(s->thread.scratch, PAGE, strlen(PAGE)); /* where keys of Location are made */
    purge_url(s, "http://a.example/other?w=5");
    edge_invalidate(&s->edge, (struct http_text){ s->thread.scratch, strlen(PAGE) });
    assert_int_equal(check(s, PAGE), PURGE_HARD);
    assert_int_equal(check(s, "http://a.example/other"), PURGE_HARD);
    stage_free(s);
}

static void an_edge_too_far_behind_purges_everything(void **state)
{
    struct stage *s = stage_new();

    for (int i = 0; i < PURGES_KEPT; i++)
        purge_url(s, PAGE);
    edge_sync_purges(&s->edge);
    assert_int_equal(check(s, "http://a.example/"), PURGE_NONE);
    for (int i = 0; i <= PURGES_KEPT; i++)
        purge_url(s, PAGE);
    edge_sync_purges(&s->edge);
    assert_int_equal(check(s, "http://a.example/"), PURGE_HARD);
    stage_free(s);
}

static void what_is_no_url_is_refused_with_a_sentence(void **state)
{
    struct stage *s = stage_new();
    struct edge_purge purge = { .kind = EDGE_PURGE_PREFIX, .what = "a.example" };
    char why[WHY_LEN];
    uint64_t generation;

    assert_int_equal(purges_add(s->edge.purges, &purge, &generation, why), -EINVAL);
    assert_non_null(strstr(why, "expected"));
    purge.what = "";
    assert_int_equal(purges_add(s->edge.purges, &purge, &generation, why), -EINVAL);
    assert_int_equal(purges_newest(s->edge.purges), 0);
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_purged_as_the_routes_have_it),
        cmocka_unit_test(an_invalidation_is_of_its_own_url_whatever_others_purge),
        cmocka_unit_test(an_edge_too_far_behind_purges_everything),
        cmocka_unit_test(what_is_no_url_is_refused_with_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
