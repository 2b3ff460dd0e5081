/* origin_files.h - an origin that is a directory of files.
 *
 * Types by suffix, ETag and Last-Modified from the file's time and size, /index.html for a path that
 * ends in '/'. Nothing outside the directory: no symbolic link is followed, no name begins with a dot.
 *
 * Threads: the edge's; opening and reading block as long as the disk does. */
#pragma once

#include "fetch.h"

/* Answers GET and HEAD, 405 to others. NULL: out of memory. */
struct fetch *origin_files_fetch(struct fetchers *all, const char *directory,
                                 const char *cache_control, const struct fetch_spec *spec);
