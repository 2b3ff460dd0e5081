/* zone_file.h - a master file's octets, from a disk that may hold anything.
 *
 * Threads: any; blocks on the disk, never on a FIFO or a terminal. Owner: the caller frees the
 * text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <waymark/why.h>

#define ZONE_FILE_MAX ((size_t)1 << 30) /* octets; with all it includes */

struct zone_file {
    char *text;
    size_t len;
    dev_t dev; /* who it is, to notice a file that includes itself */
    ino_t ino;
};

/* At most `max` octets. 0, or -errno with `why`, which does not name the file. */
int zone_file_read(const char *path, size_t max, struct zone_file *out, char why[static WHY_LEN]);
void zone_file_free(struct zone_file *file); /* a zeroed one is fine */

/* "zones/a.zone" and "hosts.inc" give "zones/hosts.inc". False when `relative` could lead out of
 * the folder, is empty or makes too long a path. */
bool zone_file_beside(const char *file, const char *relative, size_t len, char *out, size_t cap);
