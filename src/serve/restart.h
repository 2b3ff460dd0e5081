/* restart.h - what a reload cannot change. */
#pragma once

#include <waymark/conf.h>

struct report;

/* Until then the secrets stay where they are, too: what `next` has in a state folder that is not
 * the running one becomes the running server's file. */
void restart_keep_secrets(const struct conf_server *running, struct conf_server *next);

/* A warning for each option of `server` that waits for a restart. */
void restart_name_changes(const struct conf_server *running, const struct conf *next,
                          struct report *report);
