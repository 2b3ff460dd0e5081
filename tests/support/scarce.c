/* scarce.c - preloaded: of the allocations on threads whose name begins with $SCARCE_THREADS one in so many
 * is refused, by the number in the file $SCARCE, which may change; 0 refuses none. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static const volatile uint32_t *one_in;
static const char *threads = "";

__attribute__((constructor)) static void look(void)
{
    const char *path = getenv("SCARCE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (getenv("SCARCE_THREADS") != NULL)
        threads = getenv("SCARCE_THREADS");
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof *one_in, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        one_in = at;
}

static bool is_refused(void)
{
    static _Thread_local uint32_t chance;
    uint32_t n = one_in == NULL ? 0 : *one_in;
    char name[17] = "";

    if (n == 0)
        return false;
    prctl(PR_GET_NAME, name);
    if (strncmp(name, threads, strlen(threads)) != 0)
        return false;
    chance = chance * 1664525 + 1013904223;
    if ((chance >> 8) % n != 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return is_refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return is_refused() ? NULL : __libc_realloc(old, size);
}
