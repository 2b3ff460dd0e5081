/* snapshot.c - copies a file into a memfd. Runs wherever a load runs; blocks on the disk only. */
#include "geo/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <waymark/file.h>

/* Offsets into a database's data are 32 bits wide; nothing published comes near this. */
static const size_t size_max = (size_t)2 << 30;

void geo_snapshot_close(struct geo_snapshot *s)
{
    if (s->data != NULL)
        munmap((void *)s->data, s->size);
    if (s->fd > 0)
        close(s->fd);
    *s = (struct geo_snapshot){ .fd = -1 };
}

/* The memfd without content. Its number is never 0: `fd` 0 stands for "not opened". */
static int create(struct geo_snapshot *s, size_t size, char why[static WHY_LEN])
{
    *s = (struct geo_snapshot){ .size = size };
    s->fd = memfd_create("waymark-geo", MFD_CLOEXEC);
    if (s->fd == 0) {
        s->fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
        close(0);
    }
    if (s->fd < 0)
        return why_set(why, -errno, "no memory for a private copy: %s", strerror(errno));
    snprintf(s->path, sizeof s->path, "/proc/self/fd/%d", s->fd);
    if (access(s->path, F_OK) != 0)
        return why_set(why, -ENOENT, "databases are opened through /proc: mount it");
    return 0;
}

static int map(struct geo_snapshot *s, char why[static WHY_LEN])
{
    void *data = mmap(NULL, s->size, PROT_READ, MAP_SHARED, s->fd, 0);

    if (data == MAP_FAILED)
        return why_set(why, -errno, "cannot map the private copy: %s", strerror(errno));
    s->data = data;
    return 0;
}

static int copy(int from, struct geo_snapshot *s, char why[static WHY_LEN])
{
    size_t done = 0;

    while (done < s->size) {
        ssize_t n = sendfile(s->fd, from, NULL, s->size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return why_set(why, -errno, "cannot be read: %s", strerror(errno));
        if (n == 0)
            return file_shrank(why);
        done += (size_t)n;
    }
    return 0;
}

int geo_snapshot_open(const char *path, struct geo_snapshot *out, char why[static WHY_LEN])
{
    struct stat st;
    int fd;

    *out = (struct geo_snapshot){ .fd = -1 };
    int err = file_open(path, size_max, &fd, &st, why);
    if (err != 0)
        return err;
    if (st.st_size == 0)
        err = why_set(why, -ENODATA, "is empty");
    if (err == 0)
        err = create(out, (size_t)st.st_size, why);
    if (err == 0)
        err = copy(fd, out, why);
    if (err == 0)
        err = map(out, why);
    close(fd);
    if (err != 0)
        geo_snapshot_close(out);
    return err;
}

int geo_snapshot_from(const void *data, size_t size, struct geo_snapshot *out,
                      char why[static WHY_LEN])
{
    int err = size == 0 ? why_set(why, -ENODATA, "is empty") : create(out, size, why);

    if (size == 0)
        *out = (struct geo_snapshot){ .fd = -1 };
    if (err == 0 && write(out->fd, data, size) != (ssize_t)size)
        err = why_set(why, -EIO, "cannot write the private copy");
    if (err == 0)
        err = map(out, why);
    if (err != 0)
        geo_snapshot_close(out);
    return err;
}
