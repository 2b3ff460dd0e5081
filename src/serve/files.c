/* files.c - makes what a first start finds missing. Reading the key is the world's business, so
 * that `check` and `explain` do without one. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/hash.h>
#include <waymark/rng.h>
#include <waymark/siphash.h>

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
    if (err == 0 && conf->cookies != CONF_COOKIES_OFF)
        err = make_folders_of(conf->cookie_secrets_file, false, user, why);
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

/* One kind of file that only the server should know. */
struct secret {
    const char *name, *option;
    size_t len_min;
};

static const struct secret draw_key = { "draw key", "server.draw_key_file", HASH_KEY_LEN };
static const struct secret cookie_secrets = { "cookie secret", "server.cookie_secrets_file",
                                              2 * SIPHASH_KEY_LEN };

/* Whole or not at all, also when the power goes: written aside, then linked to its name. */
static int make_secret(const struct secret *s, const char *path, const uint8_t *octets, size_t len,
                       char why[static WHY_LEN])
{
    char aside[FOLDER_PATH_MAX];
    int err = 0;

    if (snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid()) >= (int)sizeof aside)
        return why_set(why, -ENAMETOOLONG, "%s: the path is too long", path);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, octets, len) || fsync(fd) != 0) {
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
    if (err != 0)
        why_set(why, err, "%s: cannot make the %s: %s; let server.user write there, or set %s",
                path, s->name, strerror(-err), s->option);
    return err;
}

static int check_secret(const struct secret *s, const char *path, const struct stat *st,
                        char why[static WHY_LEN])
{
    if (!S_ISREG(st->st_mode))
        return why_set(why, -EINVAL, "%s: the %s is no regular file", path, s->name);
    if ((st->st_mode & (S_IROTH | S_IWOTH)) != 0)
        return why_set(why, -EPERM,
                       "%s: everybody can read or write the %s; `chmod 600 %s`, and make a "
                       "new one if somebody may have",
                       path, s->name, path);
    if ((uintmax_t)st->st_size < s->len_min)
        return why_set(why, -EINVAL,
                       "%s: the %s has %lld octets, it takes %zu; remove the file and the "
                       "next start makes a new one",
                       path, s->name, (long long)st->st_size, s->len_min);
    if (access(path, R_OK) != 0)
        return why_set(why, -errno, "%s: cannot read the %s: %s; let server.user read it", path,
                       s->name, strerror(errno));
    return 0;
}

typedef int make_cb(const char *path, char why[static WHY_LEN]);

static int keep_secret(const struct secret *s, const char *path, make_cb *make,
                       char why[static WHY_LEN])
{
    struct stat st;

    if (path == NULL)
        return 0;
    if (stat(path, &st) == 0)
        return check_secret(s, path, &st, why);
    return errno == ENOENT ? make(path, why)
                           : why_set(why, -errno, "%s: %s", path, strerror(errno));
}

static int make_draw_key(const char *path, char why[static WHY_LEN])
{
    uint8_t octets[HASH_KEY_LEN];

    if (rng_secret(octets, sizeof octets) != 0)
        return why_set(why, -EIO, "the kernel gave no random octets for a draw key");
    int err = make_secret(&draw_key, path, octets, sizeof octets, why);
    explicit_bzero(octets, sizeof octets);
    return err;
}

static int make_cookie_secrets(const char *path, char why[static WHY_LEN])
{
    uint64_t random[2];
    char text[2 * SIPHASH_KEY_LEN + 2];

    if (rng_secret(random, sizeof random) != 0)
        return why_set(why, -EIO, "the kernel gave no random octets for a cookie secret");
    int len = snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64 "\n", random[0], random[1]);
    int err = make_secret(&cookie_secrets, path, (const uint8_t *)text, (size_t)len, why);
    explicit_bzero(random, sizeof random);
    explicit_bzero(text, sizeof text);
    return err;
}

int files_keep_draw_key(const char *path, char why[static WHY_LEN])
{
    return keep_secret(&draw_key, path, make_draw_key, why);
}

int files_keep_cookie_secrets(const char *path, char why[static WHY_LEN])
{
    return keep_secret(&cookie_secrets, path, make_cookie_secrets, why);
}

static int make_none(const char *path, char why[static WHY_LEN])
{
    return 0;
}

int files_check_secrets(const struct conf_server *conf, char why[static WHY_LEN])
{
    int err = keep_secret(&draw_key, conf->draw_key_file, make_none, why);

    if (err == 0 && conf->cookies != CONF_COOKIES_OFF)
        err = keep_secret(&cookie_secrets, conf->cookie_secrets_file, make_none, why);
    return err;
}

int files_keep_secrets(const struct conf_server *conf, char why[static WHY_LEN])
{
    int err = files_keep_draw_key(conf->draw_key_file, why);

    if (err == 0 && conf->cookies != CONF_COOKIES_OFF)
        err = files_keep_cookie_secrets(conf->cookie_secrets_file, why);
    return err;
}
