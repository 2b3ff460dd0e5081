/* huge.c - asks the kernel for large pages. Runs wherever a load runs. */
#include "geo/huge.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *geo_huge_alloc(size_t size)
{
    void *memory;

    if (size < GEO_HUGE_PAGE)
        return malloc(size);
    if (posix_memalign(&memory, GEO_HUGE_PAGE, size) != 0)
        return NULL;
    geo_huge_advise(memory, size);
    return memory;
}

void geo_huge_advise(void *memory, size_t size)
{
    uintptr_t from = ((uintptr_t)memory + GEO_HUGE_PAGE - 1) / GEO_HUGE_PAGE * GEO_HUGE_PAGE;
    uintptr_t to = ((uintptr_t)memory + size) / GEO_HUGE_PAGE * GEO_HUGE_PAGE;

    if (from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* slower without, no more */
}
