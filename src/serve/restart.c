/* restart.c - compares two configurations in what is fixed at the start. Pure. */
#include "restart.h"

#include <stdbool.h>
#include <string.h>

#include <waymark/report.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_listen(const struct conf_server *a, const struct conf_server *b)
{
    if (a->n_listen != b->n_listen)
        return false;
    for (size_t i = 0; i < a->n_listen; i++)
        if (!endpoint_equal(&a->listen[i], &b->listen[i]))
            return false;
    return true;
}

static bool is_in_folder(const char *path, const char *folder, const char *name)
{
    size_t len = folder == NULL ? 0 : strlen(folder);

    if (path == NULL || folder == NULL || strncmp(path, folder, len) != 0)
        return false;
    path += len;
    return strcmp(path + (*path == '/' ? 1 : 0), name) == 0;
}

void restart_keep_secrets(const struct conf_server *running, struct conf_server *next)
{
    if (same_text(running->state, next->state))
        return;
    if (is_in_folder(next->draw_key_file, next->state, "draw.key"))
        next->draw_key_file = running->draw_key_file;
    if (is_in_folder(next->cookie_secrets_file, next->state, "cookie.secrets"))
        next->cookie_secrets_file = running->cookie_secrets_file;
}

void restart_name_changes(const struct conf_server *running, const struct conf *next,
                          struct report *report)
{
    const struct conf_server *server = &next->server;
    const struct {
        const char *option;
        bool is_same;
    } fixed[] = {
        { "listen", same_listen(running, server) },
        { "threads", running->threads == server->threads },
        { "pin_threads", running->pin_threads == server->pin_threads },
        { "steer_by_cpu", running->steer_by_cpu == server->steer_by_cpu },
        { "user", same_text(running->user, server->user) },
        { "state", same_text(running->state, server->state) },
        { "control", same_text(running->control, server->control) },
        { "metrics", endpoint_equal(&running->metrics, &server->metrics) },
        { "draw_key_file", same_text(running->draw_key_file, server->draw_key_file) },
        { "tcp_clients", running->tcp_clients == server->tcp_clients },
        { "tcp_idle_s", running->tcp_idle_s == server->tcp_idle_s },
        { "tcp_life_s", running->tcp_life_s == server->tcp_life_s },
        { "tcp_per_client", running->tcp_per_client == server->tcp_per_client },
        { "tcp_queries", running->tcp_queries == server->tcp_queries },
        { "edge_threads", running->edge_threads == server->edge_threads },
    };

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!fixed[i].is_same)
            report_warning(report, next->file, 0,
                           "server.%s differs from what the server started with: restart it for "
                           "that",
                           fixed[i].option);
}
