/* dns_rates.c - a table of leaky buckets of fixed size. Any thread; no lock; the clock is an
 * argument. Whom it concerns, and what is done about it, is for dns_guard.c. */
#include "dns_rates.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/siphash.h>

enum {
    LINE_CELLS = 8,   /* one cache line */
    LINES = 1 << 14,  /* 1 MiB, touched where it is used */
    PAID_BITS = 40,   /* microseconds, 12 days around */
    SLIP_BITS = 4,
    TAG_BITS = 20
};

static_assert(PAID_BITS + SLIP_BITS + TAG_BITS == 64, "a cell is one word");

struct line {
    _Alignas(64) _Atomic uint64_t cells[LINE_CELLS];
};

struct dns_rates {
    struct siphash_key key; /* nobody chooses whom he shares a cell with */
    struct line lines[LINES];
};

/* A cell apart. Tag 0: empty. */
struct bucket {
    uint32_t tag;
    uint32_t n_over; /* since the last slip */
    int64_t owed_us; /* until it has paid; negative: it has */
};

struct dns_rates *dns_rates_new(void)
{
    uint8_t octets[SIPHASH_KEY_LEN];
    struct dns_rates *r = aligned_alloc(_Alignof(struct dns_rates), sizeof *r);

    if (r == NULL || rng_secret(octets, sizeof octets) != 0) {
        free(r);
        return NULL;
    }
    memset(r, 0, sizeof *r);
    siphash_key_init(&r->key, octets);
    return r;
}

void dns_rates_free(struct dns_rates *rates)
{
    free(rates);
}

static uint64_t paid_mask(void)
{
    return (1ull << PAID_BITS) - 1;
}

/* The moments are counted around: the difference says which comes first. */
static struct bucket unpack(uint64_t cell, int64_t now_us)
{
    int64_t shifted = (int64_t)(((cell & paid_mask()) - (uint64_t)now_us) << (64 - PAID_BITS));

    return (struct bucket){ .tag = (uint32_t)(cell >> (PAID_BITS + SLIP_BITS)),
                            .n_over = cell >> PAID_BITS & ((1u << SLIP_BITS) - 1),
                            .owed_us = shifted / (1ll << (64 - PAID_BITS)) };
}

static uint64_t pack(const struct bucket *b, int64_t now_us)
{
    return (uint64_t)b->tag << (PAID_BITS + SLIP_BITS) | (uint64_t)b->n_over << PAID_BITS |
           ((uint64_t)(now_us + b->owed_us) & paid_mask());
}

/* Takes one answer from the bucket. */
static enum dns_rate_verdict take(struct bucket *b, const struct dns_rate *rate)
{
    int64_t cost_us = 1000000 / rate->per_s, most_us = (int64_t)rate->burst_s * 1000000;

    if (cost_us == 0)
        cost_us = 1;
    if (b->owed_us < 0 || b->owed_us > most_us) /* more than anyone can owe: the clock jumped */
        b->owed_us = 0;
    if (b->owed_us + cost_us <= most_us) {
        b->owed_us += cost_us;
        b->n_over = 0;
        return DNS_RATE_PASS;
    }
    if (rate->slip == 0 || ++b->n_over < rate->slip)
        return DNS_RATE_DROP;
    b->n_over = 0;
    return DNS_RATE_SLIP;
}

/* The network's cell, or the one that gives way to it. */
static size_t find(struct line *line, uint32_t tag, int64_t now_us, uint64_t *cell)
{
    size_t quietest = 0;
    int64_t least_us = INT64_MAX;

    for (size_t i = 0; i < LINE_CELLS; i++) {
        uint64_t c = atomic_load_explicit(&line->cells[i], memory_order_relaxed);
        struct bucket b = unpack(c, now_us);
        if (b.tag == tag) {
            *cell = c;
            return i;
        }
        int64_t owed_us = b.tag == 0 ? INT64_MIN : b.owed_us;
        if (owed_us < least_us) {
            least_us = owed_us;
            quietest = i;
            *cell = c;
        }
    }
    return quietest;
}

enum dns_rate_verdict dns_rates_take(struct dns_rates *rates, const struct addr *network,
                                     unsigned kind, const struct dns_rate *rate, int64_t now_ms)
{
    uint8_t octets[18];
    int64_t now_us = now_ms * 1000;

    octets[0] = (uint8_t)kind;
    octets[1] = network->family;
    memcpy(octets + 2, network->octets, sizeof network->octets);
    uint64_t hash = siphash(&rates->key, octets, sizeof octets);
    struct line *line = &rates->lines[hash % LINES];
    uint32_t tag = (uint32_t)(hash >> (64 - TAG_BITS)) | 1; /* never 0 */

    for (;;) {
        uint64_t cell;
        size_t i = find(line, tag, now_us, &cell);
        struct bucket b = unpack(cell, now_us);
        if (b.tag != tag)
            b = (struct bucket){ .tag = tag };
        enum dns_rate_verdict verdict = take(&b, rate);
        uint64_t next = pack(&b, now_us);
        if (next == cell || /* under attack most are: the line stays everybody's */
            atomic_compare_exchange_weak_explicit(&line->cells[i], &cell, next,
                                                  memory_order_relaxed, memory_order_relaxed))
            return verdict;
    }
}
