/* user.c - privileges; the only file that knows libcap-ng. Main thread, at the start. */
#include "user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cap-ng.h>

#include <waymark/log.h>
#include <waymark/report.h>

int user_find(const char *name, struct user *out, char why[static WHY_LEN])
{
    struct user user = { .uid = geteuid(), .gid = getegid() };
    bool is_root = user.uid == 0;

    if (name == NULL) {
        if (is_root)
            log_line(LOG_LEVEL_WARNING, "runs as root and stays root: set server.user");
        *out = user;
        return 0;
    }
    errno = 0;
    const struct passwd *entry = getpwnam(name);
    if (entry == NULL && is_root)
        return why_set(why, -ENOENT,
                       "server.user \"%s\": no such user; create it (`adduser --system %s`) or "
                       "correct the option",
                       name, name);
    if (entry == NULL || (!is_root && entry->pw_uid != user.uid))
        log_line(LOG_LEVEL_WARNING,
                 "not started as root: stays user %u, server.user \"%s\" is left aside",
                 (unsigned)user.uid, name);
    if (is_root) {
        user.is_change = entry->pw_uid != 0;
        user.uid = entry->pw_uid;
        user.gid = entry->pw_gid;
    }
    *out = user;
    return 0;
}

bool user_check(const char *name, struct user *out, struct report *report, const char *file)
{
    bool is_root = geteuid() == 0;
    const struct passwd *entry = name == NULL ? NULL : getpwnam(name);

    *out = (struct user){ .uid = geteuid(), .gid = getegid() };
    if (name == NULL)
        return true;
    if (entry == NULL) {
        (is_root ? report_error : report_warning)(
            report, file, 0,
            "server.user \"%s\": no such user on this machine; create it (`adduser --system %s`) or "
            "correct the option",
            name, name);
        return false;
    }
    if (is_root)
        *out = (struct user){ entry->pw_uid != 0, entry->pw_uid, entry->pw_gid };
    return true;
}

static int change_user(const struct user *user, bool keeps_low_ports, char why[static WHY_LEN])
{
    capng_clear(CAPNG_SELECT_BOTH);
    if (keeps_low_ports)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
    int err =
        capng_change_id((int)user->uid, (int)user->gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    if (err != 0)
        return why_set(why, -EPERM,
                       "cannot become server.user (uid %u): capng_change_id says %d; the "
                       "service needs CAP_SETUID, CAP_SETGID and CAP_SETPCAP, or the right "
                       "user from the start",
                       (unsigned)user->uid, err);
    return 0;
}

/* Ambient capabilities of a service manager, say. */
static int shed_capabilities(bool keeps_low_ports, char why[static WHY_LEN])
{
    if (capng_get_caps_process() != 0)
        return why_set(why, -EPERM, "cannot read the capabilities of this process");
    bool had = capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE) != 0;
    capng_clear(CAPNG_SELECT_CAPS);
    if (had && keeps_low_ports)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return why_set(why, -EPERM, "cannot drop the capabilities of this process");
    return 0;
}

int user_become(const struct user *user, bool keeps_low_ports, char why[static WHY_LEN])
{
    int err = 0;

    if (user->is_change)
        err = change_user(user, keeps_low_ports, why);
    else if (user->uid != 0)
        err = shed_capabilities(keeps_low_ports, why);
    if (err != 0)
        return err;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return why_set(why, -errno, "cannot give up new privileges: %s", strerror(errno));
    return 0;
}
