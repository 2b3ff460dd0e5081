/* trie_find_plain.c - lookup for any processor. */
#include "geo/trie_find.h"

static geo_trie_cell find4_plain(const struct geo_trie *trie, uint32_t address)
{
    return find4(trie, address);
}

static geo_trie_cell find6_plain(const struct geo_trie *trie, geo_pos address)
{
    return find6(trie, address);
}

const struct geo_trie_finders geo_trie_finders_plain = { find4_plain, find6_plain };
