/* edge_times.c - times in buckets, four to each doubling: how they are counted and read. Pure. */
#include "edge_times.h"

#include <assert.h>

#include <waymark/counters.h>

static size_t bucket_of(uint64_t us)
{
    if (us < 4)
        return (size_t)us;
    unsigned log2 = 63 - (unsigned)__builtin_clzll(us);
    size_t bucket = (log2 - 1) * 4 + (us >> (log2 - 2) & 3);
    return bucket < EDGE_TIME_BUCKETS ? bucket : EDGE_TIME_BUCKETS - 1;
}

/* The longest time that falls into it. */
static uint64_t longest_us(size_t bucket)
{
    assert(bucket < EDGE_TIME_BUCKETS);
    if (bucket < 4)
        return bucket;
    unsigned log2 = (unsigned)(bucket / 4) + 1;
    return ((4 + (bucket & 3) + 1) << (log2 - 2)) - 1;
}

void edge_times_add(struct edge_times *times, uint64_t us)
{
    counter_bump(&times->n, 1);
    counter_bump(&times->sum_us, us);
    counter_bump(&times->buckets[bucket_of(us)], 1);
}

uint64_t edge_times_quantile_us(const struct edge_times *times, unsigned per_mille)
{
    uint64_t total = 0, seen = 0;

    for (size_t i = 0; i < EDGE_TIME_BUCKETS; i++)
        total += times->buckets[i];
    if (total == 0)
        return 0;
    uint64_t wanted = (total * per_mille + 999) / 1000;
    for (size_t i = 0; i < EDGE_TIME_BUCKETS; i++) {
        seen += times->buckets[i];
        if (seen >= wanted && seen > 0)
            return longest_us(i);
    }
    return longest_us(EDGE_TIME_BUCKETS - 1);
}
