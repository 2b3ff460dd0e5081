/* purges.c - a ring of purges under a lock, and how an edge reads it. */
#include "purges.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "parts.h"
#include "request.h"

enum { WHAT_MAX = 16 * 1024 };

struct entry {
    uint64_t generation;
    enum purge_kind kind;
    bool is_soft;
    char *text; /* a tag, or a URL as in a key */
    size_t len;
};

struct farm_purges {
    pthread_mutex_t lock;
    uint64_t newest; /* relaxed atomic for those without the lock: generation of the last entry */
    uint64_t given;  /* the last generation that anybody got */
    uint64_t n;      /* entries ever */
    struct entry ring[PURGES_KEPT];
    char key[KEY_MAX]; /* being made; not an edge's scratch, which may hold what it invalidates */
};

struct farm_purges *purges_new(void)
{
    struct farm_purges *all = calloc(1, sizeof *all);

    if (all != NULL)
        pthread_mutex_init(&all->lock, NULL);
    return all;
}

void purges_free(struct farm_purges *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < PURGES_KEPT; i++)
        free(all->ring[i].text);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

uint64_t purges_newest(const struct farm_purges *all)
{
    return __atomic_load_n(&all->newest, __ATOMIC_ACQUIRE);
}

/* ---- adding ---- */

static int keep(const char *text, size_t len, struct entry *out, char why[static WHY_LEN])
{
    out->text = strndup(text, len);
    out->len = len;
    return out->text == NULL ? why_set(why, -ENOMEM, "cannot purge: out of memory") : 0;
}

static int read_url(const char *what, struct entry *out, char why[static WHY_LEN])
{
    static const struct key_rule plain;
    char key[KEY_MAX];
    int len = key_of_url(http_text_of(what), &plain, key, sizeof key);

    if (len < 0)
        return why_set(why, -EINVAL, "%.200s: not a URL: expected one like http://www.example/path",
                       what);
    return keep(key, (size_t)len, out, why);
}

static int read_entry(const struct edge_purge *purge, struct entry *out, char why[static WHY_LEN])
{
    static const enum purge_kind kinds[] = { [EDGE_PURGE_URL] = PURGE_URL,
                                             [EDGE_PURGE_PREFIX] = PURGE_PREFIX,
                                             [EDGE_PURGE_TAG] = PURGE_TAG,
                                             [EDGE_PURGE_ALL] = PURGE_ALL };

    *out = (struct entry){ .kind = kinds[purge->kind], .is_soft = purge->is_soft };
    if (purge->kind == EDGE_PURGE_ALL)
        return 0;
    if (purge->what == NULL || purge->what[0] == '\0' || strlen(purge->what) > WHAT_MAX)
        return why_set(why, -EINVAL, "a purge needs a URL, a prefix or a tag of 1 to %d octets",
                       WHAT_MAX);
    if (purge->kind != EDGE_PURGE_TAG)
        return read_url(purge->what, out, why);
    return keep(purge->what, strlen(purge->what), out, why);
}

int purges_add(struct farm_purges *all, const struct edge_purge *purge, uint64_t *generation,
               char why[static WHY_LEN])
{
    struct entry entry;
    int err = read_entry(purge, &entry, why);

    if (err != 0)
        return err;
    pthread_mutex_lock(&all->lock);
    struct entry *place = &all->ring[all->n++ % PURGES_KEPT];
    free(place->text);
    entry.generation = ++all->given;
    *place = entry;
    __atomic_store_n(&all->newest, entry.generation, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&all->lock);
    *generation = entry.generation;
    return 0;
}

/* ---- taking over ---- */

/* A URL also as this edge's routes would have it in a key: with the parameters that they choose. */
static void take_over(struct farm_purges *all, struct edge *e, const struct entry *entry)
{
    struct http_text text = { entry->text, entry->len };

    purge_add(e->purge, entry->kind, text, entry->is_soft, entry->generation);
    for (size_t i = 0; i < e->what->n_routes && entry->kind == PURGE_URL; i++) {
        struct key_rule rule = request_rule_of(&e->what->routes[i]);
        if (rule.query == KEY_QUERY_WHOLE)
            continue;
        int len = key_of_url(text, &rule, all->key, sizeof all->key);
        if (len > 0)
            purge_add(e->purge, entry->kind, (struct http_text){ all->key, (size_t)len },
                      entry->is_soft, entry->generation);
    }
}

static void take_over_all(struct farm_purges *all, struct edge *e)
{
    static const struct http_text nothing;
    uint64_t from = all->n > PURGES_KEPT ? all->n - PURGES_KEPT : 0;

    if (from > 0 && all->ring[from % PURGES_KEPT].generation > e->purges_seen + 1)
        purge_add(e->purge, PURGE_ALL, nothing, false, all->ring[from % PURGES_KEPT].generation);
    for (uint64_t i = from; i < all->n; i++)
        if (all->ring[i % PURGES_KEPT].generation > e->purges_seen)
            take_over(all, e, &all->ring[i % PURGES_KEPT]);
    e->purges_seen = all->given;
}

void edge_sync_purges(struct edge *e)
{
    if (purges_newest(e->purges) <= e->purges_seen)
        return;
    pthread_mutex_lock(&e->purges->lock);
    take_over_all(e->purges, e);
    pthread_mutex_unlock(&e->purges->lock);
}

uint64_t purges_next(struct farm_purges *all, struct edge *e)
{
    pthread_mutex_lock(&all->lock);
    take_over_all(all, e);
    e->purges_seen = ++all->given;
    uint64_t generation = all->given;
    pthread_mutex_unlock(&all->lock);
    return generation;
}
