/* desks.h - one desk and one bank of counters for each thread of the DNS workers.
 *
 * Owner: serve; workers and control borrow them. */
#pragma once

#include <stddef.h>

#include <waymark/why.h>

struct dns_desk;
struct dns_rates;
struct world_hub;

struct desks {
    struct dns_desk **all;
    size_t n;
    struct dns_rates *rates; /* of all of them */
};

/* The banks count for the hub from its next world on. 0, or -errno with `why`. */
int desks_init(struct desks *d, size_t n, struct world_hub *hub, char why[static WHY_LEN]);
void desks_fini(struct desks *d);
