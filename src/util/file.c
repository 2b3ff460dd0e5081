/* file.c - opens what is a file, and reads it whole. What is in it is for others. */
#include <waymark/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check(int fd, size_t max, struct stat *st, char why[static WHY_LEN])
{
    if (fstat(fd, st) < 0)
        return why_set(why, -errno, "cannot be read: %s", strerror(errno));
    if (S_ISDIR(st->st_mode))
        return why_set(why, -EISDIR, "is a folder, not a file");
    if (!S_ISREG(st->st_mode))
        return why_set(why, -EINVAL, "is not a regular file");
    if ((uintmax_t)st->st_size > max)
        return why_set(why, -EFBIG, "is too large: at most %zu octets are taken", max);
    return 0;
}

int file_shrank(char why[static WHY_LEN])
{
    return why_set(why, -EAGAIN, "became shorter while it was read: is it being replaced? Write a "
                                 "new file and rename it");
}

int file_open(const char *path, size_t max, int *out, struct stat *st, char why[static WHY_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return why_set(why, -errno, "cannot be opened: %s", strerror(errno));
    int err = check(fd, max, st, why);
    if (err != 0)
        close(fd);
    else
        *out = fd;
    return err;
}

static int read_all(int fd, char *to, size_t len, char why[static WHY_LEN])
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, to + got, len - got);
        if (n < 0 && errno != EINTR)
            return why_set(why, -errno, "cannot be read: %s", strerror(errno));
        if (n == 0)
            return file_shrank(why);
        got += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int file_read(const char *path, size_t max, struct file_text *out, char why[static WHY_LEN])
{
    struct stat st = { 0 };
    int fd = -1;
    int err = file_open(path, max, &fd, &st, why);

    if (err != 0)
        return err;
    struct file_text file = { .len = (size_t)st.st_size,
                              .dev = st.st_dev,
                              .ino = st.st_ino,
                              .modified = st.st_mtim,
                              .changed = st.st_ctim };
    file.text = calloc(1, file.len + 1);
    if (file.text == NULL)
        err = why_set(why, -ENOMEM, "out of memory");
    else
        err = read_all(fd, file.text, file.len, why);
    close(fd);
    if (err != 0)
        file_text_free(&file);
    else
        *out = file;
    return err;
}

void file_text_free(struct file_text *file)
{
    free(file->text);
    *file = (struct file_text){ 0 };
}
