/* trie_find_plain.c - lookup for any processor. */
#include "geo/trie_find.h"

const struct geo_trie_finders *geo_trie_finders_plain(void)
{
    return &finders_here;
}
