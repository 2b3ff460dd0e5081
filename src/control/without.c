/* without.c - targets that are supposed to be down, by name. Pure. */
#include "without.h"

#include <errno.h>
#include <string.h>

static int find(const struct conf *conf, const char *name, size_t len)
{
    for (size_t i = 0; i < conf->n_targets; i++)
        if (strlen(conf->targets[i].name) == len && memcmp(conf->targets[i].name, name, len) == 0)
            return (int)i;
    return CONF_NONE;
}

int without_parse(const struct conf *conf, const char *names, struct without *out,
                  char why[static WHY_LEN])
{
    out->n = 0;
    while (names != NULL && *names != '\0') {
        size_t len = strcspn(names, ",");
        int target = find(conf, names, len);
        if (target == CONF_NONE)
            return why_set(why, -EINVAL, "no target is called \"%.*s\"",
                           (int)(len < 63 ? len : 63), names);
        if (out->n == WITHOUT_MAX)
            return why_set(why, -EINVAL, "more than %d targets to do without", WITHOUT_MAX);
        out->targets[out->n++] = target;
        names += len + (names[len] == ',');
    }
    return 0;
}

void without_carry(const struct conf *from, const struct without *were, const struct conf *to,
                   struct without *out)
{
    out->n = 0;
    for (size_t i = 0; i < were->n; i++) {
        const char *name = from->targets[were->targets[i]].name;
        int target = find(to, name, strlen(name));
        if (target != CONF_NONE)
            out->targets[out->n++] = target;
    }
}

bool without_has(const struct without *w, const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(conf->targets[w->targets[i]].name, name) == 0)
            return true;
    return false;
}
