/* zone_file.h - master files on the disk, and which of them one may include.
 *
 * Threads: any; blocks on the disk. Owner: the caller frees the text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <waymark/file.h>
#include <waymark/why.h>

#define ZONE_FILE_MAX ((size_t)1 << 30) /* octets; with all it includes */

/* At most `max` octets, and not none. 0, or -errno with `why`, which does not name the file. */
int zone_file_read(const char *path, size_t max, struct file_text *out, char why[static WHY_LEN]);

/* "zones/a.zone" and "hosts.inc" give "zones/hosts.inc". False when `relative` could lead out of
 * the folder, is empty or makes too long a path. */
bool zone_file_beside(const char *file, const char *relative, size_t len, char *out, size_t cap);
