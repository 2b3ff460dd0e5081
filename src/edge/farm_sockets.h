/* farm_sockets.h - the listening sockets of a configuration, kept over reloads.
 *
 * Threads: main; the descriptors are lent to listeners on edges' threads. */
#pragma once

#include <waymark/conf.h>
#include <waymark/why.h>

struct farm_socket {
    struct endpoint at;
    int fd;
};

struct farm_sockets {
    size_t n;
    struct farm_socket *list;
};

/* Binds what is new; what `old` has is shared with it. 0, or -errno with `why`. */
int farm_sockets_open(const struct conf *conf, const struct farm_sockets *old,
                      struct farm_sockets *out, char why[static WHY_LEN]);
/* Closes those that `kept` has not got; NULL: all. */
void farm_sockets_close(struct farm_sockets *s, const struct farm_sockets *kept);

int farm_sockets_find(const struct farm_sockets *s, const struct endpoint *at); /* -1: not there */
