/* list.h - room in lists that grow.
 *
 * Threads: one owner. Owner: whoever holds the list frees it with free(3). */
#pragma once

#include <stddef.h>

/* The list with room for `more` elements of `size` octets behind its first `n`: where it lies now,
 * never NULL for nothing. `cap` counts the elements that it has room for; it doubles at least. NULL:
 * out of memory, and the list stays as it was. */
void *list_reserve(void *list, size_t *cap, size_t n, size_t more, size_t size);
