/* test_geo_seq.c - lists of networks: merging, zipping and searching against a naive model over a
 * small space, every address of which can be looked at. */
#include "cm.h"

#include <string.h>

#include <waymark/rng.h>

#include "geo/seq.h"

enum {
    SEEDS = 200,
    SPACE_BITS = 8,
    SPACE = 1 << SPACE_BITS
}; /* 10.9.8.0/24, an octet to play with */

static unsigned below(struct rng *rng, unsigned n)
{
    return (unsigned)(rng_next(rng) % n);
}

static struct addr address(unsigned last)
{
    return (struct addr){ .family = 4, .octets = { 10, 9, 8, (uint8_t)last } };
}

/* Random prefixes inside the space, and what each address of it gets from them. */
static void random_seq(struct rng *rng, struct geo_seq *seq, uint32_t model[SPACE])
{
    struct geo_seq_item items[64];
    uint8_t bits_at[SPACE] = { 0 };
    size_t n = 0, want = below(rng, 30);

    memset(model, 0, SPACE * sizeof *model);
    for (size_t i = 0; i < want; i++) {
        unsigned bits = 24 + below(rng, SPACE_BITS + 1), size = 1u << (32 - bits);
        unsigned start = below(rng, SPACE / size) * size;
        bool is_there = false;
        for (size_t k = 0; k < n; k++)
            is_there |= items[k].prefix.bits == bits && items[k].prefix.addr.octets[3] == start;
        if (is_there)
            continue;
        items[n++] = (struct geo_seq_item){ { address(start), (uint8_t)bits }, below(rng, 3) };
        for (unsigned a = start; a < start + size; a++) {
            if (bits >= bits_at[a]) {
                bits_at[a] = (uint8_t)bits;
                model[a] = items[n - 1].value;
            }
        }
    }
    geo_seq_init(seq);
    assert_true(geo_seq_from_prefixes(seq, items, n));
    assert_true(geo_seq_finish(seq));
}

/* No two siblings carry the same, and the list covers everything. */
static void check_form(const struct geo_seq *seq)
{
    geo_pos at = 0;

    for (size_t i = 0; i < seq->n; i++) {
        geo_pos size = geo_pos_size(seq->bits[i]);
        assert_true(seq->bits[i] == 0 || (at & (size - 1)) == 0);
        if (i > 0 && seq->bits[i] > 0 && (at & size) != 0 && seq->bits[i - 1] == seq->bits[i])
            assert_int_not_equal(seq->value[i - 1], seq->value[i]);
        at += size;
    }
    assert_true(at == 0);
}

static void check_values(const struct geo_seq *seq, const uint32_t model[SPACE])
{
    for (unsigned a = 0; a < SPACE; a++) {
        struct addr who = address(a);
        assert_int_equal(seq->value[geo_seq_find(seq, geo_pos_of(&who))], model[a]);
    }
}

static void a_list_made_of_prefixes_is_the_longest_match(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct rng rng;
        struct geo_seq seq;
        uint32_t model[SPACE];
        rng_seed(&rng, seed);
        random_seq(&rng, &seq, model);
        check_form(&seq);
        check_values(&seq, model);
        geo_seq_fini(&seq);
    }
}

static uint32_t join(void *ctx, uint32_t a, uint32_t b)
{
    return (a * 5 + b) % 4;
}

static uint32_t join_over(void *ctx, uint32_t a, uint32_t b)
{
    return b == 0 ? a : join(ctx, a, b);
}

typedef bool zip_fn(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join_cb,
                    void *ctx, struct geo_seq *out);

static void check_zip(uint64_t seed, zip_fn *zip, geo_seq_join_cb *join_cb)
{
    struct rng rng;
    struct geo_seq a, b, both;
    uint32_t model_a[SPACE], model_b[SPACE];

    rng_seed(&rng, seed);
    random_seq(&rng, &a, model_a);
    random_seq(&rng, &b, model_b);
    geo_seq_init(&both);
    assert_true(zip(&a, &b, join_cb, NULL, &both));
    assert_true(geo_seq_finish(&both));
    for (unsigned i = 0; i < SPACE; i++)
        model_a[i] = join_cb(NULL, model_a[i], model_b[i]);
    check_form(&both);
    check_values(&both, model_a);
    geo_seq_fini(&a);
    geo_seq_fini(&b);
    geo_seq_fini(&both);
}

static void a_zip_joins_what_both_say_of_each_address(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        check_zip(seed, geo_seq_zip, join);
}

static void an_overlay_joins_likewise_and_leaves_alone_where_it_says_nothing(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS * 10; seed++)
        check_zip(seed, geo_seq_overlay, join_over);
}

static void siblings_merge_all_the_way_up(void **state)
{
    struct geo_seq seq;

    geo_seq_init(&seq);
    for (unsigned i = 0; i < 1u << 12; i++)
        assert_true(geo_seq_add(&seq, 12, 7));
    assert_int_equal(seq.n, 1);
    assert_int_equal(seq.bits[0], 0);
    assert_true(seq.end == 0);
    geo_seq_fini(&seq);
}

static void the_whole_space_and_single_hosts_are_prefixes_too(void **state)
{
    struct prefix host4, host6, all = { .addr.family = 6 };
    struct geo_seq seq;

    assert_true(prefix_parse("255.255.255.255/32", &host4));
    assert_true(prefix_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", &host6));
    struct geo_seq_item items[] = { { host6, 2 }, { all, 1 } };
    geo_seq_init(&seq);
    assert_true(geo_seq_from_prefixes(&seq, items, 2));
    assert_int_equal(seq.n, 129);
    assert_int_equal(seq.value[127], 1);
    assert_int_equal(seq.value[128], 2);
    assert_true(seq.end == 0);
    geo_seq_fini(&seq);

    struct geo_seq_item item = { host4, 3 };
    geo_seq_init(&seq);
    assert_true(geo_seq_from_prefixes(&seq, &item, 1));
    assert_true(geo_seq_finish(&seq));
    assert_int_equal(seq.value[geo_seq_find(&seq, geo_pos_of(&host4.addr))], 3);
    assert_int_equal(seq.bits[geo_seq_find(&seq, geo_pos_of(&host4.addr))], 32);
    geo_seq_fini(&seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_made_of_prefixes_is_the_longest_match),
        cmocka_unit_test(a_zip_joins_what_both_say_of_each_address),
        cmocka_unit_test(an_overlay_joins_likewise_and_leaves_alone_where_it_says_nothing),
        cmocka_unit_test(siblings_merge_all_the_way_up),
        cmocka_unit_test(the_whole_space_and_single_hosts_are_prefixes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
