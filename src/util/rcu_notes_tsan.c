/* rcu_notes_tsan.c - one address stands for the grace period: what a reader did before it became
 * quiescent happened before what a writer does after the grace period. */
#include "rcu_notes.h"

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

static char grace;

void rcu_note_release(void)
{
    __tsan_release(&grace);
}

void rcu_note_acquire(void)
{
    __tsan_acquire(&grace);
}
