/* file.h - the operator's files, from a disk that may hold anything.
 *
 * Threads: any; blocks on the disk, never on a FIFO or a terminal.
 * Sentences are clauses that do not name the file: "cannot be opened: ...". */
#pragma once

#include <stddef.h>
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
