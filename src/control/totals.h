/* totals.h - the sums over all desks, and how fast they grow. Main thread. */
#pragma once

#include <stdint.h>

#include <waymark/control.h>
#include <waymark/dns.h>

/* Every desk's counts added up. */
void totals_counts(const struct control_hooks *hooks, struct dns_counts *out);
/* One slot of every desk's bank. */
uint64_t totals_slot(const struct control_hooks *hooks, uint32_t slot);
uint64_t totals_queries(const struct dns_counts *counts);

/* The last minute, a sample every ten seconds. */
enum { RATE_SAMPLES = 7, RATE_EVERY_S = 10 };

struct rate {
    struct rate_sample {
        int64_t at_us;
        uint64_t total;
    } samples[RATE_SAMPLES]; /* newest first */
    int n;
};

void rate_add(struct rate *rate, int64_t now_us, uint64_t total);
/* Per second, since the oldest sample; negative when it is too early to say. */
double rate_now(const struct rate *rate, int64_t now_us, uint64_t total);
