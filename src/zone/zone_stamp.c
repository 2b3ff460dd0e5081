/* zone_stamp.c - takes and compares what the disk says of a file. Runs in whichever thread loads. */
#include "zone/zone_stamp.h"

#include <sys/stat.h>

#include <waymark/file.h>

enum { AT_REST_MS = 2000 }; /* the coarsest clock of a file system in use */

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void zone_stamp_take(struct zone_stamp *stamp, const char *path, const struct file_text *file)
{
    *stamp = (struct zone_stamp){ .path = path,
                                  .dev = file->dev,
                                  .ino = file->ino,
                                  .size = file->len,
                                  .modified = file->modified,
                                  .changed = file->changed };
}

bool zone_stamp_is_firm(const struct zone_stamp *stamp, int64_t now_ms)
{
    int64_t changed_ms = (int64_t)stamp->changed.tv_sec * 1000 + stamp->changed.tv_nsec / 1000000;

    return stamp->path != NULL && changed_ms + AT_REST_MS < now_ms;
}

bool zone_stamp_holds(const struct zone_stamp *stamp)
{
    struct stat st;

    /* The change time tells of what keeps size and modification time: cp -p, an archive's. */
    return stamp->path != NULL && stat(stamp->path, &st) == 0 && st.st_dev == stamp->dev &&
           st.st_ino == stamp->ino && (uint64_t)st.st_size == stamp->size &&
           is_same_time(&st.st_mtim, &stamp->modified) &&
           is_same_time(&st.st_ctim, &stamp->changed);
}
