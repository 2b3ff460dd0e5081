/* file.h - the operator's files, from a disk that may hold anything.
 *
 * Threads: any; blocks on the disk, never on a FIFO or a terminal.
 * Sentences are clauses that do not name the file: "cannot be opened: ...". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <waymark/why.h>

/* A regular file of at most `max` octets, to be closed by the caller. 0, or -errno with `why`:
 * -EFBIG when it is larger. */
int file_open(const char *path, size_t max, int *fd, struct stat *st, char why[static WHY_LEN]);

/* What to say when less came than there was. -EAGAIN with `why`. */
int file_shrank(char why[static WHY_LEN]);

struct file_text {
    char *text; /* with a NUL behind it */
    size_t len;
    dev_t dev; /* who it is, to notice a file that includes itself */
    ino_t ino;
    struct timespec modified, changed; /* when it was opened */
};

/* All of it. 0, or -errno with `why`, as file_open. */
int file_read(const char *path, size_t max, struct file_text *out, char why[static WHY_LEN]);
void file_text_free(struct file_text *file); /* a zeroed one is fine */

/* Which state of a file was read, so that a reload leaves what is unchanged alone. The text of `path`
 * belongs to whoever keeps the stamp. */
struct file_stamp {
    const char *path; /* NULL: of no file, and never trusted */
    dev_t dev;
    ino_t ino;
    uint64_t size;
    struct timespec modified, changed;
};

void file_stamp_take(struct file_stamp *stamp, const char *path, const struct file_text *file);
/* The same before the file is opened by other means; of no file when it is not there. */
void file_stamp_look(struct file_stamp *stamp, const char *path);

/* Was the file at rest when it was read? A file system's clock is coarse: what changed just before
 * may change again and look the same. `now_ms` is a wall clock's, from before the reading. */
bool file_stamp_is_firm(const struct file_stamp *stamp, int64_t now_ms);

/* Is the file on the disk the one that was read? Blocks for one stat. */
bool file_stamp_holds(const struct file_stamp *stamp);
