/* files.h - folders and the draw key: what a first start makes.
 *
 * Threads: any; the draw key also from the reload's. */
#pragma once

#include <waymark/conf.h>
#include <waymark/why.h>

struct user;

/* server.state, and where the control socket and the draw key go; for the server's user alone. 0,
 * or -errno with `why`. */
int files_make_folders(const struct conf_server *conf, const struct user *user,
                       char why[static WHY_LEN]);

/* Makes the file if it is missing; refuses one that is too short or open to others. */
int files_keep_draw_key(const char *path, char why[static WHY_LEN]);
