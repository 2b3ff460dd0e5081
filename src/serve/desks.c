/* desks.c - made on main before the first world is loaded, freed after the last worker ended. */
#include "desks.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/counters.h>
#include <waymark/dns.h>
#include <waymark/rng.h>
#include <waymark/world.h>

enum { CACHE_LINE = 64 };

/* On cache lines of its own: workers never slow each other down. */
static struct dns_desk *desk_new(void)
{
    size_t size = (sizeof(struct dns_desk) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct dns_desk *desk = aligned_alloc(CACHE_LINE, size);
    uint64_t seed;

    if (desk == NULL)
        return NULL;
    memset(desk, 0, size);
    desk->bank = counter_bank_new();
    if (desk->bank == NULL || rng_secret(&seed, sizeof seed) != 0) {
        counter_bank_free(desk->bank);
        free(desk);
        return NULL;
    }
    rng_seed(&desk->rng, seed);
    return desk;
}

int desks_init(struct desks *d, size_t n, char why[static WHY_LEN])
{
    *d = (struct desks){ .all = calloc(n, sizeof *d->all) };
    d->rates = dns_rates_new();
    if (d->all == NULL || d->rates == NULL)
        goto fail;
    for (; d->n < n; d->n++) {
        d->all[d->n] = desk_new();
        if (d->all[d->n] == NULL)
            goto fail;
        d->all[d->n]->rates = d->rates;
    }
    return 0;
fail:
    desks_fini(d);
    return why_set(why, -ENOMEM, "no memory for the counters of %zu threads", n);
}

void desks_fini(struct desks *d)
{
    for (size_t i = 0; i < d->n; i++) {
        counter_bank_free(d->all[i]->bank);
        free(d->all[i]);
    }
    free(d->all);
    dns_rates_free(d->rates);
    *d = (struct desks){ 0 };
}
