/* view.c - the base seen through a policy: places become classes, equal siblings merge, and a trie
 * finds them. Built on the thread that loads; looked up from any. */
#include <waymark/geo.h>

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "geo/base.h"
#include "geo/map.h"
#include "geo/trie.h"

enum { CLASS_UNSET = UINT32_MAX };

struct geo_view {
    struct geo_trie v4, v6;
    geo_trie_find4_fn *find4;
    geo_trie_find6_fn *find6;
    geo_trie_walk6_fn *walk6;
};

struct relabel {
    const struct geo *geo;
    geo_classify_cb *classify;
    void *ctx;
    uint32_t *class_of;     /* by place, where no prefix holds; CLASS_UNSET: not asked yet */
    struct geo_map by_pair; /* (place, prefix + 1) -> class */
    bool has_failed;
};

static uint32_t ask(struct relabel *r, uint32_t place, int prefix)
{
    uint32_t class = r->classify(r->ctx, geo_places_at(r->geo->places, place), prefix);

    assert(class < GEO_CLASSES_MAX);
    return class;
}

static uint32_t class_without_prefix(struct relabel *r, uint32_t place)
{
    uint32_t class = r->class_of[place];

    if (class == CLASS_UNSET)
        class = r->class_of[place] = ask(r, place, GEO_NO_PREFIX);
    return class;
}

/* `prefix` counts from 1; 0: none. */
static uint32_t join_prefix(void *ctx, uint32_t place, uint32_t prefix)
{
    struct relabel *r = ctx;
    bool is_new;

    if (prefix == 0)
        return class_without_prefix(r, place);
    uint32_t *slot = geo_map_at(&r->by_pair, (uint64_t)place << 32 | prefix, &is_new);
    if (slot == NULL) {
        r->has_failed = true;
        return 0;
    }
    if (is_new)
        *slot = ask(r, place, (int)prefix - 1);
    return *slot;
}

/* Without prefixes the zip has nothing to zip. */
static bool relabel_all(struct relabel *r, const struct geo_seq *base, struct geo_seq *out)
{
    for (size_t i = 0; i < base->n; i++) {
        if (!geo_seq_add(out, base->bits[i], class_without_prefix(r, base->value[i])))
            return false;
    }
    return true;
}

/* Those of one family, numbered by their place in the caller's list, from 1. */
static bool cut_by_prefixes(const struct prefix *prefixes, size_t n, uint8_t family,
                            struct geo_seq *out)
{
    struct geo_seq_item *items = malloc((n + 1) * sizeof *items);
    size_t n_items = 0;

    if (items == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (prefixes[i].addr.family == family)
            items[n_items++] = (struct geo_seq_item){ prefixes[i], (uint32_t)i + 1 };
    }
    bool is_done = geo_seq_from_prefixes(out, items, n_items);
    free(items);
    return is_done;
}

static int build_family(struct relabel *r, const struct geo_seq *base,
                        const struct prefix *prefixes, size_t n_prefixes, uint8_t family,
                        struct geo_trie *out, char why[static WHY_LEN])
{
    struct geo_seq cuts, classes;
    bool is_done;
    int err;

    geo_seq_init(&cuts);
    geo_seq_init(&classes);
    is_done = cut_by_prefixes(prefixes, n_prefixes, family, &cuts);
    if (is_done && cuts.n == 1 && cuts.value[0] == 0)
        is_done = relabel_all(r, base, &classes);
    else if (is_done)
        is_done = geo_seq_zip(base, &cuts, join_prefix, r, &classes);
    if (is_done && !r->has_failed)
        err = geo_trie_build(&classes, family, out, why);
    else
        err = why_set(why, -ENOMEM, "out of memory for a view");
    geo_seq_fini(&cuts);
    geo_seq_fini(&classes);
    return err;
}

