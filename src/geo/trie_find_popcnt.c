/* trie_find_popcnt.c - lookup for x86-64 processors with POPCNT (all since 2008). The compiler gets
 * the flag for this file alone. */
#include "geo/trie_find.h"

static geo_trie_cell find4_popcnt(const struct geo_trie *trie, uint32_t address)
{
    return find4(trie, address);
}

static geo_trie_cell find6_popcnt(const struct geo_trie *trie, geo_pos address)
{
    return find6(trie, address);
}

struct geo_trie_finders geo_trie_finders_best(void)
{
    if (__builtin_cpu_supports("popcnt"))
        return (struct geo_trie_finders){ find4_popcnt, find6_popcnt };
    return geo_trie_finders_plain;
}
