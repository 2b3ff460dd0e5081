/* test_geo_view.c - views against a naive model on random prefixes, seeds in a row. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/geo.h>
#include <waymark/rng.h>

#include "geo/base.h"

enum { SEEDS = 40, PROBES = 400, PLACES = 9, CLASSES = 3 };

/* Prefixes with a place each; the longest that holds an address speaks. */
struct model {
    struct geo_seq_item base[600];
    struct prefix cuts[24];
    size_t n_base, n_cuts;
};

struct world {
    struct geo geo;
    struct model model;
    struct geo_view *view;
    unsigned calls[PLACES][32]; /* of the classifier, by place and prefix + 1 */
};

static unsigned below(struct rng *rng, unsigned n)
{
    return (unsigned)(rng_next(rng) % n);
}

/* Crowded into a few regions, so that prefixes nest. */
static struct prefix random_prefix(struct rng *rng, uint8_t family)
{
    struct addr a = { .family = family };
    unsigned width = family == 4 ? 32 : 128;

    for (unsigned i = 0; i < width / 8; i++)
        a.octets[i] = below(rng, 3) == 0 ? (uint8_t)rng_next(rng) : (uint8_t)(0x20 + below(rng, 2));
    unsigned bits = below(rng, 10) == 0 ? below(rng, width + 1) : below(rng, width) | 1;
    return (struct prefix){ .addr = addr_mask(&a, bits), .bits = (uint8_t)bits };
}

static bool is_in(const struct prefix *p, const struct geo_seq_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (items[i].prefix.bits == p->bits && addr_equal(&items[i].prefix.addr, &p->addr))
            return true;
    }
    return false;
}

static struct addr random_addr(struct rng *rng, const struct model *m, uint8_t family)
{
    struct prefix p = random_prefix(rng, family);
    struct addr a = p.addr;

    if (m->n_base > 0 && below(rng, 2) == 0) { /* near a border */
        const struct prefix *near = &m->base[below(rng, (unsigned)m->n_base)].prefix;
        if (near->addr.family == family)
            a = near->addr;
        unsigned last = family == 4 ? 3 : 15;
        if (below(rng, 2) == 0)
            a.octets[last] = (uint8_t)(a.octets[last] - 1);
    }
    return a;
}

static uint32_t model_place(const struct model *m, const struct addr *a)
{
    int bits = -1;
    uint32_t place = 0;

    for (size_t i = 0; i < m->n_base; i++) {
        if (m->base[i].prefix.bits > bits && prefix_contains(&m->base[i].prefix, a)) {
            bits = m->base[i].prefix.bits;
            place = m->base[i].value;
        }
    }
    return place;
}

static int model_cut(const struct model *m, const struct addr *a)
{
    int bits = -1, cut = GEO_NO_PREFIX;

    for (size_t i = 0; i < m->n_cuts; i++) {
        if (m->cuts[i].bits > bits && prefix_contains(&m->cuts[i], a)) {
            bits = m->cuts[i].bits;
            cut = (int)i;
        }
    }
    return cut;
}

static uint32_t class_of(uint32_t place, int cut)
{
    return cut == GEO_NO_PREFIX ? place % CLASSES : (place + (uint32_t)cut) % CLASSES;
}

static uint32_t classify(void *ctx, const struct geo_place *place, int prefix)
{
    struct world *w = ctx;

    assert_true(place->asn < PLACES && prefix < (int)w->model.n_cuts);
    w->calls[place->asn][prefix + 1]++;
    return class_of(place->asn, prefix);
}

static void add_bases(struct world *w, struct rng *rng, uint8_t family, size_t n)
{
    struct model *m = &w->model;
    size_t first = m->n_base;
    struct geo_seq *seq = family == 4 ? &w->geo.v4 : &w->geo.v6;
    struct geo_seq_item *items = malloc((n + 1) * sizeof *items);

    for (size_t i = 0; i < n; i++) {
        struct prefix p = random_prefix(rng, family);
        if (!is_in(&p, m->base, m->n_base))
            m->base[m->n_base++] = (struct geo_seq_item){ p, below(rng, PLACES) };
    }
    memcpy(items, m->base + first, (m->n_base - first) * sizeof *items);
    geo_seq_init(seq);
    assert_true(geo_seq_from_prefixes(seq, items, m->n_base - first));
    assert_true(geo_seq_finish(seq));
    free(items);
}

static void add_cuts(struct world *w, struct rng *rng, size_t n)
{
    struct geo_seq_item seen[24];

    for (size_t i = 0; i < n; i++) {
        struct prefix p = random_prefix(rng, below(rng, 2) == 0 ? 4 : 6);
        if (is_in(&p, seen, w->model.n_cuts))
            continue;
        seen[w->model.n_cuts].prefix = p;
        w->model.cuts[w->model.n_cuts++] = p;
    }
}

static struct world *world_new(uint64_t seed, size_t n_base, size_t n_cuts)
{
    struct world *w = calloc(1, sizeof *w);
    struct rng rng;
    char why[WHY_LEN];

    rng_seed(&rng, seed);
    w->geo.places = geo_places_new();
    for (uint32_t i = 1; i < PLACES; i++) {
        struct geo_place p = geo_place_empty();
        p.asn = i;
        assert_int_equal(geo_places_add(w->geo.places, &p), i);
    }
    add_bases(w, &rng, 4, n_base);
    add_bases(w, &rng, 6, n_base);
    add_cuts(w, &rng, n_cuts);
    assert_int_equal(
        geo_view_build(&w->geo, w->model.cuts, w->model.n_cuts, classify, w, &w->view, why), 0);
    return w;
}

