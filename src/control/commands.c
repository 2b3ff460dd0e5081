/* commands.c - `waymark status`, `reload`, `purge` and `edge`: ask the running server, print what
 * it says. In a client process. */
#include <waymark/control.h>

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "json_put.h"
#include "reply_text.h"
#include "status_text.h"

enum { EXIT_USAGE = 2, STATUS_WAIT_S = 30, EDGE_WAIT_S = 30, RELOAD_WAIT_S = 3600 };

static json_t *ask_for(const char *verb)
{
    json_t *request = json_object();

    put_text(request, "do", verb);
    return request;
}

/* NULL: there is none, and standard error says why. Takes `request` over. */
static json_t *reply_to(json_t *request, const char *socket_path, int wait_s)
{
    char why[WHY_LEN];
    json_t *reply = NULL;

    if (client_ask(socket_path, request, wait_s, &reply, why) == 0)
        return reply;
    fprintf(stderr, "waymark: %s\n", why);
    return NULL;
}

int control_status(const char *socket_path, bool is_json, FILE *out)
{
    json_t *status = reply_to(ask_for("status"), socket_path, STATUS_WAIT_S);

    if (status == NULL)
        return EXIT_FAILURE;
    reply_print(status, is_json, status_text, out);
    json_decref(status);
    return EXIT_SUCCESS;
}

int control_reload(const char *socket_path, FILE *out)
{
    json_t *reply = reply_to(ask_for("reload"), socket_path, RELOAD_WAIT_S);

    if (reply == NULL)
        return EXIT_FAILURE;
    bool is_done = get_bool(reply, "is_done", false);
    reload_text(reply, out);
    json_decref(reply);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static json_t *purge_request(const struct control_purge_args *args)
{
    json_t *request = ask_for("purge");

    put_text(request, "url", args->url);
    put_text(request, "prefix", args->prefix);
    put_text(request, "tag", args->tag);
    put_bool(request, "all", args->is_all);
    put_bool(request, "soft", args->is_soft);
    return request;
}

int control_purge(const char *socket_path, const struct control_purge_args *args, FILE *out)
{
    json_t *reply = reply_to(purge_request(args), socket_path, EDGE_WAIT_S);

    if (reply == NULL)
        return EXIT_FAILURE;
    reply_print(reply, args->is_json, purge_text, out);
    json_decref(reply);
    return EXIT_SUCCESS;
}

static bool is_state(const char *word)
{
    return strcmp(word, "up") == 0 || strcmp(word, "draining") == 0 || strcmp(word, "down") == 0;
}

int control_edge(const char *socket_path, const char *pop, const char *state, FILE *out)
{
    if (!is_state(state)) {
        fprintf(stderr, "waymark edge: \"%s\" is no state: expected up, draining or down\n", state);
        return EXIT_USAGE;
    }
    json_t *request = ask_for("edge");
    put_text(request, "pop", pop);
    put_text(request, "state", state);
    json_t *reply = reply_to(request, socket_path, EDGE_WAIT_S);
    if (reply == NULL)
        return EXIT_FAILURE;
    fprintf(out, "The /healthz of %s says %s.\n", pop, state);
    json_decref(reply);
    return EXIT_SUCCESS;
}
