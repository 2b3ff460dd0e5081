/* escape.h - foreign octets in a sentence, so that a terminal, a journal and JSON can take them.
 *
 * Threads: any; pure. Whoever quotes a file need not think of it: why_set, report_add and log_line
 * escape what they put together. */
#pragma once

#include <stddef.h>

enum { ESCAPE_CHAR_MAX = 4 }; /* octets of the longest character */

/* Octets of the UTF-8 character (RFC 3629) that `text` begins with; 0: it is none, or a control
 * character (C0, DEL, C1), or `len`, the octets that are there, cuts it. */
size_t escape_char_len(const char *text, size_t len);

/* Copies `text`, writing each octet that belongs to no such character as \xHH; what is clean stays as
 * it is, so that once more does no harm. Ends at the last character, or escape, that fits into
 * `size`, which is not 0. Returns how many octets of `text` that took. */
size_t escape_text(char *out, size_t size, const char *text);
