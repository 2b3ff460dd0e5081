/* test_geo_trie.c - lookup tables of every shape: small and large roots, leaves in 16 and
 * 32 bits, tables within,
 * both families, with and without the processor's help. */
#include "cm.h"

#include <string.h>

#include <waymark/rng.h>

#include "geo/trie.h"

enum { SMALL = 300, LARGE = 40000 };

static unsigned below(struct rng *rng, unsigned n)
{
    return (unsigned)(rng_next(rng) % n);
}

/* The shortest network that may start here. */
static unsigned widest(geo_pos at)
{
    unsigned bits = 1;

    while ((at & (geo_pos_size(bits) - 1)) != 0)
        bits++;
    return bits;
}

/* About n networks of any length, then as few as will do. */
static void random_seq(struct geo_seq *seq, uint8_t family, size_t n, uint32_t classes,
                       uint64_t seed)
{
    unsigned width = family == 4 ? 32 : 128;
    struct rng rng;

    rng_seed(&rng, seed);
    geo_seq_init(seq);
    do {
        unsigned least = widest(seq->end), bits = 8 + below(&rng, width - 7);
        if (seq->n >= n || bits < least)
            bits = least;
        assert_true(geo_seq_add(seq, bits, below(&rng, classes)));
    } while (seq->end != 0);
    assert_true(seq->n > n / 2);
}

static struct geo_cell find(const struct geo_trie_finders *f, const struct geo_trie *trie,
                            uint8_t family, geo_pos at)
{
    return family == 4 ? f->find4[trie->is_narrow](trie, (uint32_t)(at >> 96))
                       : f->find6[trie->is_narrow](trie, at);
}

static void check_cell(struct geo_cell got, struct geo_cell want)
{
    assert_int_equal(got.class, want.class);
    assert_int_equal(got.bits, want.bits);
}

/* Two at once. */
static void check_walk(const struct geo_trie_finders *f, const struct geo_trie *trie, geo_pos first,
                       geo_pos last, struct geo_cell want)
{
    struct geo_trie_walker walkers[] = {
        { .front = (uint64_t)(first >> 64), .back = (uint64_t)first, .at = 1 },
        { .front = (uint64_t)(last >> 64), .back = (uint64_t)last, .at = 0 },
    };
    struct geo_cell got[2];

    f->walk6[trie->is_narrow](trie, walkers, 2, got);
    check_cell(got[0], want);
    check_cell(got[1], want);
}

static void check_all(const struct geo_seq *seq, const struct geo_trie *trie, uint8_t family)
{
    const struct geo_trie_finders *plain = geo_trie_finders_plain();
    const struct geo_trie_finders *best = geo_trie_finders_best();
    geo_pos at = 0;

    for (size_t i = 0; i < seq->n; i++) {
        geo_pos last = at + (geo_pos_size(seq->bits[i]) - 1);
        struct geo_cell want = { seq->value[i], seq->bits[i] };
        check_cell(find(plain, trie, family, at), want);
        check_cell(find(plain, trie, family, last), want);
        check_cell(find(best, trie, family, at), want);
        check_cell(find(best, trie, family, last), want);
        if (family == 6) {
            check_walk(plain, trie, at, last, want);
            check_walk(best, trie, at, last, want);
        }
        at = last + 1;
    }
}

static void check_shape(uint8_t family, size_t n, uint32_t classes)
{
    struct geo_trie trie;
    struct geo_seq seq;
    char why[WHY_LEN];

    random_seq(&seq, family, n, classes, n + classes);
    assert_int_equal(geo_trie_build(&seq, family, &trie, why), 0);
    assert_int_equal(trie.root_shift, family == 4 ? (n == SMALL ? 32 - 12 : 32 - 18)
                                                  : (n == SMALL ? 64 - 8 : 64 - 16));
    assert_int_equal(trie.is_narrow, classes <= (family == 4 ? 2048 : 512));
    assert_int_equal(trie.n_networks, seq.n);
    check_all(&seq, &trie, family);
    geo_trie_fini(&trie);
    geo_seq_fini(&seq);
}

static void every_network_is_found_from_its_first_address_to_its_last(void **state)
{
    static const uint32_t classes[] = { 2, 512, 2048, 1 << 24 };

    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        check_shape(4, SMALL, classes[i]);
        check_shape(6, SMALL, classes[i]);
        check_shape(4, LARGE, classes[i]);
        check_shape(6, LARGE, classes[i]);
    }
}

static void one_network_for_all_is_a_table_too(void **state)
{
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        struct geo_trie trie;
        struct geo_seq seq;
        char why[WHY_LEN];

        geo_seq_init(&seq);
        assert_true(geo_seq_add(&seq, 0, 77));
        assert_int_equal(geo_trie_build(&seq, family, &trie, why), 0);
        assert_int_equal(trie.root[0], 77 << 8);
        check_all(&seq, &trie, family);
        geo_trie_fini(&trie);
        geo_seq_fini(&seq);
    }
}

static void dense_ipv6_is_a_table_and_all_in_it_is_found(void **state)
{
    enum { N = 20000 };
    static struct geo_seq_item items[N];
    struct geo_trie trie;
    struct geo_seq seq;
    char why[WHY_LEN];

    for (unsigned i = 0; i < N; i++) { /* 2001:db8:0::/48 and on: nearly a third of the /32 */
        uint8_t octets[] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(i >> 8), (uint8_t)i };
        items[i].prefix = (struct prefix){ .addr = { .family = 6 }, .bits = i % 7 == 0 ? 64 : 48 };
        memcpy(items[i].prefix.addr.octets, octets, sizeof octets);
        items[i].value = 1 + i % 500;
    }
    geo_seq_init(&seq);
    assert_true(geo_seq_from_prefixes(&seq, items, N));
    assert_int_equal(geo_trie_build(&seq, 6, &trie, why), 0);
    assert_int_equal(trie.root[0x2001] & 0xff, GEO_TRIE_TABLE);
    assert_int_equal(trie.root[0x2002] & 0xff, 15); /* what is left of 2000::/12, cut in halves */
    check_all(&seq, &trie, 6);
    geo_trie_fini(&trie);
    geo_seq_fini(&seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_network_is_found_from_its_first_address_to_its_last),
        cmocka_unit_test(one_network_for_all_is_a_table_too),
        cmocka_unit_test(dense_ipv6_is_a_table_and_all_in_it_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
