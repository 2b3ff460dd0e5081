/* files.c - makes what a first start finds missing. Reading the key is the world's business, so
 * that `check` and `explain` do without one. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/hash.h>
#include <waymark/rng.h>

#include "user.h"

enum { FOLDER_MODE = 0750, FOLDER_PATH_MAX = 4096 };

static int complain(const char *path, int err, char why[static WHY_LEN])
{
    return why_set(why, -err, "cannot make the folder %s: %s", path, strerror(err));
}

/* One folder whose parent exists. */
static int make_folder(const char *path, const struct user *user, char why[static WHY_LEN])
{
    struct stat st;

    if (mkdir(path, FOLDER_MODE) == 0) {
        if (user->is_change && chown(path, user->uid, user->gid) != 0)
            return why_set(why, -errno, "cannot give the folder %s to server.user: %s", path,
                           strerror(errno));
        return 0;
    }
    int err = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0
                                   : why_set(why, -ENOTDIR, "%s is in the way: not a folder", path);
    return complain(path, err, why);
}

/* `path` is written on: a slash at a time becomes its end. */
static int make_folders(char *path, const struct user *user, char why[static WHY_LEN])
{
    int err = 0;

    for (char *slash = strchr(path + 1, '/'); slash != NULL && err == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        err = make_folder(path, user, why);
        *slash = '/';
    }
    return err;
}

/* Every folder that `path` goes through; what stands behind the last slash is a file, or nothing.
 */
static int make_folders_of(const char *path, bool is_folder, const struct user *user,
                           char why[static WHY_LEN])
{
    char copy[FOLDER_PATH_MAX];
    int len = snprintf(copy, sizeof copy, is_folder ? "%s/" : "%s", path);

    if (len <= 0 || (size_t)len >= sizeof copy)
        return complain(path, ENAMETOOLONG, why);
    return make_folders(copy, user, why);
}

int files_make_folders(const struct conf_server *conf, const struct user *user,
                       char why[static WHY_LEN])
{
    int err = 0;

    if (conf->state != NULL)
        err = make_folders_of(conf->state, true, user, why);
    if (err == 0 && conf->control != NULL)
        err = make_folders_of(conf->control, false, user, why);
    if (err == 0 && conf->draw_key_file != NULL)
        err = make_folders_of(conf->draw_key_file, false, user, why);
    return err;
}

static bool write_all(int fd, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, octets, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        octets += n;
        len -= (size_t)n;
    }
    return true;
}

/* Whole or not at all, also when the power goes: written aside, then linked to its name. */
static int make_draw_key(const char *path, char why[static WHY_LEN])
{
    uint8_t octets[HASH_KEY_LEN];
    char aside[FOLDER_PATH_MAX];
    int fd = -1, err;

    if (snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid()) >= (int)sizeof aside)
        return why_set(why, -ENAMETOOLONG, "%s: the path is too long", path);
    err = rng_secret(octets, sizeof octets);
    if (err != 0)
        goto fail;
    fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, octets, sizeof octets) || fsync(fd) != 0) {
        err = -errno;
        goto fail;
    }
    if (link(aside, path) != 0 && errno != EEXIST) { /* somebody else's first start: theirs holds */
        err = -errno;
        goto fail;
    }
fail:
    if (fd >= 0) {
        close(fd);
        unlink(aside);
    }
    explicit_bzero(octets, sizeof octets);
    if (err != 0)
        why_set(why, err,
                "%s: cannot make the draw key: %s; let server.user write there, or set "
                "server.draw_key_file",
                path, strerror(-err));
    return err;
}

int files_keep_draw_key(const char *path, char why[static WHY_LEN])
{
    struct stat st;

    if (path == NULL)
        return 0;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return make_draw_key(path, why);
        return why_set(why, -errno, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode))
        return why_set(why, -EINVAL, "%s: the draw key is no regular file", path);
    if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0)
        return why_set(why, -EPERM,
                       "%s: everybody can read or write the draw key; `chmod 600 %s`, and make a "
                       "new one if somebody may have",
                       path, path);
    if (st.st_size < HASH_KEY_LEN)
        return why_set(why, -EINVAL,
                       "%s: the draw key has %lld octets, it takes %d; remove the file and the "
                       "next start makes a new one",
                       path, (long long)st.st_size, HASH_KEY_LEN);
    return 0;
}
