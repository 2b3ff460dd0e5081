/* arena.h - many small allocations with one end.
 *
 * Threads: one owner. Owner: whoever calls arena_new frees it, and with it everything in it.
 * Memory is not zeroed unless the function says so. Used while loading; the answer path never
 * allocates. */
#pragma once

#include <stddef.h>

struct arena;

struct arena *arena_new(void);        /* NULL: out of memory */
void arena_free(struct arena *arena); /* NULL is fine */

/* NULL: out of memory. `align` is a power of two. */
void *arena_alloc(struct arena *arena, size_t size, size_t align);
void *arena_zero(struct arena *arena, size_t count, size_t size); /* zeroed, aligned for any type */
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_text(struct arena *arena, const char *text);

size_t arena_bytes(const struct arena *arena); /* taken from the system */
