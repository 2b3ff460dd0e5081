/* zone_file.c - reads a whole file, bounded. What is in it is for zone_text.c. */
#include "zone/zone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(int fd, size_t max, struct stat *st, char why[static WHY_LEN])
{
    if (fstat(fd, st) < 0)
        return why_set(why, -errno, "cannot be read: %s", strerror(errno));
    if (S_ISDIR(st->st_mode))
        return why_set(why, -EISDIR, "is a folder; a master file is expected");
    if (!S_ISREG(st->st_mode))
        return why_set(why, -EINVAL, "is not a regular file");
    if (st->st_size == 0)
        return why_set(why, -EINVAL, "is empty");
    if ((uintmax_t)st->st_size > max)
        return why_set(why, -EFBIG, "is too large: a zone may have %zu octets, includes and all",
                       ZONE_FILE_MAX);
    return 0;
}

/* As much as is there, up to `len`: the file may shrink meanwhile. */
static ssize_t read_all(int fd, char *to, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, to + got, len - got);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            got += (size_t)n;
    }
    return (ssize_t)got;
}

int zone_file_read(const char *path, size_t max, struct zone_file *out, char why[static WHY_LEN])
{
    struct stat st;
    char *text = NULL;
    ssize_t len;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return why_set(why, -errno, "cannot be opened: %s", strerror(errno));
    int err = check(fd, max, &st, why);
    if (err != 0)
        goto fail;
    text = malloc((size_t)st.st_size);
    if (text == NULL) {
        err = why_set(why, -ENOMEM, "out of memory");
        goto fail;
    }
    len = read_all(fd, text, (size_t)st.st_size);
    if (len < 0) {
        err = why_set(why, (int)len, "cannot be read: %s", strerror((int)-len));
        goto fail;
    }
    close(fd);
    *out =
        (struct zone_file){ .text = text, .len = (size_t)len, .dev = st.st_dev, .ino = st.st_ino };
    return 0;
fail:
    free(text);
    close(fd);
    return err;
}

void zone_file_free(struct zone_file *file)
{
    free(file->text);
    *file = (struct zone_file){ 0 };
}

/* "..", as a whole part of the path? */
static bool climbs(const char *path, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *slash = memchr(path + at, '/', len - at);
        size_t part = slash == NULL ? len - at : (size_t)(slash - path) - at;
        if (part == 2 && path[at] == '.' && path[at + 1] == '.')
            return true;
        at += part + 1;
    }
    return false;
}

bool zone_file_beside(const char *file, const char *relative, size_t len, char *out, size_t cap)
{
    const char *slash = strrchr(file, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - file) + 1;

    if (len == 0 || *relative == '/' || climbs(relative, len) ||
        memchr(relative, '\0', len) != NULL || folder + len >= cap)
        return false;
    memcpy(out, file, folder);
    memcpy(out + folder, relative, len);
    out[folder + len] = '\0';
    return true;
}
