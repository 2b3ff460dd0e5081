/* ranks.h - a set of offsets, and each one's number in their order.
 *
 * A bit per octet of the data section, and with each 64 of them how many came before: a quarter of
 * what a map from offsets to numbers takes, and it is read in order.
 *
 * Threads: one owner. Home: the caller's storage; geo_ranks_fini frees what hangs on it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo_rank_word {
    uint64_t set;
    uint64_t before;
};

struct geo_ranks {
    struct geo_rank_word *words;
    size_t n_words;
};

bool geo_ranks_init(struct geo_ranks *ranks,
                    uint32_t end); /* offsets below `end`; false: no memory */
void geo_ranks_fini(struct geo_ranks *ranks);

static inline void geo_ranks_add(struct geo_ranks *ranks, uint32_t offset)
{
    ranks->words[offset / 64].set |= (uint64_t)1 << offset % 64;
}

/* Numbers what was added; returns how many there are. Nothing can be added any more. */
size_t geo_ranks_count(struct geo_ranks *ranks);

/* To be fetched ahead of geo_ranks_of. */
static inline const void *geo_ranks_at(const struct geo_ranks *ranks, uint32_t offset)
{
    return &ranks->words[offset / 64];
}

/* In plain arithmetic: without an instruction for it the compiler's own way is a call. */
static inline uint64_t geo_ranks_bits(uint64_t set)
{
    set -= set >> 1 & 0x5555555555555555u;
    set = (set & 0x3333333333333333u) + (set >> 2 & 0x3333333333333333u);
    set = (set + (set >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return set * 0x0101010101010101u >> 56;
}

/* The number of an offset that was added, from 0. */
static inline size_t geo_ranks_of(const struct geo_ranks *ranks, uint32_t offset)
{
    const struct geo_rank_word *w = &ranks->words[offset / 64];

    return w->before + geo_ranks_bits(w->set & (((uint64_t)1 << offset % 64) - 1));
}

/* The offsets from *from on, the lowest first; *from moves behind them. Returns how many, at most
 * `max`; 0: there are no more. */
size_t geo_ranks_next(const struct geo_ranks *ranks, uint64_t *from, uint32_t *out, size_t max);
