/* steer_log.h - logarithms that come out the same on every machine. Pure. */
#pragma once

#include <stdint.h>

/* -log2((x + 1/2) / 2^64), in steps of 2^-32: from 0 to 65 x 2^32, less than 2^39. */
uint64_t steer_minus_log2(uint64_t x);
