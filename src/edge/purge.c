/* purge.c - one hash table of generations. */
#include "purge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/hash.h>

enum { SLOTS = PURGE_ENTRIES_MAX * 2 }; /* a power of two, at most half full */

struct entry {
    uint64_t hash; /* of kind and text; 0: free */
    uint64_t soft, hard;
};

struct length {
    size_t len;
    uint64_t newest;
};

struct purge {
    uint64_t newest;
    struct entry all;
    size_t n;
    size_t n_lengths;
    struct length lengths[PURGE_LENGTHS_MAX];
    struct entry slots[SLOTS];
};

struct purge *purge_new(void)
{
    return calloc(1, sizeof(struct purge));
}

void purge_free(struct purge *p)
{
    free(p);
}

uint64_t purge_generation(const struct purge *p)
{
    return p->newest;
}

static struct http_text without_scheme(struct http_text url)
{
    const char *colon = memchr(url.at, ':', url.len < 6 ? url.len : 6); /* "http:", "https:" */
    size_t skip = colon == NULL ? 0 : (size_t)(colon + 1 - url.at);

    return (struct http_text){ url.at + skip, url.len - skip };
}

static uint64_t mix(enum purge_kind kind, uint64_t hash)
{
    hash = (hash ^ (uint64_t)kind) * 0x9e3779b97f4a7c15u;
    return hash == 0 ? 1 : hash;
}

static uint64_t hash_of(enum purge_kind kind, struct http_text text)
{
    return mix(kind, hash_plain(text.at, text.len));
}

/* Where it stands, or the free slot where it would. */
static struct entry *find(const struct purge *p, uint64_t hash)
{
    size_t i = (size_t)(hash >> 32) & (SLOTS - 1);

    while (p->slots[i].hash != 0 && p->slots[i].hash != hash)
        i = (i + 1) & (SLOTS - 1);
    return (struct entry *)&p->slots[i];
}

static void stamp(struct entry *e, bool is_soft, uint64_t generation)
{
    if (is_soft)
        e->soft = generation;
    else
        e->hard = generation;
}

static void give_up(struct purge *p, uint64_t generation)
{
    memset(p->slots, 0, sizeof p->slots);
    p->n = 0;
    p->n_lengths = 0;
    p->all.hard = generation;
}

static bool note_length(struct purge *p, size_t len, uint64_t generation)
{
    for (size_t i = 0; i < p->n_lengths; i++) {
        if (p->lengths[i].len == len) {
            p->lengths[i].newest = generation;
            return true;
        }
    }
    if (p->n_lengths == PURGE_LENGTHS_MAX)
        return false;
    p->lengths[p->n_lengths++] = (struct length){ len, generation };
    return true;
}

void purge_add(struct purge *p, enum purge_kind kind, struct http_text text, bool is_soft,
               uint64_t generation)
{
    assert(generation >= p->newest);
    p->newest = generation;
    if (kind == PURGE_ALL) {
        stamp(&p->all, is_soft, generation);
        return;
    }
    if (kind != PURGE_TAG)
        text = without_scheme(text);
    struct entry *e = find(p, hash_of(kind, text));
    if (e->hash == 0 && p->n == PURGE_ENTRIES_MAX) {
        give_up(p, generation);
        return;
    }
    if (kind == PURGE_PREFIX && !note_length(p, text.len, generation)) {
        give_up(p, generation);
        return;
    }
    p->n += e->hash == 0;
    e->hash = hash_of(kind, text);
    stamp(e, is_soft, generation);
}

static enum purge_effect effect_of(const struct entry *e, uint64_t since)
{
    if (e->hard > since)
        return PURGE_HARD;
    return e->soft > since ? PURGE_SOFT : PURGE_NONE;
}

static void take(enum purge_effect *effect, const struct entry *e, uint64_t since)
{
    enum purge_effect other = effect_of(e, since);

    if (other > *effect)
        *effect = other;
}

enum purge_effect purge_check(const struct purge *p, struct http_text url, const uint64_t *tags,
                              size_t n_tags, uint64_t since)
{
    enum purge_effect effect = PURGE_NONE;

    if (since >= p->newest)
        return PURGE_NONE;
    url = without_scheme(url);
    take(&effect, &p->all, since);
    take(&effect, find(p, hash_of(PURGE_URL, url)), since);
    for (size_t i = 0; i < p->n_lengths && effect != PURGE_HARD; i++) {
        if (p->lengths[i].newest <= since || p->lengths[i].len > url.len)
            continue;
        struct http_text start = { url.at, p->lengths[i].len };
        take(&effect, find(p, hash_of(PURGE_PREFIX, start)), since);
    }
    for (size_t i = 0; i < n_tags && effect != PURGE_HARD; i++)
        take(&effect, find(p, mix(PURGE_TAG, tags[i])), since);
    return effect;
}
