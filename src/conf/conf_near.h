/* conf_near.h - the name that was probably meant. Pure. */
#pragma once

#include <stddef.h>

/* Offer candidates one after the other; `best` is the nearest that is near enough, or NULL. */
struct conf_near {
    const char *wanted;
    const char *best;
    size_t distance;
};

void conf_near_init(struct conf_near *near, const char *wanted);
void conf_near_offer(struct conf_near *near, const char *candidate);

/* `; did you mean "x"?`, or "". Returns `out`. */
enum { CONF_HINT_LEN = 100 };
const char *conf_near_hint(const struct conf_near *near, char out[static CONF_HINT_LEN]);
