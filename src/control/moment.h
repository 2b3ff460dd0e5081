/* moment.h - points in time and stretches of it, as people write and read them. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MOMENT_TEXT_LEN = 32, SPAN_TEXT_LEN = 32 };

/* RFC 3339 ("2026-03-01T12:00:00Z", with a fraction, with an offset), or seconds since 1970. Years
 * 1970 to 9999. */
bool moment_parse(const char *text, int64_t *wall_ms);

/* "2026-03-01 12:00:00Z". Returns `out`. */
const char *moment_format(int64_t wall_ms, char out[static MOMENT_TEXT_LEN]);

/* How long, in two units at most: "850 ms", "42 s", "3 min 20 s", "5 h 03 min", "12 d 4 h". */
const char *span_format(int64_t ms, char out[static SPAN_TEXT_LEN]);
