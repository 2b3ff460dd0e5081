/* rcu.c - the only file that knows liburcu. Every wait and wake is told to the thread sanitizer,
 * which cannot see inside the library.
 *
 * Of its flavours the one in which writers pay: online and offline are stores, since a writer makes
 * all threads agree by membarrier(2). The others have fences there, which a reader that sleeps after
 * each query would pay each time (docs/decisions/udp-threads.md). */
#include <waymark/rcu.h>

#include <stdlib.h>

#include <urcu.h>

#include "rcu_notes.h"

void rcu_thread_enter(void)
{
    rcu_register_thread();
}

void rcu_thread_leave(void)
{
    rcu_note_release();
    rcu_unregister_thread();
}

void rcu_online(void)
{
    rcu_read_lock();
    rcu_note_acquire();
}

void rcu_offline(void)
{
    rcu_note_release();
    rcu_read_unlock();
}

void rcu_quiescent(void)
{
    rcu_offline();
    rcu_online();
}

void *rcu_read(void *const *slot)
{
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

void *rcu_swap(void **slot, void *next)
{
    return __atomic_exchange_n(slot, next, __ATOMIC_ACQ_REL);
}

struct deferred {
    struct rcu_head head; /* first: the callback gets its address */
    void *object;
    void (*free_cb)(void *);
};

static void on_grace_period(struct rcu_head *head)
{
    rcu_note_acquire();
    struct deferred *d = (struct deferred *)head;
    d->free_cb(d->object);
    free(d);
}

void rcu_defer(void *object, void (*free_cb)(void *))
{
    struct deferred *d = malloc(sizeof *d);

    if (d == NULL) { /* rather wait than leak */
        rcu_note_release();
        synchronize_rcu();
        rcu_note_acquire();
        free_cb(object);
        return;
    }
    d->object = object;
    d->free_cb = free_cb;
    rcu_note_release(); /* after the last write to it: the callback reads all of it */
    call_rcu(&d->head, on_grace_period);
}

void rcu_drain(void)
{
    rcu_note_release();
    rcu_barrier();
    rcu_note_acquire();
}
