/* socket_path.c - the control socket's place in the file system. Main thread, at the start.
 *
 * Two servers must not share a path, and a server that was killed leaves its file behind: who
 * connects to it tells the two apart. */
#include "socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, MODE = 0660 };

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Does anybody listen there? A full backlog (EAGAIN) is somebody, too. */
static bool is_live(const struct sockaddr_un *at)
{
    int fd = unix_socket();

    if (fd < 0)
        return true;
    int status = connect(fd, (const struct sockaddr *)at, sizeof *at);
    bool is_refused = status != 0 && (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !is_refused;
}

static int remove_stale(const struct sockaddr_un *at, char why[static WHY_LEN])
{
    struct stat st;

    if (lstat(at->sun_path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return why_set(why, -EEXIST,
                       "control socket %s: a file that is no socket is in the way; move it, or "
                       "name another path in server.control",
                       at->sun_path);
    if (is_live(at))
        return why_set(why, -EADDRINUSE,
                       "control socket %s: another server answers there; stop it, or name another "
                       "path in server.control",
                       at->sun_path);
    if (unlink(at->sun_path) != 0 && errno != ENOENT)
        return why_set(why, -errno, "control socket %s: a former server's, cannot be removed: %s",
                       at->sun_path, strerror(errno));
    return 0;
}

/* The folder, one level deep: "run/" of "run/waymark.sock". Failure shows at bind. */
static void make_folder(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    mkdir(folder, 0755);
}

/* The mode is set before the file exists, so that it is never open to more than it will be. */
static int bind_and_listen(int fd, const struct sockaddr_un *at, uid_t user,
                           char why[static WHY_LEN])
{
    if (fchmod(fd, MODE) != 0 || bind(fd, (const struct sockaddr *)at, sizeof *at) != 0)
        return why_set(why, -errno, "control socket %s: %s%s", at->sun_path, strerror(errno),
                       errno == EACCES || errno == ENOENT || errno == EROFS
                           ? "; let server.user write its folder, or name another path in "
                             "server.control"
                           : "");
    if (chmod(at->sun_path, MODE) != 0 ||
        (user != (uid_t)-1 && geteuid() == 0 && chown(at->sun_path, user, (gid_t)-1) != 0) ||
        listen(fd, BACKLOG) != 0) {
        int err = -errno;
        unlink(at->sun_path);
        return why_set(why, err, "control socket %s: %s", at->sun_path, strerror(-err));
    }
    return 0;
}

int socket_claim(const char *path, uid_t user, int *out_fd, char why[static WHY_LEN])
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    if (path[0] == '\0' || strlen(path) >= sizeof at.sun_path)
        return why_set(why, -ENAMETOOLONG,
                       "control socket %.200s: a path of 1 to %zu octets is expected", path,
                       sizeof at.sun_path - 1);
    strcpy(at.sun_path, path);
    make_folder(path);

    int err = remove_stale(&at, why);
    if (err != 0)
        return err;
    int fd = unix_socket();
    if (fd < 0)
        return why_set(why, -errno, "control socket %s: %s", path, strerror(errno));
    err = bind_and_listen(fd, &at, user, why);
    if (err != 0) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    return 0;
}
