/* without.h - targets that are supposed to be down, by name. Pure. */
#pragma once

#include <waymark/conf.h>
#include <waymark/why.h>

enum { WITHOUT_MAX = 64 };

struct without {
    int targets[WITHOUT_MAX];
    size_t n;
};

/* "fra" or "fra,ams"; NULL and "" are nobody. 0, or -EINVAL with `why`. */
int without_parse(const struct conf *conf, const char *names, struct without *out,
                  char why[static WHY_LEN]);
/* The same targets in another configuration, as far as it has them. */
void without_carry(const struct conf *from, const struct without *were, const struct conf *to,
                   struct without *out);
bool without_has(const struct without *w, const struct conf *conf, const char *name);