int geo_view_build(const struct geo *geo, const struct prefix *prefixes, size_t n_prefixes,
                   geo_classify_cb *classify, void *ctx, struct geo_view **out,
                   char why[static WHY_LEN])
{
    size_t n_places = geo_places_count(geo->places);
    struct relabel r = { .geo = geo,
                         .classify = classify,
                         .ctx = ctx,
                         .class_of = malloc(n_places * sizeof *r.class_of) };
    struct geo_view *view = calloc(1, sizeof *view);
    int err;

    geo_map_init(&r.by_pair);
    if (view == NULL || r.class_of == NULL) {
        err = why_set(why, -ENOMEM, "out of memory for a view");
        goto fail;
    }
    memset(r.class_of, 0xff, n_places * sizeof *r.class_of);
    err = build_family(&r, &geo->v4, prefixes, n_prefixes, 4, &view->v4, why);
    if (err == 0)
        err = build_family(&r, &geo->v6, prefixes, n_prefixes, 6, &view->v6, why);
    if (err == 0) {
        const struct geo_trie_finders *finders = geo_trie_finders_best();
        view->find4 = finders->find4[view->v4.is_narrow];
        view->find6 = finders->find6[view->v6.is_narrow];
        view->walk6 = finders->walk6[view->v6.is_narrow];
        *out = view;
        view = NULL;
    }
fail:
    geo_view_free(view);
    geo_map_fini(&r.by_pair);
    free(r.class_of);
    return err;
}

void geo_view_free(struct geo_view *view)
{
    if (view == NULL)
        return;
    geo_trie_fini(&view->v4);
    geo_trie_fini(&view->v6);
    free(view);
}

/* The address as its family's lookup wants it. */
static uint32_t number4(const struct addr *who)
{
    uint32_t octets;

    memcpy(&octets, who->octets, sizeof octets);
    return be32toh(octets);
}

static uint64_t front6(const struct addr *who)
{
    uint64_t octets;

    memcpy(&octets, who->octets, sizeof octets);
    return be64toh(octets);
}

static uint64_t back6(const struct addr *who)
{
    uint64_t octets;

    memcpy(&octets, who->octets + sizeof octets, sizeof octets);
    return be64toh(octets);
}

struct geo_cell geo_view_find(const struct geo_view *view, const struct addr *who)
{
    if (who->family == 4)
        return view->find4(&view->v4, number4(who));
    assert(who->family == 6);
    return view->find6(&view->v6, (geo_pos)front6(who) << 64 | back6(who));
}

void geo_view_find6(const struct geo_view *view, const struct addr *const who[],
                    struct geo_cell cells[], size_t n)
{
    struct geo_trie_walker walkers[GEO_FIND_MAX];

    assert(n <= GEO_FIND_MAX);
    for (size_t i = 0; i < n; i++) {
        assert(who[i]->family == 6);
        walkers[i] = (struct geo_trie_walker){ .front = front6(who[i]),
                                               .back = back6(who[i]),
                                               .at = (uint32_t)i };
    }
    view->walk6(&view->v6, walkers, n, cells);
}

static void each_of(const struct geo_view *view, uint8_t family, geo_leaf_cb *leaf, void *ctx)
{
    geo_pos at = 0;

    do {
        struct prefix p = geo_pos_prefix(at, family == 4 ? 32 : 128, family);
        struct geo_cell cell = geo_view_find(view, &p.addr);
        p.bits = cell.bits;
        leaf(ctx, &p, cell.class);
        at += geo_pos_size(cell.bits);
    } while (at != 0);
}

void geo_view_each(const struct geo_view *view, geo_leaf_cb *leaf, void *ctx)
{
    each_of(view, 4, leaf, ctx);
    each_of(view, 6, leaf, ctx);
}

size_t geo_view_bytes(const struct geo_view *view)
{
    return sizeof *view + view->v4.bytes + view->v6.bytes;
}

size_t geo_view_leaves(const struct geo_view *view)
{
    return view->v4.n_networks + view->v6.n_networks;
}
