/* wall_clock.c - preloaded: the wall clock as somebody has set it, by the seconds that the file in
 * $WALL_CLOCK_OFFSET says. The steady clock stays as it is. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset_s(void)
{
    const char *path = getenv("WALL_CLOCK_OFFSET");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    char text[32] = "";

    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n <= 0 ? 0 : strtol(text, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int err = (int)syscall(SYS_clock_gettime, id, out);

    if (err == 0 && id == CLOCK_REALTIME)
        out->tv_sec += offset_s();
    return err;
}
