/* trie_find_any.c - where the compiler's own way to count bits is the best there is. */
#include "geo/trie.h"

const struct geo_trie_finders *geo_trie_finders_best(void)
{
    return geo_trie_finders_plain();
}
