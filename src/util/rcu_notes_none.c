/* rcu_notes_none.c - an ordinary build has nobody to tell. */
#include "rcu_notes.h"

void rcu_note_release(void)
{
}

void rcu_note_acquire(void)
{
}
