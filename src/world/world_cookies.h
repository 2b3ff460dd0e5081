/* world_cookies.h - the secrets of server cookies. */
#pragma once

#include <stddef.h>

#include <waymark/world.h>

struct report;

/* From the file's text: a secret a line, the first makes cookies. Errors are in the report. */
void world_cookies_parse(const char *path, const char *text, size_t len, struct world_cookies *out,
                         struct report *report);

/* From the file; without one (a check, an explanation offline) a random secret. A file that cannot
 * be read or holds anything else is an error in the report. */
void world_cookies_read(const char *path, struct world_cookies *out, struct report *report);
