/* store.h - the objects of one edge, bounded in octets; S3-FIFO decides who leaves.
 *
 * New objects enter a small queue (a tenth of the room); those asked for again while there move to
 * the main queue, the others leave and are remembered by hash for a while (the ghosts): who comes
 * back then enters the main queue at once. A hit only bumps a two-bit number.
 *
 * The bound holds for all memory of objects that entered, also of those that left while they were
 * still being sent: an object with readers does not leave, and when nothing can leave nothing enters.
 *
 * Threads: one. No I/O, no clock. */
#pragma once

#include <waymark/hash.h>

#include "object.h"

enum { STORE_VARIANTS_MAX = 64 }; /* under one key; then the oldest makes room */

struct store;

struct store *store_new(uint64_t limit, const struct hash_key *hash_key); /* NULL: out of memory */
void store_free(struct store *s); /* NULL is fine */

uint64_t store_hash(const struct store *s, struct http_text key);

/* The newest variant of that key; NULL: none. And the next one with the same key. No bump. */
struct object *store_first(const struct store *s, const struct object_key *key);
struct object *store_next(const struct object *o, const struct object_key *key);
void store_bump(struct object *o); /* it was asked for, and used */

/* Counted by the store from now on. false: there is no room for it. It replaces those of the same
 * key and variant. */
bool store_add(struct store *s, struct object *o);
/* It has grown, or its head has changed. false: there was no room, and it left the store. */
bool store_recharge(struct store *s, struct object *o);
void store_remove(struct store *s, struct object *o); /* not in it is fine */

uint64_t store_limit(const struct store *s);
void store_set_limit(struct store *s, uint64_t limit);
uint64_t store_object_max(const struct store *s); /* larger ones are not worth a place */
uint64_t store_bytes(const struct store *s);
uint64_t store_objects(const struct store *s);
uint64_t store_evicted(const struct store *s);
