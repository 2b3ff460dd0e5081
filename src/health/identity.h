/* identity.h - is this still the same thing, probed the same way?
 *
 * Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/conf.h>

/* Everything on which a verdict of address `address` of the target depends, as a text to compare:
 * name, address, where it is probed, every parameter of the check. The caller frees it. NULL: out
 * of memory. */
char *identity_new(const struct conf *conf, const struct conf_target *target, size_t address);

/* The same, short: health_fingerprint's value. */
uint64_t identity_hash(const char *identity);
