/* desks.h - one desk and one bank of counters for each thread of the DNS workers.
 *
 * Owner: serve; workers and control borrow them. */
#pragma once

#include <stddef.h>

#include <waymark/why.h>

struct dns_desk;
struct dns_rates;

struct desks {
    struct dns_desk **all;
    size_t n;
    struct dns_rates *rates; /* of all of them */
};

/* 0, or -errno with `why`. */
int desks_init(struct desks *d, size_t n, char why[static WHY_LEN]);
void desks_fini(struct desks *d);
