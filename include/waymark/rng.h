/* rng.h - chance as an argument: xoshiro256** (Blackman, Vigna 2018), one per thread.
 * Not for secrets; those come from rng_secret. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed); /* the same seed, the same sequence */
uint64_t rng_next(struct rng *rng);
uint64_t rng_mix(uint64_t x); /* one number to another, by splitmix64's step */
double rng_unit(struct rng *rng); /* [0, 1) */

/* From the kernel's generator. 0 or -errno. */
int rng_secret(void *out, size_t len);
