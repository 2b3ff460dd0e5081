/* restart.h - what a reload cannot change. */
#pragma once

#include <waymark/conf.h>

struct report;

/* A warning for each option of `server` that waits for a restart. */
void restart_name_changes(const struct conf_server *running, const struct conf *next,
                          struct report *report);
