/* places.h - every distinct place of a base, once, by number.
 *
 * Number 0 is the empty place. Texts are kept once each, so that equal texts are equal pointers.
 *
 * Threads: one owner while it grows; afterwards anybody may read it.
 * Owner:   whoever makes it; a place's address holds until the next geo_places_add. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/geo.h>

struct geo_places;

enum { GEO_PLACE_EMPTY = 0, GEO_PLACES_FULL = UINT32_MAX };

struct geo_places *geo_places_new(void);         /* NULL: out of memory */
void geo_places_free(struct geo_places *places); /* NULL is fine */

/* NULL: out of memory. The empty text is always the same pointer. */
const char *geo_places_text(struct geo_places *places, const char *text, size_t len);

/* A place with nothing known: texts are "", not NULL. */
struct geo_place geo_place_empty(void);

/* Its number: an old one if an equal place is there. The place's texts come from geo_places_text
 * (or geo_place_empty). GEO_PLACES_FULL: out of memory. */
uint32_t geo_places_add(struct geo_places *places, const struct geo_place *place);

/* The same in two steps, for many: what the first one gives is for the second, which finds the
 * memory that it needs fetched when others were asked for in between. */
uint32_t geo_places_ask(const struct geo_places *places, const struct geo_place *place);
uint32_t geo_places_add_asked(struct geo_places *places, const struct geo_place *place,
                              uint32_t asked);

const struct geo_place *geo_places_at(const struct geo_places *places, uint32_t number);
size_t geo_places_count(const struct geo_places *places);
size_t geo_places_bytes(const struct geo_places *places);
/* Drops what only geo_places_add and geo_places_text need; neither may be called any more. */
void geo_places_finish(struct geo_places *places);
