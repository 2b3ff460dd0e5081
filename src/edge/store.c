/* store.c - the index, and the queues of S3-FIFO (Yang et al., SOSP 2023). */
#include "store.h"

#include <assert.h>
#include <stdlib.h>

#include <waymark/hash.h>

enum {
    BUCKETS_MIN = 1024,
    GHOSTS_MIN = 1024,
    FREQUENCY_MAX = 3,
    SKIPS_MAX = 128, /* objects with readers, passed over in one search for room */
    OBJECT_SHARE = 4 /* no object takes more than this part of the room */
};

struct queue {
    struct object *newest, *oldest;
    uint64_t bytes;
};

struct store {
    struct hash_key hash_key;
    uint64_t limit, n, evicted;
    struct queue queues[3]; /* by enum object_queue */
    struct object **buckets;
    size_t n_buckets;
    uint64_t *ghosts; /* a ring over hashes, found by place: hash modulo its size */
    size_t n_ghosts;
};

struct store *store_new(uint64_t limit, const struct hash_key *hash_key)
{
    struct store *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->hash_key = *hash_key;
    s->limit = limit;
    s->n_buckets = BUCKETS_MIN;
    s->n_ghosts = GHOSTS_MIN;
    while (s->n_ghosts < limit / 8192 && s->n_ghosts < 1u << 22)
        s->n_ghosts *= 2;
    s->buckets = calloc(s->n_buckets, sizeof *s->buckets);
    s->ghosts = calloc(s->n_ghosts, sizeof *s->ghosts);
    if (s->buckets == NULL || s->ghosts == NULL) {
        store_free(s);
        return NULL;
    }
    return s;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    for (int q = OBJECT_SMALL; q <= OBJECT_MAIN; q++)
        while (s->queues[q].oldest != NULL)
            store_remove(s, s->queues[q].oldest);
    free(s->buckets);
    free(s->ghosts);
    free(s);
}

uint64_t store_hash(const struct store *s, struct http_text key)
{
    return hash_keyed(&s->hash_key, key.at, key.len);
}

/* ---- the index ---- */

static struct object **bucket_of(const struct store *s, uint64_t hash)
{
    return &s->buckets[hash & (s->n_buckets - 1)];
}

static void grow_index(struct store *s)
{
    size_t n = s->n_buckets * 2;
    struct object **old = s->buckets, **buckets = calloc(n, sizeof *buckets);

    if (buckets == NULL)
        return; /* longer chains, no harm */
    size_t n_old = s->n_buckets;
    s->buckets = buckets;
    s->n_buckets = n;
    for (size_t i = 0; i < n_old; i++) {
        struct object *reversed = NULL, *next; /* keep newest first */
        for (struct object *o = old[i]; o != NULL; o = next) {
            next = o->next_in_bucket;
            o->next_in_bucket = reversed;
            reversed = o;
        }
        for (struct object *o = reversed; o != NULL; o = next) {
            next = o->next_in_bucket;
            struct object **b = bucket_of(s, o->hash);
            o->next_in_bucket = *b;
            *b = o;
        }
    }
    free(old);
}

static void index_add(struct store *s, struct object *o)
{
    if (s->n > s->n_buckets)
        grow_index(s);
    struct object **b = bucket_of(s, o->hash);
    o->next_in_bucket = *b;
    *b = o;
}

static void index_remove(struct store *s, struct object *o)
{
    struct object **at = bucket_of(s, o->hash);

    while (*at != o)
        at = &(*at)->next_in_bucket;
    *at = o->next_in_bucket;
    o->next_in_bucket = NULL;
}

static struct object *find_in_chain(struct object *o, const struct object_key *key)
{
    while (o != NULL && !object_has_key(o, key))
        o = o->next_in_bucket;
    return o;
}

struct object *store_first(const struct store *s, const struct object_key *key)
{
    return find_in_chain(*bucket_of(s, key->hash), key);
}

struct object *store_next(const struct object *o, const struct object_key *key)
{
    return find_in_chain(o->next_in_bucket, key);
}

void store_bump(struct object *o)
{
    if (o->frequency < FREQUENCY_MAX)
        o->frequency++;
}

/* ---- the queues ---- */

static void enqueue(struct store *s, struct object *o, enum object_queue which)
{
    struct queue *q = &s->queues[which];

    o->queue = which;
    o->newer = NULL;
    o->older = q->newest;
    if (q->newest != NULL)
        q->newest->newer = o;
    else
        q->oldest = o;
    q->newest = o;
    q->bytes += o->charge;
}

