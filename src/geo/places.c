/* places.c - the table of distinct places, and of the texts in them. Pure. */
#include "geo/places.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/hash.h>
#include <waymark/list.h>

enum { TABLE_FIRST = 1024 };

/* Open addressing over numbers of things kept elsewhere. The hash stands beside the number: most
 * things that differ are told apart without a look at them, and growing looks at none. */
struct slot {
    uint32_t number; /* UINT32_MAX: empty */
    uint32_t hash;
};

struct table {
    struct slot *slots;
    size_t n, cap;
};

struct text {
    const char *text;
    uint32_t len;
};

struct geo_places {
    struct arena *arena; /* the texts' octets */
    struct text *texts;
    size_t texts_cap;
    struct geo_place *places;
    size_t places_cap;
    struct table by_text, by_place;
};

static const char no_text[] = "";

/* A place as plain numbers: no padding, so that it can be hashed and compared as octets. */
struct place_key {
    uint64_t words[10];
};

static struct place_key key_of(const struct geo_place *p)
{
    struct place_key key = { { 0 } };
    float point[2] = { p->latitude, p->longitude };

    memcpy(&key.words[0], p->continent, 2);
    memcpy((char *)&key.words[0] + 2, p->country, 2);
    key.words[1] = (uint64_t)(p->has_point | p->is_country_level << 1 | p->is_special << 2);
    memcpy(&key.words[2], point, sizeof point);
    key.words[3] = (uint64_t)p->asn << 32 | p->line;
    const char *texts[] = { p->subdivision_code, p->subdivision, p->city, p->region, p->source };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        key.words[4 + i] = (uint64_t)(uintptr_t)texts[i];
    return key;
}

/* Room for one more, at most half full. */
static bool table_reserve(struct table *t)
{
    if (t->n * 2 < t->cap)
        return true;
    size_t cap = t->cap == 0 ? TABLE_FIRST : t->cap * 2;
    struct slot *slots = malloc(cap * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0xff, cap * sizeof *slots);
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slots[i].number == UINT32_MAX)
            continue;
        size_t at = t->slots[i].hash & (cap - 1);
        while (slots[at].number != UINT32_MAX)
            at = (at + 1) & (cap - 1);
        slots[at] = t->slots[i];
    }
    free(t->slots);
    t->slots = slots;
    t->cap = cap;
    return true;
}

struct geo_places *geo_places_new(void)
{
    struct geo_places *p = calloc(1, sizeof *p);
    struct geo_place empty = geo_place_empty();

    if (p == NULL)
        return NULL;
    p->arena = arena_new();
    if (p->arena == NULL || geo_places_add(p, &empty) != GEO_PLACE_EMPTY) {
        geo_places_free(p);
        return NULL;
    }
    return p;
}

void geo_places_free(struct geo_places *p)
{
    if (p == NULL)
        return;
    geo_places_finish(p);
    arena_free(p->arena);
    free(p->places);
    free(p);
}

void geo_places_finish(struct geo_places *p)
{
    free(p->texts);
    free(p->by_text.slots);
    free(p->by_place.slots);
    p->texts = NULL;
    p->by_text.slots = p->by_place.slots = NULL;
    p->texts_cap = p->by_text.cap = p->by_place.cap = 0;
    if (p->by_place.n == 0) /* realloc to nothing would free what the caller frees */
        return;
    struct geo_place *places = realloc(p->places, p->by_place.n * sizeof *places);
    if (places != NULL) {
        p->places = places;
        p->places_cap = p->by_place.n;
    }
}

const char *geo_places_text(struct geo_places *p, const char *text, size_t len)
{
    struct table *t = &p->by_text;

    if (len == 0)
        return no_text;
    if (!table_reserve(t))
        return NULL;
    uint32_t hash = (uint32_t)hash_plain(text, len);
    size_t at = hash & (t->cap - 1);
    for (; t->slots[at].number != UINT32_MAX; at = (at + 1) & (t->cap - 1)) {
        const struct text *old = &p->texts[t->slots[at].number];
        if (t->slots[at].hash == hash && old->len == len && memcmp(old->text, text, len) == 0)
            return old->text;
    }
    char *kept = arena_alloc(p->arena, len + 1, 1);
    void *texts = list_reserve(p->texts, &p->texts_cap, t->n, 1, sizeof *p->texts);
    if (texts != NULL)
        p->texts = texts;
    if (kept == NULL || texts == NULL || len > UINT32_MAX)
        return NULL;
    memcpy(kept, text, len);
    kept[len] = '\0';
    p->texts[t->n] = (struct text){ kept, (uint32_t)len };
    t->slots[at] = (struct slot){ (uint32_t)t->n++, hash };
    return kept;
}

struct geo_place geo_place_empty(void)
{
    return (struct geo_place){
        .subdivision_code = no_text, .subdivision = no_text, .city = no_text, .source = no_text
    };
}

uint32_t geo_places_ask(const struct geo_places *p, const struct geo_place *place)
{
    const struct table *t = &p->by_place;
    struct place_key key = key_of(place);
    uint32_t hash = (uint32_t)hash_plain(&key, sizeof key);

    if (t->cap > 0)
        __builtin_prefetch(&t->slots[hash & (t->cap - 1)]);
    return hash;
}

uint32_t geo_places_add(struct geo_places *p, const struct geo_place *place)
{
    return geo_places_add_asked(p, place, geo_places_ask(p, place));
}

uint32_t geo_places_add_asked(struct geo_places *p, const struct geo_place *place, uint32_t hash)
{
    struct table *t = &p->by_place;

    if (!table_reserve(t))
        return GEO_PLACES_FULL;
    size_t at = hash & (t->cap - 1);
    for (; t->slots[at].number != UINT32_MAX; at = (at + 1) & (t->cap - 1)) {
        if (t->slots[at].hash != hash)
            continue;
        struct place_key key = key_of(place), old = key_of(&p->places[t->slots[at].number]);
        if (memcmp(&old, &key, sizeof key) == 0)
            return t->slots[at].number;
    }
    if (t->n == UINT32_MAX - 1)
        return GEO_PLACES_FULL;
    void *places = list_reserve(p->places, &p->places_cap, t->n, 1, sizeof *p->places);
    if (places == NULL)
        return GEO_PLACES_FULL;
    p->places = places;
    p->places[t->n] = *place;
    t->slots[at] = (struct slot){ (uint32_t)t->n, hash };
    return (uint32_t)t->n++;
}

const struct geo_place *geo_places_at(const struct geo_places *p, uint32_t number)
{
    assert(number < p->by_place.n);
    return &p->places[number];
}

size_t geo_places_count(const struct geo_places *p)
{
    return p->by_place.n;
}

size_t geo_places_bytes(const struct geo_places *p)
{
    size_t slots = (p->by_text.cap + p->by_place.cap) * sizeof(struct slot);

    return arena_bytes(p->arena) + p->texts_cap * sizeof *p->texts +
           p->places_cap * sizeof *p->places + slots;
}
