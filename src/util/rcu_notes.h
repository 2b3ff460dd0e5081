/* rcu_notes.h - tells the thread sanitizer of the order that liburcu makes, which it cannot see.
 * meson.build picks rcu_notes_tsan.c or rcu_notes_none.c. */
#pragma once

void rcu_note_release(void);
void rcu_note_acquire(void);