static void world_free(struct world *w)
{
    geo_view_free(w->view);
    geo_places_free(w->geo.places);
    geo_seq_fini(&w->geo.v4);
    geo_seq_fini(&w->geo.v6);
    free(w);
}

static uint32_t model_class(const struct world *w, const struct addr *a)
{
    return class_of(model_place(&w->model, a), model_cut(&w->model, a));
}

/* Does the class stay the same all over the network? The model's prefixes that lie inside decide.
 */
static bool is_uniform(const struct world *w, const struct prefix *network)
{
    uint32_t class = model_class(w, &network->addr);

    for (size_t i = 0; i < w->model.n_base + w->model.n_cuts; i++) {
        const struct prefix *p =
            i < w->model.n_base ? &w->model.base[i].prefix : &w->model.cuts[i - w->model.n_base];
        if (p->bits < network->bits || !prefix_contains(network, &p->addr))
            continue;
        struct addr a = p->addr; /* its first address, and the one after its last */
        if (model_class(w, &a) != class)
            return false;
        geo_pos after = geo_pos_of(&a) + geo_pos_size(p->bits);
        struct prefix next = geo_pos_prefix(after, addr_width(&a), a.family);
        if (after != 0 && prefix_contains(network, &next.addr) &&
            model_class(w, &next.addr) != class)
            return false;
    }
    return true;
}

/* The naive longest network around the address over which the class is one. */
static unsigned model_bits(const struct world *w, const struct addr *a)
{
    unsigned bits = addr_width(a);

    while (bits > 0) {
        struct prefix wider = { .addr = addr_mask(a, bits - 1), .bits = (uint8_t)(bits - 1) };
        if (!is_uniform(w, &wider))
            break;
        bits--;
    }
    return bits;
}

static void probe(const struct world *w, const struct addr *a)
{
    struct geo_cell cell = geo_view_find(w->view, a);

    assert_int_equal(cell.class, model_class(w, a));
    assert_int_equal(cell.bits, model_bits(w, a));
    assert_int_equal(geo_locate(&w->geo, a).place->asn, model_place(&w->model, a));
}

static void probe_many(const struct world *w, struct rng *rng)
{
    struct addr list[GEO_FIND_MAX];
    const struct addr *who[GEO_FIND_MAX];
    struct geo_cell cells[GEO_FIND_MAX];
    size_t n = below(rng, GEO_FIND_MAX + 1);

    for (size_t i = 0; i < n; i++) {
        list[i] = random_addr(rng, &w->model, 6);
        who[i] = &list[i];
    }
    geo_view_find6(w->view, who, cells, n);
    for (size_t i = 0; i < n; i++) {
        struct geo_cell one = geo_view_find(w->view, who[i]);
        assert_int_equal(cells[i].class, one.class);
        assert_int_equal(cells[i].bits, one.bits);
    }
}

static void a_lookup_is_the_longest_match_and_its_length_the_widest_uniform_network(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct rng rng;
        struct world *w = world_new(seed, seed * 7, seed % 3 == 0 ? 0 : seed % 23);
        rng_seed(&rng, ~seed);
        for (int i = 0; i < PROBES / 4; i++) {
            struct addr a = random_addr(&rng, &w->model, i % 2 == 0 ? 4 : 6);
            probe(w, &a);
        }
        for (int i = 0; i < PROBES / GEO_FIND_MAX; i++)
            probe_many(w, &rng);
        world_free(w);
    }
}

struct sweep {
    const struct world *world;
    geo_pos at;
    uint8_t family;
    size_t n;
};

static void sweep_leaf(void *ctx, const struct prefix *network, uint32_t class)
{
    struct sweep *s = ctx;

    if (network->addr.family != s->family) {
        assert_true(s->at == 0 && s->n > 0); /* IPv4 ended where it ends */
        s->family = network->addr.family;
    }
    assert_true(geo_pos_of(&network->addr) == s->at);
    s->at += geo_pos_size(network->bits);
    s->n++;
    struct geo_cell cell = geo_view_find(s->world->view, &network->addr);
    assert_int_equal(cell.class, class);
    assert_int_equal(cell.bits, network->bits);
    struct prefix last = geo_pos_prefix(s->at - 1, addr_width(&network->addr), s->family);
    cell = geo_view_find(s->world->view, &last.addr);
    assert_int_equal(cell.class, class);
    assert_int_equal(cell.bits, network->bits);
}

static void the_networks_of_a_view_cover_everything_once(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world *w = world_new(seed, seed * 7, seed % 23);
        struct sweep sweep = { .world = w, .family = 4 };
        geo_view_each(w->view, sweep_leaf, &sweep);
        assert_true(sweep.at == 0);
        assert_int_equal(sweep.family, 6);
        assert_int_equal(sweep.n, geo_view_leaves(w->view));
        world_free(w);
    }
}

static void the_classifier_is_asked_once_per_pair_that_occurs(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world *w = world_new(seed, seed * 7, seed % 23);
        for (int place = 0; place < PLACES; place++) {
            for (size_t cut = 0; cut <= w->model.n_cuts; cut++)
                assert_true(w->calls[place][cut] <= 1);
        }
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_is_the_longest_match_and_its_length_the_widest_uniform_network),
        cmocka_unit_test(the_networks_of_a_view_cover_everything_once),
        cmocka_unit_test(the_classifier_is_asked_once_per_pair_that_occurs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
