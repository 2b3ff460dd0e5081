/* net_thread.c - starts threads, or says why not. Main thread. */
#include "net_thread.h"

#include <stdio.h>
#include <string.h>

#include <waymark/thread.h>

int net_thread_start(pthread_t *out, const char *kind, size_t number, void *(*run)(void *),
                     void *ctx, char why[static WHY_LEN])
{
    char name[16];

    snprintf(name, sizeof name, "%s/%u", kind, (unsigned)(number % 100000));
    int err = thread_start(out, name, run, ctx);
    if (err == 0)
        return 0;
    return why_set(why, err,
                   "cannot start a DNS worker: %s; lower server.threads or raise "
                   "the limit of threads (TasksMax=, `ulimit -u`)",
                   strerror(-err));
}
