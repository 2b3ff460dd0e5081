/* snapshot.h - a file as it was at one moment.
 *
 * A database is read through a mapping, and a mapping of a file that somebody truncates kills the
 * reader. So it is copied into anonymous memory first, and the copy is what the reader maps.
 *
 * Threads: any. Owner: whoever opens it closes it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/why.h>

enum { GEO_SNAPSHOT_PATH_LEN = 32 };

struct geo_snapshot {
    int fd;
    size_t size;
    const uint8_t *data;              /* mapped, read-only */
    char path[GEO_SNAPSHOT_PATH_LEN]; /* by which it can be opened once more */
};

/* 0, or -errno with `why`, which does not name the file; -ENODATA: it is empty. */
int geo_snapshot_open(const char *path, struct geo_snapshot *out, char why[static WHY_LEN]);
/* The same from memory, for tests and fuzzers. */
int geo_snapshot_from(const void *data, size_t size, struct geo_snapshot *out,
                      char why[static WHY_LEN]);
void geo_snapshot_close(struct geo_snapshot *snapshot); /* one that was never opened is fine */