static void dequeue(struct store *s, struct object *o)
{
    struct queue *q = &s->queues[o->queue];

    *(o->newer != NULL ? &o->newer->older : &q->newest) = o->older;
    *(o->older != NULL ? &o->older->newer : &q->oldest) = o->newer;
    q->bytes -= o->charge;
    o->queue = OBJECT_NOWHERE;
    o->newer = o->older = NULL;
}

static uint64_t *ghost_of(const struct store *s, uint64_t hash)
{
    return &s->ghosts[(hash >> 20) & (s->n_ghosts - 1)];
}

void store_remove(struct store *s, struct object *o)
{
    if (o->queue == OBJECT_NOWHERE)
        return;
    dequeue(s, o);
    index_remove(s, o);
    s->n--;
    object_unref(o);
}

static void evict(struct store *s, struct object *o)
{
    *ghost_of(s, o->hash) = o->hash;
    s->evicted++;
    store_remove(s, o);
}

static bool is_in_use(const struct object *o)
{
    return o->refs > 1 || (o->body != NULL && o->body->refs > 1);
}

/* One step of the hand over a queue's end. */
static void step(struct store *s, struct object *o, unsigned *skips)
{
    enum object_queue from = o->queue;
    bool is_wanted = from == OBJECT_SMALL ? o->frequency > 1 : o->frequency > 0;

    if (is_in_use(o)) {
        ++*skips;
    } else if (!is_wanted) {
        evict(s, o);
        return;
    } else if (from == OBJECT_SMALL) {
        o->frequency = 0;
    } else {
        o->frequency--;
    }
    dequeue(s, o);
    enqueue(s, o, OBJECT_MAIN);
}

static bool make_room(struct store *s, uint64_t bytes)
{
    unsigned skips = 0;

    if (bytes > s->limit)
        return false;
    while (store_bytes(s) + bytes > s->limit) {
        struct object *small = s->queues[OBJECT_SMALL].oldest;
        struct object *main = s->queues[OBJECT_MAIN].oldest;
        bool is_small = main == NULL || s->queues[OBJECT_SMALL].bytes > s->limit / 10;
        struct object *o = is_small && small != NULL ? small : main != NULL ? main : small;
        if (o == NULL || skips > SKIPS_MAX)
            return false;
        step(s, o, &skips);
    }
    return true;
}

/* ---- coming and growing ---- */

/* The former one of this variant leaves; and the oldest, where there are too many. */
static void replace(struct store *s, const struct object *o)
{
    struct object_key key = { object_key_text(o), o->url_len, o->hash };
    struct object *next, *last = NULL;
    unsigned n = 0;

    for (struct object *old = store_first(s, &key); old != NULL; old = next) {
        next = store_next(old, &key);
        if (old->is_marker || o->is_marker ||
            (http_text_is(object_names(old), object_names(o)) &&
             http_text_is(object_mark(old), object_mark(o)))) {
            store_remove(s, old);
        } else {
            last = old;
            n++;
        }
    }
    if (n >= STORE_VARIANTS_MAX)
        store_remove(s, last);
}

bool store_add(struct store *s, struct object *o)
{
    uint64_t *ghost = ghost_of(s, o->hash);

    assert(o->queue == OBJECT_NOWHERE);
    o->charge = object_bytes(o);
    replace(s, o);
    if (!make_room(s, o->charge))
        return false;
    s->n++;
    index_add(s, o);
    enqueue(s, o, *ghost == o->hash ? OBJECT_MAIN : OBJECT_SMALL);
    *ghost = *ghost == o->hash ? 0 : *ghost;
    object_ref(o);
    return true;
}

bool store_recharge(struct store *s, struct object *o)
{
    uint64_t bytes = object_bytes(o);

    if (o->queue == OBJECT_NOWHERE)
        return false;
    uint64_t more = bytes > o->charge ? bytes - o->charge : 0;
    object_ref(o); /* in use: it is not the one to make room */
    bool is_room = bytes <= store_object_max(s) && make_room(s, more);
    if (is_room) {
        s->queues[o->queue].bytes += bytes - o->charge;
        o->charge = bytes;
    } else {
        store_remove(s, o);
    }
    object_unref(o);
    return is_room;
}

uint64_t store_limit(const struct store *s)
{
    return s->limit;
}

void store_set_limit(struct store *s, uint64_t limit)
{
    s->limit = limit;
    make_room(s, 0);
}

uint64_t store_object_max(const struct store *s)
{
    return s->limit / OBJECT_SHARE;
}

uint64_t store_bytes(const struct store *s)
{
    return s->queues[OBJECT_SMALL].bytes + s->queues[OBJECT_MAIN].bytes;
}

uint64_t store_objects(const struct store *s)
{
    return s->n;
}

uint64_t store_evicted(const struct store *s)
{
    return s->evicted;
}
