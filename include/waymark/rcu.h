/* rcu.h - one published pointer, read without a lock (read-copy-update, by liburcu).
 *
 * A reader thread enters once. It is online while it works, and offline around everything that may
 * block: an online thread that sleeps stalls every writer. Online and offline come in pairs and cost
 * next to nothing; quiescent is one after the other, between two batches. Nothing read from the slot
 * may be kept past the next quiescent or offline. */
#pragma once

void rcu_thread_enter(void); /* registers the calling thread, offline */
void rcu_thread_leave(void);
void rcu_online(void);
void rcu_offline(void);
void rcu_quiescent(void);

/* Reader, online: what is published now. */
void *rcu_read(void *const *slot);

/* Writer: publishes `next` and returns what was there. */
void *rcu_swap(void **slot, void *next);

/* Calls free_cb(object) once no reader can hold it, on a thread of liburcu's. Never blocks. */
void rcu_defer(void *object, void (*free_cb)(void *));

/* At shutdown, no reader online: waits until every deferred call has run. */
void rcu_drain(void);
