/* turns.h - how many sockets probes may hold at a time; the others wait in line.
 *
 * Thread: the health thread. */
#pragma once

#include <stddef.h>
#include <sys/queue.h>

struct unit;

struct turns {
    size_t used, max;
    TAILQ_HEAD(unit_line, unit) line;
};

/* Takes half of the descriptors that this process may open. */
void turns_init(struct turns *turns);

/* unit_probe(unit) at once, or when others have ended. */
void turns_ask(struct turns *turns, struct unit *unit);
/* A probe has ended; who waits may start. */
void turns_give_back(struct turns *turns, size_t cost);
/* The unit goes: it waits no longer. */
void turns_forget(struct turns *turns, struct unit *unit);
