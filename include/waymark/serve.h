/* serve.h - the server as a whole: start, signals, reload, stop.
 *
 * Threads: call from main, before any other thread exists; both return an exit status.
 * Everything is said on standard error; serve_check sums up on `out`. */
#pragma once

#include <stdio.h>

/* Runs until SIGTERM or SIGINT. 0 after a clean stop, 1 when it could not start. */
int serve_run(const char *conf_path);

/* Builds everything that serve_run would, and listens nowhere. 0: it would start; 1: it would not. */
int serve_check(const char *conf_path, FILE *out);
