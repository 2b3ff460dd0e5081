/* state.h - what outlives a restart: now the verdicts of the health checks.
 *
 * Threads: one at a time; the health thread, once it runs. Calls touch the disk, but never wait for
 *          it to be safe: a verdict lost to a power cut is found again by the next probe.
 * Owner:   whoever opens it closes it.
 * Units:   wall clock milliseconds.
 *
 * Nothing here is needed to serve: when the folder or the file is broken, the caller says so once
 * and goes on without. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/why.h>

struct state;

enum {
    STATE_TARGET_MAX = 255,     /* octets of a target's name; longer ones are not kept */
    STATE_VERDICTS_MAX = 200000 /* rows that a load looks at */
};

struct state_verdict {
    const char *target;  /* from a load: good during the callback only */
    struct addr address; /* family 0 for a CNAME */
    uint64_t check;      /* a fingerprint of how it was probed: another check, another verdict */
    bool is_up;
    int64_t since_ms;   /* it holds since then */
    int64_t checked_ms; /* the last probe that confirmed it */
};

/* Opens FOLDER/verdicts.sqlite; makes both if they are not there. 0, or -errno with `why`. */
int state_open(const char *folder, struct state **out, char why[static WHY_LEN]);
/* To look only: a folder or the file itself, of which nothing is made or changed. -ENOENT: there is none. */
int state_open_to_look(const char *path, struct state **out, char why[static WHY_LEN]);
void state_close(struct state *state); /* NULL is fine */

/* Keeps them all or, on failure, none; a verdict replaces the former one of that target and
 * address. 0, or -errno with `why`. */
int state_save_verdicts(struct state *state, const struct state_verdict *verdicts, size_t n,
                        char why[static WHY_LEN]);

typedef void state_verdict_cb(void *ctx, const struct state_verdict *verdict);

/* Hands over those that were checked at `from_ms` or later. 0, or -errno with `why`; what had been
 * handed over before the trouble is good. */
int state_load_verdicts(struct state *state, int64_t from_ms, state_verdict_cb *cb, void *ctx,
                        char why[static WHY_LEN]);

/* Drops those that were last checked before `before_ms`: their targets have gone. */
int state_forget_verdicts(struct state *state, int64_t before_ms, char why[static WHY_LEN]);
