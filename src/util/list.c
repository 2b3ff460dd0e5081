/* list.c - one way to grow a list. */
#include <waymark/list.h>

#include <assert.h>
#include <stdlib.h>

enum { LIST_FIRST = 64 };

void *list_reserve(void *list, size_t *cap, size_t n, size_t more, size_t size)
{
    size_t wanted = *cap < LIST_FIRST / 2 ? LIST_FIRST : *cap * 2;
    size_t need, octets;

    assert(n <= *cap);
    if (list != NULL && more <= *cap - n)
        return list;
    if (__builtin_add_overflow(n, more, &need))
        return NULL;
    if (wanted < need)
        wanted = need;
    if (__builtin_mul_overflow(wanted, size, &octets))
        return NULL;
    void *grown = realloc(list, octets);
    if (grown != NULL)
        *cap = wanted;
    return grown;
}
