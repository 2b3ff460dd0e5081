/* totals.c - the sums over all desks, and how fast they grow. Main thread; the desks' own threads
 * write on meanwhile, a cell at a time. */
#include "totals.h"

#include <assert.h>
#include <string.h>

enum { N_CELLS = sizeof(struct dns_counts) / sizeof(uint64_t) };

static_assert(sizeof(struct dns_counts) == N_CELLS * sizeof(uint64_t),
              "dns_counts is nothing but 64-bit cells");

void totals_counts(const struct control_hooks *hooks, struct dns_counts *out)
{
    memset(out, 0, sizeof *out);
    for (size_t d = 0; d < hooks->n_desks; d++)
        counter_sum((uint64_t *)out, (const uint64_t *)&hooks->desks[d]->counts, N_CELLS);
}

uint64_t totals_slot(const struct control_hooks *hooks, uint32_t slot)
{
    uint64_t sum = 0;

    for (size_t d = 0; d < hooks->n_desks; d++)
        if (hooks->desks[d]->bank != NULL)
            sum += counter_read(hooks->desks[d]->bank, slot);
    return sum;
}

uint64_t totals_queries(const struct dns_counts *counts)
{
    uint64_t sum = 0;

    for (size_t t = 0; t < DNS_TRANSPORTS; t++)
        for (size_t i = 0; i < DNS_TYPES_COUNTED; i++)
            sum += counts->queries[t][i];
    return sum;
}

void rate_add(struct rate *rate, int64_t now_us, uint64_t total)
{
    memmove(rate->samples + 1, rate->samples, (RATE_SAMPLES - 1) * sizeof *rate->samples);
    rate->samples[0] = (struct rate_sample){ .at_us = now_us, .total = total };
    if (rate->n < RATE_SAMPLES)
        rate->n++;
}

double rate_now(const struct rate *rate, int64_t now_us, uint64_t total)
{
    if (rate->n == 0)
        return -1;
    const struct rate_sample *oldest = &rate->samples[rate->n - 1];
    if (now_us - oldest->at_us < 1000000 || total < oldest->total)
        return -1;
    return (double)(total - oldest->total) * 1e6 / (double)(now_us - oldest->at_us);
}
