/* farm.c - all edges of the process: not here yet. */
#include <waymark/edge.h>

#include <errno.h>
#include <stdlib.h>

struct edges {
    struct conf *conf;
};

int edges_open(struct conf *conf, struct world_hub *hub, struct edges **out,
               char why[static WHY_LEN])
{
    struct edges *e = calloc(1, sizeof *e);

    if (e == NULL)
        return why_set(why, -ENOMEM, "cannot open the edges: out of memory");
    e->conf = conf_ref(conf);
    *out = e;
    return 0;
}

int edges_start(struct edges *edges, char why[static WHY_LEN])
{
    return 0;
}

int edges_reload(struct edges *edges, struct conf *conf, char why[static WHY_LEN])
{
    conf_ref(conf);
    conf_unref(edges->conf);
    edges->conf = conf;
    return 0;
}

void edges_stop(struct edges *edges)
{
}

void edges_close(struct edges *edges)
{
    if (edges == NULL)
        return;
    conf_unref(edges->conf);
    free(edges);
}

int edges_set_state(struct edges *edges, const char *pop, enum edge_state state)
{
    return -ENOENT;
}

int edges_purge(struct edges *edges, const struct edge_purge *purge, struct edge_purged *out,
                char why[static WHY_LEN])
{
    *out = (struct edge_purged){ 0 };
    return 0;
}

size_t edges_figures(const struct edges *edges, struct edge_figures *out, size_t max)
{
    return 0;
}

const char *edge_result_name(enum edge_result result)
{
    static const char *const names[EDGE_RESULTS] = { "hit",    "miss",        "stale",
                                                     "bypass", "revalidated", "local" };

    return names[result];
}
