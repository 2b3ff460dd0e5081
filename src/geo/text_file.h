/* text_file.h - the operator's line-by-line files: read whole, within limits, cut into lines.
 *
 * Threads: any. Owner: whoever opens it closes it; lines live as long as the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct report;

enum { GEO_LINE_MAX = 4096, GEO_TEXT_MAX = 1 << 30 };

struct geo_text_file {
    char *text; /* lines NUL-terminated by geo_text_line, as they are handed out */
    size_t size, at;
    int line; /* of the line handed out last, counted from 1 */
};

/* false: the report says why. */
bool geo_text_open(const char *path, struct geo_text_file *out, struct report *report);
/* The same from memory, which is copied. */
bool geo_text_from(const char *path, const char *text, size_t size, struct geo_text_file *out,
                   struct report *report);
void geo_text_close(struct geo_text_file *file);

/* The next line without its end, comment (from "#", outside quotes) or outer blanks; blank lines
 * are passed over. NULL: no more. Lines that are too long or not clean UTF-8 go to the report. */
char *geo_text_line(struct geo_text_file *file, const char *path, struct report *report);
