/* purge.h - what was purged, and since when: generations per URL, prefix, tag, and for all.
 *
 * A purge writes one entry, whatever it hits; an object is held against the entries once after each
 * purge, when it is next asked for: by its URL, by those of its URL's beginnings that are as long as
 * some purged prefix, by its tags. Nothing is ever scanned. When the table is full everything counts
 * as purged, and it starts anew: too much is purged, never too little.
 *
 * Threads: one. No I/O, no clock. Hashes of 64 bits stand for texts: a collision purges too much. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_text.h"

enum { PURGE_ENTRIES_MAX = 16384, PURGE_LENGTHS_MAX = 64 };

enum purge_kind { PURGE_URL, PURGE_PREFIX, PURGE_TAG, PURGE_ALL };

/* Later ones are stronger. */
enum purge_effect { PURGE_NONE, PURGE_SOFT, PURGE_HARD };

struct purge;

struct purge *purge_new(void); /* NULL: out of memory */
void purge_free(struct purge *p); /* NULL is fine */

/* `generation` grows from purge to purge. `text` is the tag, or a URL as in a key, or the beginning of
 * one: it is purged under either scheme. */
void purge_add(struct purge *p, enum purge_kind kind, struct http_text text, bool is_soft,
               uint64_t generation);
uint64_t purge_generation(const struct purge *p); /* of the last one; 0: none */

/* What happened to a response of that URL and tags after generation `since`. */
enum purge_effect purge_check(const struct purge *p, struct http_text url, const uint64_t *tags,
                              size_t n_tags, uint64_t since);
