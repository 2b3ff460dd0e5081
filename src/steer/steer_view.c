/* steer_view.c - classes from places, each distinct order of sites once. Writer side. */
#include "steer_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/hash.h>
#include <waymark/list.h>

#include "steer_near.h"

/* One class under construction: the groups' sites one after another. */
struct draft {
    struct steer_class class;
    size_t n;
    struct steer_placed sites[STEER_GROUPS * STEER_SITES_MAX];
};

struct builder {
    const struct steer_policy *policy;
    struct steer_view *view;
    struct steer_near near;
    struct draft draft;
    bool is_out_of_memory;
};

static void draft_fill(struct builder *b, const struct geo_place *place,
                       const struct prefix *prefix)
{
    struct steer_spot spot = steer_spot(place, prefix);
    struct draft *d = &b->draft;
    struct steer_order order;
    struct steer_few few;

    memset(&d->class, 0, sizeof d->class);
    d->class.is_special = place->is_special;
    d->n = 0;
    for (unsigned g = 0; g < b->policy->n_groups; g++) {
        bool is_few = steer_near_pick(&b->near, g, &spot, &few);
        steer_order_build(b->policy, g, &spot, is_few ? &few : NULL, &order, NULL);
        d->class.n[g] = (uint16_t)order.n;
        for (size_t i = 0; i < order.n; i++)
            d->sites[d->n++] =
                (struct steer_placed){ order.items[i].site, order.items[i].tier };
    }
}

static uint64_t hash_of(const struct steer_class *c, const struct steer_placed *sites, size_t n)
{
    uint64_t head[2] = { c->is_special, (uint64_t)c->n[0] | (uint64_t)c->n[1] << 16 };

    return hash_plain(sites, n * sizeof *sites) ^ hash_plain(head, sizeof head) * 3;
}

static size_t class_sites(const struct steer_class *c)
{
    return (size_t)c->n[0] + c->n[1];
}

static bool is_same(const struct steer_view *v, const struct steer_class *c, const struct draft *d)
{
    return c->is_special == d->class.is_special && memcmp(c->n, d->class.n, sizeof c->n) == 0 &&
           memcmp(v->sites + c->at[0], d->sites, d->n * sizeof *d->sites) == 0;
}

static uint32_t *find(const struct steer_view *v, const struct draft *d)
{
    size_t i = hash_of(&d->class, d->sites, d->n) & (v->n_index - 1);

    while (v->index[i] != 0 && !is_same(v, &v->classes[v->index[i] - 1], d))
        i = (i + 1) & (v->n_index - 1);
    return &v->index[i];
}

static bool index_grow(struct steer_view *v)
{
    size_t n = v->n_index * 2;
    uint32_t *index = calloc(n, sizeof *index);

    if (index == NULL)
        return false;
    for (size_t c = 0; c < v->n_classes; c++) {
        const struct steer_class *class = &v->classes[c];
        size_t i = hash_of(class, v->sites + class->at[0], class_sites(class)) & (n - 1);
        while (index[i] != 0)
            i = (i + 1) & (n - 1);
        index[i] = (uint32_t)c + 1;
    }
    free(v->index);
    v->index = index;
    v->n_index = n;
    return true;
}

static bool reserve(struct steer_view *v, size_t n_sites)
{
    void *classes = list_reserve(v->classes, &v->max_classes, v->n_classes, 1, sizeof *v->classes);

    if (classes == NULL)
        return false;
    v->classes = classes;
    void *sites = list_reserve(v->sites, &v->max_sites, v->n_sites, n_sites, sizeof *v->sites);
    if (sites == NULL)
        return false;
    v->sites = sites;
    return v->n_classes * 2 < v->n_index || index_grow(v);
}

static bool class_add(struct steer_view *v, struct draft *d)
{
    if (v->n_classes == GEO_CLASSES_MAX || !reserve(v, d->n))
        return false;
    uint32_t at = (uint32_t)v->n_sites;
    for (unsigned g = 0; g < STEER_GROUPS; g++) {
        d->class.at[g] = at;
        at += d->class.n[g];
    }
    memcpy(v->sites + v->n_sites, d->sites, d->n * sizeof *d->sites);
    v->n_sites += d->n;
    v->classes[v->n_classes++] = d->class;
    *find(v, d) = (uint32_t)v->n_classes;
    return true;
}

