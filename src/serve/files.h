/* files.h - folders, the draw key and the cookie secrets: what a first start makes.
 *
 * Threads: any; the secrets also from the reload's. */
#pragma once

#include <waymark/conf.h>
#include <waymark/why.h>

struct user;

/* server.state, and where the control socket and the secrets go; for the server's user alone. 0,
 * or -errno with `why`. */
int files_make_folders(const struct conf_server *conf, const struct user *user,
                       char why[static WHY_LEN]);

/* Makes the file if it is missing; refuses one that is too short or open to others. */
int files_keep_draw_key(const char *path, char why[static WHY_LEN]);

/* The same for the secrets of server cookies. What is in the file is read by the world. */
int files_keep_cookie_secrets(const char *path, char why[static WHY_LEN]);

/* Both, where they are wanted. */
int files_keep_secrets(const struct conf_server *conf, char why[static WHY_LEN]);
/* The same, but a missing one is fine, and stays missing. */
int files_check_secrets(const struct conf_server *conf, char why[static WHY_LEN]);
