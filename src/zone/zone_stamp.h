/* zone_stamp.h - which state of a file was read, so that a reload leaves what is unchanged alone.
 *
 * Threads: any. Owner: the text of `path` belongs to whoever keeps the stamp. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct file_text;

struct zone_stamp {
    const char *path; /* NULL: of no file, and never trusted */
    dev_t dev;
    ino_t ino;
    uint64_t size;
    struct timespec modified, changed;
};

void zone_stamp_take(struct zone_stamp *stamp, const char *path, const struct file_text *file);

/* Was the file at rest when it was read? A file system's clock is coarse: what changed just before
 * may change again and look the same. `now_ms` is a wall clock's, from before the reading. */
bool zone_stamp_is_firm(const struct zone_stamp *stamp, int64_t now_ms);

/* Is the file on the disk the one that was read? Blocks for one stat. */
bool zone_stamp_holds(const struct zone_stamp *stamp);
