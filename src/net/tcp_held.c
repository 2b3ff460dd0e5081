/* tcp_held.c - long queries that are not whole and answers that are not taken, counted. Who began to
 * hold memory first has had the most time to let go of it, and gives way. A TCP thread. */
#include "tcp_held.h"

#include <assert.h>

#include "net_kit.h"

_Static_assert(TCP_HELD_MAX > 2 * (TCP_ANSWERS + TCP_FRAMES_MAX), "more than one session's share");

void tcp_held_set(struct tcp_session *s, size_t held)
{
    if (s->held == 0 && held > 0)
        TAILQ_INSERT_TAIL(&s->all->holders, s, of_holders);
    else if (s->held > 0 && held == 0)
        TAILQ_REMOVE(&s->all->holders, s, of_holders);
    s->all->held += held - s->held;
    s->held = held;
}

void tcp_held_bound(struct tcp_sessions *all)
{
    while (all->held > TCP_HELD_MAX) {
        struct tcp_session *first = TAILQ_FIRST(&all->holders);
        assert(first != NULL);
        counter_bump(&all->kit->counts.tcp_overfull, 1);
        tcp_session_drop(first);
    }
}
