/* file_stamp.c - takes and compares what the disk says of a file. Runs in whichever thread loads.
 */
#include <waymark/file.h>

#include <sys/stat.h>

enum { AT_REST_MS = 2000 }; /* the coarsest clock of a file system in use */

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void file_stamp_take(struct file_stamp *stamp, const char *path, const struct file_text *file)
{
    *stamp = (struct file_stamp){ .path = path,
                                  .dev = file->dev,
                                  .ino = file->ino,
                                  .size = file->len,
                                  .modified = file->modified,
                                  .changed = file->changed };
}

void file_stamp_look(struct file_stamp *stamp, const char *path)
{
    struct stat st;

    *stamp = (struct file_stamp){ .path = NULL };
    if (stat(path, &st) == 0)
        *stamp = (struct file_stamp){ .path = path,
                                      .dev = st.st_dev,
                                      .ino = st.st_ino,
                                      .size = (uint64_t)st.st_size,
                                      .modified = st.st_mtim,
                                      .changed = st.st_ctim };
}

bool file_stamp_is_firm(const struct file_stamp *stamp, int64_t now_ms)
{
    int64_t changed_ms = (int64_t)stamp->changed.tv_sec * 1000 + stamp->changed.tv_nsec / 1000000;

    return stamp->path != NULL && changed_ms + AT_REST_MS < now_ms;
}

bool file_stamp_holds(const struct file_stamp *stamp)
{
    struct file_stamp now;

    if (stamp->path == NULL)
        return false;
    file_stamp_look(&now, stamp->path);
    /* The change time tells of what keeps size and modification time: cp -p, an archive's. */
    return now.path != NULL && now.dev == stamp->dev && now.ino == stamp->ino &&
           now.size == stamp->size && is_same_time(&now.modified, &stamp->modified) &&
           is_same_time(&now.changed, &stamp->changed);
}
