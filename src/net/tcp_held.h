/* tcp_held.h - the memory that the sessions of a thread hold beyond 4 KiB each, within TCP_HELD_MAX.
 *
 * Threads: the TCP thread's. */
#pragma once

#include "tcp_session.h"

/* So much does this session hold now. */
void tcp_held_set(struct tcp_session *s, size_t held);

/* Drops sessions until all is within the bound: any, also the one that set its share last. */
void tcp_held_bound(struct tcp_sessions *all);
