/* huge.h - large tables on large pages.
 *
 * The kernel then clears two megabytes at once instead of stopping the writer at every four
 * kilobytes, and a reader who goes anywhere does not miss the processor's short list of pages.
 * Where the kernel cannot or may not, nothing is lost.
 *
 * Threads: any. */
#pragma once

#include <stddef.h>

enum { GEO_HUGE_PAGE = 2 << 20 };

/* As malloc, on a huge page's border where there is one to fill. */
void *geo_huge_alloc(size_t size);
/* Asks for huge pages where they fit in whole. */
void geo_huge_advise(void *memory, size_t size);
