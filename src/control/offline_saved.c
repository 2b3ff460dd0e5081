/* offline_saved.c - the verdicts that a former server saved, for questions about files. In a client
 * process. */
#include "offline_verdicts.h"

#include <errno.h>
#include <string.h>

#include <waymark/state.h>

struct reading {
    struct verdicts *verdicts;
    bool is_out_of_memory;
};

static void on_verdict(void *ctx, const struct state_verdict *saved)
{
    struct reading *r = ctx;
    struct known_verdict known = { .target = strdup(saved->target),
                                   .address = saved->address,
                                   .is_up = saved->is_up,
                                   .is_checked = true,
                                   .fingerprint = saved->check,
                                   .since_ms = saved->since_ms,
                                   .probed_ms = saved->checked_ms };

    r->is_out_of_memory |= !verdicts_add(r->verdicts, &known);
}

int verdicts_read(struct verdicts *v, const char *path, char why[static WHY_LEN])
{
    struct reading r = { .verdicts = v };
    struct state *state = NULL;
    int err = state_open_to_look(path, &state, why);

    if (err == 0)
        err = state_load_verdicts(state, INT64_MIN, on_verdict, &r, why);
    if (err == 0 && r.is_out_of_memory)
        err = why_set(why, -ENOMEM, "%s: out of memory", path);
    state_close(state);
    return err;
}
