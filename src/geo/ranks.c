/* ranks.c - offsets by number. Pure. */
#include "geo/ranks.h"

#include <stdlib.h>

bool geo_ranks_init(struct geo_ranks *ranks, uint32_t end)
{
    ranks->n_words = (size_t)end / 64 + 1;
    ranks->words = calloc(ranks->n_words, sizeof *ranks->words);
    return ranks->words != NULL;
}

void geo_ranks_fini(struct geo_ranks *ranks)
{
    free(ranks->words);
    ranks->words = NULL;
}

size_t geo_ranks_count(struct geo_ranks *ranks)
{
    uint64_t n = 0;

    for (size_t i = 0; i < ranks->n_words; i++) {
        ranks->words[i].before = n;
        n += geo_ranks_bits(ranks->words[i].set);
    }
    return (size_t)n;
}

size_t geo_ranks_next(const struct geo_ranks *ranks, uint64_t *from, uint32_t *out, size_t max)
{
    size_t n = 0;

    for (uint64_t i = *from / 64; i < ranks->n_words && n < max; *from = ++i * 64) {
        uint64_t rest = ranks->words[i].set & ~(((uint64_t)1 << *from % 64) - 1);
        for (; rest != 0; rest &= rest - 1) {
            uint64_t offset = i * 64 + (uint64_t)__builtin_ctzll(rest);
            if (n == max) {
                *from = offset;
                return n;
            }
            out[n++] = (uint32_t)offset;
        }
    }
    return n;
}
