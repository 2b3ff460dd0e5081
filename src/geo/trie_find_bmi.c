/* trie_find_bmi.c - lookup for x86-64 processors with POPCNT, BMI1 and BMI2 (all since 2013). The
 * compiler gets the flags for this file alone. */
#include "geo/trie_find.h"

const struct geo_trie_finders *geo_trie_finders_best(void)
{
    bool has_all = __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
                   __builtin_cpu_supports("bmi2");

    return has_all ? &finders_here : geo_trie_finders_plain();
}
