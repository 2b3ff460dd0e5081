/* thread.h - threads with a name. Signals are blocked in them: they are for main. */
#pragma once

#include <pthread.h>

/* `name`: 15 octets at most. 0 or -errno. */
int thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *ctx);
