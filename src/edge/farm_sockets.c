/* farm_sockets.c - binding what is new, closing what nobody wants any more. Main thread. */
#include "farm_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "listener.h"

int farm_sockets_find(const struct farm_sockets *s, const struct endpoint *at)
{
    for (size_t i = 0; i < s->n; i++)
        if (endpoint_equal(&s->list[i].at, at))
            return s->list[i].fd;
    return -1;
}

void farm_sockets_close(struct farm_sockets *s, const struct farm_sockets *kept)
{
    for (size_t i = 0; i < s->n; i++)
        if (kept == NULL || farm_sockets_find(kept, &s->list[i].at) < 0)
            close(s->list[i].fd);
    free(s->list);
    *s = (struct farm_sockets){ 0 };
}

static int add(const char *pop, const struct endpoint *at, size_t n,
               const struct farm_sockets *old, struct farm_sockets *out, char why[static WHY_LEN])
{
    char trouble[WHY_LEN];

    for (size_t i = 0; i < n; i++) {
        struct farm_socket s = { at[i], farm_sockets_find(old, &at[i]) };
        int err = s.fd >= 0 ? 0 : listener_bind(&at[i], &s.fd, trouble);
        if (err != 0)
            return why_set(why, err, "edge %s %s", pop, trouble);
        out->list[out->n++] = s;
    }
    return 0;
}

int farm_sockets_open(const struct conf *conf, const struct farm_sockets *old,
                      struct farm_sockets *out, char why[static WHY_LEN])
{
    size_t n = 0;
    int err = 0;

    for (size_t i = 0; i < conf->n_edges; i++)
        n += conf->edges[i].n_listen + conf->edges[i].n_listen_tls;
    *out = (struct farm_sockets){ .list = calloc(n + 1, sizeof *out->list) };
    if (out->list == NULL)
        return why_set(why, -ENOMEM, "cannot listen: out of memory");
    for (size_t i = 0; i < conf->n_edges && err == 0; i++) {
        const struct conf_edge *e = &conf->edges[i];
        const char *pop = conf->targets[e->target].name;
        err = add(pop, e->listen, e->n_listen, old, out, why);
        if (err == 0)
            err = add(pop, e->listen_tls, e->n_listen_tls, old, out, why);
    }
    if (err != 0)
        farm_sockets_close(out, old);
    return err;
}
