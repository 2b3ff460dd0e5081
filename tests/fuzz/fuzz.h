/* fuzz.h - what every fuzz target defines: one function that takes any bytes and says so loudly
 * (an assert, a sanitizer) when what it called did not behave. Kept by libFuzzer and by replay.c. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
