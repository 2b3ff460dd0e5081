/* commands.c - `waymark status`, `reload`, `purge` and `edge`: ask the running server, print what it says.
 * In a client process. */
#include <waymark/control.h>

#include <stdlib.h>

#include "client.h"
#include "json_put.h"
#include "status_text.h"

enum { STATUS_WAIT_S = 30, EDGE_WAIT_S = 30, RELOAD_WAIT_S = 3600 };

static json_t *ask_for(const char *verb)
{
    json_t *request = json_object();

    put_text(request, "do", verb);
    return request;
}

int control_status(const char *socket_path, bool is_json, FILE *out)
{
    char why[WHY_LEN];
    json_t *status = NULL;

    if (client_ask(socket_path, ask_for("status"), STATUS_WAIT_S, &status, why) != 0) {
        fprintf(stderr, "waymark: %s\n", why);
        return EXIT_FAILURE;
    }
    if (is_json) {
        json_dumpf(status, out, JSON_INDENT(2));
        fputc('\n', out);
    } else {
        status_text(status, out);
    }
    json_decref(status);
    return EXIT_SUCCESS;
}

int control_reload(const char *socket_path, FILE *out)
{
    char why[WHY_LEN];
    json_t *reply = NULL;

    if (client_ask(socket_path, ask_for("reload"), RELOAD_WAIT_S, &reply, why) != 0) {
        fprintf(stderr, "waymark: %s\n", why);
        return EXIT_FAILURE;
    }
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
    char why[WHY_LEN];
    json_t *reply = NULL;

    if (client_ask(socket_path, purge_request(args), EDGE_WAIT_S, &reply, why) != 0) {
        fprintf(stderr, "waymark: %s\n", why);
        return EXIT_FAILURE;
    }
    if (args->is_json) {
        json_dumpf(reply, out, JSON_INDENT(2));
        fputc('\n', out);
    } else {
        purge_text(reply, out);
    }
    json_decref(reply);
    return EXIT_SUCCESS;
}

int control_edge(const char *socket_path, const char *pop, const char *state, FILE *out)
{
    char why[WHY_LEN];
    json_t *request = ask_for("edge"), *reply = NULL;

    put_text(request, "pop", pop);
    put_text(request, "state", state);
    if (client_ask(socket_path, request, EDGE_WAIT_S, &reply, why) != 0) {
        fprintf(stderr, "waymark: %s\n", why);
        return EXIT_FAILURE;
    }
    fprintf(out, "The /healthz of %s says %s.\n", pop, state);
    json_decref(reply);
    return EXIT_SUCCESS;
}