static uint32_t on_place(void *ctx, const struct geo_place *place, int prefix)
{
    struct builder *b = ctx;

    draft_fill(b, place, prefix == GEO_NO_PREFIX ? NULL : &b->policy->prefixes[prefix]);
    uint32_t *known = find(b->view, &b->draft);
    if (*known != 0)
        return *known - 1;
    if (!class_add(b->view, &b->draft)) {
        b->is_out_of_memory = true;
        return 0;
    }
    return (uint32_t)b->view->n_classes - 1;
}

static int sieve_fill(struct steer_view *v, unsigned n_groups, char why[static WHY_LEN])
{
    v->sieve = calloc(v->n_classes * n_groups, sizeof *v->sieve);
    if (v->sieve == NULL)
        return why_set(why, -ENOMEM, "out of memory");
    for (size_t i = 0; i < v->n_classes * n_groups; i++) {
        const struct steer_class *class = &v->classes[i / n_groups];
        for (size_t k = 0; k < class->n[i % n_groups]; k++)
            v->sieve[i] |= steer_sieve(v->sites[class->at[i % n_groups] + k].site);
    }
    return 0;
}

static int build(struct builder *b, const struct geo *geo, char why[static WHY_LEN])
{
    static const struct geo_place nowhere = { .subdivision_code = "", .subdivision = "",
                                              .city = "", .source = "" };
    const struct steer_policy *p = b->policy;
    int err = 0;

    if (p->sees_place)
        err = geo_view_build(geo, p->prefixes, p->n_prefixes, on_place, b, &b->view->geo, why);
    else
        on_place(b, &nowhere, GEO_NO_PREFIX);
    if (b->is_out_of_memory)
        err = why_set(why, -ENOMEM, "out of memory, or more than %d classes of clients",
                      GEO_CLASSES_MAX);
    return err != 0 ? err : sieve_fill(b->view, p->n_groups, why);
}

int steer_view_build(const struct steer_policy *policy, const char *key, const struct geo *geo,
                     struct steer_view **out, char why[static WHY_LEN])
{
    struct builder *b = calloc(1, sizeof *b); /* large: not for the stack */
    int64_t start_us = clock_steady_us();
    int err = -ENOMEM;

    if (b == NULL)
        return why_set(why, -ENOMEM, "out of memory");
    b->policy = policy;
    steer_near_init(&b->near, policy);
    b->view = calloc(1, sizeof *b->view);
    if (b->view != NULL) {
        atomic_init(&b->view->refs, 1);
        b->view->key = strdup(key);
        b->view->n_index = 64;
        b->view->index = calloc(b->view->n_index, sizeof *b->view->index);
    }
    if (b->view == NULL || b->view->key == NULL || b->view->index == NULL)
        why_set(why, -ENOMEM, "out of memory");
    else
        err = build(b, geo, why);
    if (err != 0) {
        steer_view_free(b->view);
    } else {
        b->view->build_ms = (uint32_t)((clock_steady_us() - start_us) / 1000);
        *out = b->view;
    }
    free(b);
    return err;
}

struct steer_view *steer_view_ref(struct steer_view *view)
{
    atomic_fetch_add(&view->refs, 1);
    return view;
}

void steer_view_free(struct steer_view *view)
{
    if (view == NULL || atomic_fetch_sub(&view->refs, 1) != 1)
        return;
    free(view->key);
    geo_view_free(view->geo);
    free(view->classes);
    free(view->sites);
    free(view->index);
    free(view->sieve);
    free(view);
}

size_t steer_view_bytes(const struct steer_view *view)
{
    return (view->geo == NULL ? 0 : geo_view_bytes(view->geo)) +
           view->max_classes * sizeof *view->classes + view->max_sites * sizeof *view->sites +
           view->n_index * sizeof *view->index;
}
