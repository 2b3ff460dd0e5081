/* zone_word.h - words of a record that are no names: numbers, times, classes.
 *
 * Threads: pure. Source: RFC 1035 5.1, RFC 3597 5; units of time as BIND writes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone/zone_lex.h"

/* Digits only, up to `max`. */
bool zone_number_read(const struct zone_token *token, uint64_t max, uint64_t *out);
/* "3600" or "1h30m", in seconds, at most UINT32_MAX + 1; false when it is neither. */
bool zone_period_read(const struct zone_token *token, uint64_t *out);
/* The class, 0 when it is none. */
uint16_t zone_class_read(const struct zone_token *token);
/* "TYPE65280" for the prefix "TYPE"; 0 when it is not that. */
uint16_t zone_generic_number(const struct zone_token *token, const char *prefix);
/* As a string; false when it is quoted, empty or does not fit. */
bool zone_word_copy(const struct zone_token *token, char *out, size_t cap);
