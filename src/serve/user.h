/* user.h - who the server is once its sockets are open.
 *
 * Threads: main, before any other thread exists: capabilities belong to threads. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <waymark/why.h>

struct report;

struct user {
    bool is_change; /* root, and somebody else is wanted: what we make belongs to them */
    uid_t uid;
    gid_t gid;
};

/* `name` NULL: stay. Warns in the log when that is not what was asked for, or not wise. 0, or
 * -errno with `why`. */
int user_find(const char *name, struct user *out, char why[static WHY_LEN]);

/* The same for `check`, which says nothing in the log: false where a start as root would fail, or where
 * one is not to be told from here. The report has it as an error to root, as a warning to others. */
bool user_check(const char *name, struct user *out, struct report *report, const char *file);

/* Lets go of every privilege but CAP_NET_BIND_SERVICE, which only ports below 1024 need. For good:
 * nothing that is executed later gets any back. */
int user_become(const struct user *user, bool keeps_low_ports, char why[static WHY_LEN]);
