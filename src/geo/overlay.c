/* overlay.c - lays special ranges and the operator's networks over a list of places. Pure. */
#include "geo/overlay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>

static bool make_special(uint8_t family, struct geo_seq *out)
{
    struct geo_seq_item items[64];
    size_t n;
    const struct geo_special *list = geo_special_list(family, &n);

    assert(n <= sizeof items / sizeof *items);
    for (size_t i = 0; i < n; i++) {
        bool is_prefix = prefix_parse(list[i].prefix, &items[i].prefix);
        assert(is_prefix);
        items[i].value = list[i].name == NULL ? 0 : (uint32_t)i + 1;
    }
    return geo_seq_from_prefixes(out, items, n);
}

static bool make_networks(const struct geo_networks *networks, uint8_t family, struct geo_seq *out)
{
    struct geo_seq_item *items = malloc((networks->n + 1) * sizeof *items);
    size_t n = 0;

    if (items == NULL)
        return false;
    for (size_t i = 0; i < networks->n; i++) {
        if (networks->list[i].prefix.addr.family == family)
            items[n++] = (struct geo_seq_item){ networks->list[i].prefix, (uint32_t)i + 1 };
    }
    bool is_done = geo_seq_from_prefixes(out, items, n);
    free(items);
    return is_done;
}

static uint32_t fail(struct geo_overlay *o)
{
    o->has_failed = true;
    return 0;
}

struct pairing {
    struct geo_overlay *overlay;
    const struct geo_special *specials;
};

static uint32_t join_covers(void *ctx, uint32_t special, uint32_t network)
{
    struct pairing *p = ctx;
    struct geo_overlay *o = p->overlay;
    bool is_new;

    if (special == 0 && network == 0)
        return 0;
    uint32_t *slot = geo_map_at(&o->by_pair, (uint64_t)special << 32 | network, &is_new);
    if (slot == NULL)
        return fail(o);
    if (!is_new)
        return *slot;
    void *covers = list_reserve(o->covers, &o->cap, o->n, 1, sizeof *o->covers);
    if (covers == NULL)
        return fail(o);
    o->covers = covers;
    o->covers[o->n++] = (struct geo_cover){
        .special = special == 0 ? NULL : &p->specials[special - 1],
        .network = network == 0 ? NULL : &o->networks->list[network - 1],
    };
    return *slot = (uint32_t)o->n;
}

/* Fills in where the network is, from what its line says and nothing else. */
static bool set_location(struct geo_overlay *o, const struct geo_network *n,
                         struct geo_place *place)
{
    const struct geo_country *c = geo_country_of(o->countries, n->country);
    uint32_t asn = place->asn;

    *place = geo_place_empty();
    place->asn = asn;
    memcpy(place->country, n->country, sizeof place->country);
    memcpy(place->continent, c->continent, sizeof place->continent);
    place->is_country_level = !n->has_point && !n->has_city;
    place->has_point = n->has_point || c->has_point;
    place->latitude = n->has_point ? n->latitude : c->latitude;
    place->longitude = n->has_point ? n->longitude : c->longitude;
    if (n->city != NULL)
        place->city = geo_places_text(o->places, n->city, strlen(n->city));
    return place->city != NULL;
}

static bool make_place(struct geo_overlay *o, const struct geo_cover *cover,
                       struct geo_place *place)
{
    const struct geo_network *n = cover->network;

    if (cover->special != NULL) { /* whatever a database may think of it */
        *place = geo_place_empty();
        place->is_special = n == NULL;
        place->source =
            geo_places_text(o->places, cover->special->name, strlen(cover->special->name));
    }
    if (n == NULL)
        return place->source != NULL;
    if ((n->has_country || n->has_point || n->has_city) && !set_location(o, n, place))
        return false;
    if (n->has_asn)
        place->asn = n->asn;
    if (n->region != NULL)
        place->region = geo_places_text(o->places, n->region, strlen(n->region));
    place->source = o->networks_path;
    place->line = (uint32_t)n->line;
    return n->region == NULL || place->region != NULL;
}

static uint32_t join_place(void *ctx, uint32_t place, uint32_t cover)
{
    struct geo_overlay *o = ctx;
    struct geo_place made;
    bool is_new;

    if (cover == 0)
        return place;
    uint32_t *slot = geo_map_at(&o->by_pair, (uint64_t)place << 32 | cover, &is_new);
    if (slot == NULL)
        return fail(o);
    if (is_new) {
        made = *geo_places_at(o->places, place);
        *slot = make_place(o, &o->covers[cover - 1], &made) ? geo_places_add(o->places, &made)
                                                            : GEO_PLACES_FULL;
    }
    return *slot == GEO_PLACES_FULL ? fail(o) : *slot;
}

static bool apply(struct geo_overlay *o, uint8_t family, struct geo_seq *seq,
                  struct geo_seq parts[static 4])
{
    size_t n;
    struct pairing pairing = { .overlay = o, .specials = geo_special_list(family, &n) };

    o->n = 0;
    geo_map_fini(&o->by_pair);
    geo_map_init(&o->by_pair);
    if (!make_special(family, &parts[0]) || !make_networks(o->networks, family, &parts[1]) ||
        !geo_seq_zip(&parts[0], &parts[1], join_covers, &pairing, &parts[2]))
        return false;
    geo_map_fini(&o->by_pair);
    geo_map_init(&o->by_pair);
    if (o->has_failed || !geo_seq_overlay(seq, &parts[2], join_place, o, &parts[3]) ||
        o->has_failed)
        return false;
    geo_seq_fini(seq);
    *seq = parts[3];
    geo_seq_init(&parts[3]);
    return true;
}

bool geo_overlay_apply(struct geo_overlay *overlay, uint8_t family, struct geo_seq *seq)
{
    struct geo_seq parts[4];

    for (size_t i = 0; i < 4; i++)
        geo_seq_init(&parts[i]);
    bool is_done = apply(overlay, family, seq, parts);
    for (size_t i = 0; i < 4; i++)
        geo_seq_fini(&parts[i]);
    return is_done;
}

void geo_overlay_fini(struct geo_overlay *o)
{
    free(o->covers);
    geo_map_fini(&o->by_pair);
}
