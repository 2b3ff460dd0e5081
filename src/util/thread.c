/* thread.c - starts a thread; whoever starts it joins it. */
#include <waymark/thread.h>

#include <signal.h>

int thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *ctx)
{
    sigset_t all, former;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int err = pthread_create(out, NULL, run, ctx);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    if (err == 0)
        pthread_setname_np(*out, name);
    return -err;
}
