/* turns.c - how many sockets probes may hold at a time. Health thread. */
#include "turns.h"

#include <assert.h>
#include <sys/resource.h>

#include "unit.h"

enum { TURNS_MIN = 32, TURNS_MAX = 4096 };

void turns_init(struct turns *turns)
{
    struct rlimit files;
    rlim_t half = TURNS_MIN;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        half = files.rlim_cur / 2;
    turns->used = 0;
    turns->max = half < TURNS_MIN ? TURNS_MIN : half > TURNS_MAX ? TURNS_MAX : (size_t)half;
    TAILQ_INIT(&turns->line);
}

static void begin(struct turns *turns, struct unit *unit)
{
    turns->used += unit->cost;
    unit_probe(unit);
}

void turns_ask(struct turns *turns, struct unit *unit)
{
    if (TAILQ_EMPTY(&turns->line) && turns->used + unit->cost <= turns->max) {
        begin(turns, unit);
        return;
    }
    unit->is_waiting = true;
    TAILQ_INSERT_TAIL(&turns->line, unit, turn);
}

void turns_give_back(struct turns *turns, size_t cost)
{
    struct unit *unit;

    assert(turns->used >= cost);
    turns->used -= cost;
    while ((unit = TAILQ_FIRST(&turns->line)) != NULL && turns->used + unit->cost <= turns->max) {
        turns_forget(turns, unit);
        begin(turns, unit);
    }
}

void turns_forget(struct turns *turns, struct unit *unit)
{
    if (!unit->is_waiting)
        return;
    TAILQ_REMOVE(&turns->line, unit, turn);
    unit->is_waiting = false;
}
