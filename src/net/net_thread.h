/* net_thread.h - threads of this room: how they are called and started. Main thread. */
#pragma once

#include <pthread.h>
#include <stddef.h>

#include <waymark/why.h>

enum { NET_CACHE_LINE = 64 }; /* what one thread writes stands on lines that no other uses */

/* Its name is "KIND/NUMBER". 0, or -errno with `why`. */
int net_thread_start(pthread_t *out, const char *kind, size_t number, void *(*run)(void *),
                     void *ctx, char why[static WHY_LEN]);
