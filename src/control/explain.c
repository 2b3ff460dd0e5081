/* explain.c - `waymark explain`: ask the running server, or build its world here. In a client
 * process.
 *
 * Both ways end in the same object (explain_json.c) and the same text (explain_text.c). */
#include <waymark/control.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "client.h"
#include "explain_find.h"
#include "explain_json.h"
#include "explain_text.h"
#include "json_put.h"
#include "offline.h"
#include "question.h"
#include "reply_text.h"

enum { EXIT_USAGE = 2, EXPLAIN_WAIT_S = 30 };

static json_t *request_of(const struct control_explain_args *args)
{
    json_t *request = json_object();

    put_text(request, "do", "explain");
    put_text(request, "name", args->name);
    put_text(request, "type", args->type);
    put_text(request, "client", args->client);
    put_text(request, "resolver", args->resolver);
    put_text(request, "at", args->at);
    put_text(request, "without", args->without);
    return request;
}

/* NULL when the configuration's files are wrong: then the report has errors. */
static json_t *explain_offline(struct conf *conf, const struct dns_question *question,
                               const struct without *without, struct report *report)
{
    struct explain_source source = { .is_live = false,
                                     .now_ms = clock_wall_ms(),
                                     .without = without };
    struct offline o;
    json_t *x = NULL;

    if (!offline_open(&o, conf, without, report))
        return NULL;
    x = explain_json(o.world, question, &source);
    if (x == NULL)
        report_error(report, "", 0, "out of memory");
    offline_close(&o);
    return x;
}

static void put_note(json_t *x, const char *reason, const struct conf *conf, const char *without)
{
    char note[3 * WHY_LEN];

    snprintf(note, sizeof note, "Offline (%s): built from %s, with every target taken for up%s%.200s.",
             reason, conf->file, without == NULL ? "" : " but ", without == NULL ? "" : without);
    put_text(json_object_get(x, "source"), "note", note);
}

static int show(json_t *x, bool is_json, FILE *out)
{
    reply_print(x, is_json, explain_text, out);
    json_decref(x);
    return EXIT_SUCCESS;
}

char *explain_socket(const char *socket, const char *conf_file, char why[static WHY_LEN])
{
    char *path = socket != NULL ? strdup(socket) : conf_find_control(conf_file, why);

    if (path == NULL && socket != NULL)
        why_set(why, -ENOMEM, "out of memory");
    return path;
}

/* 0: answered; 1: no server is there, and `why` says so; -1: the server is there and refuses. */
static int ask_server(const struct control_explain_args *args, json_t **x, char why[static WHY_LEN])
{
    if (args->is_offline) {
        why_set(why, 0, "as asked");
        return 1;
    }
    char *path = explain_socket(args->socket, args->conf_file, why);
    int err = path == NULL ? -ENOENT : client_ask(path, request_of(args), EXPLAIN_WAIT_S, x, why);
    bool is_absent = err == -ENOENT || err == -ECONNREFUSED || err == -ENAMETOOLONG;
    free(path);
    return err == 0 ? 0 : is_absent ? 1 : -1;
}

/* Without a server: the files decide, so they must be good. */
static json_t *explain_files(const struct control_explain_args *args,
                             const struct dns_question *question, const char *reason,
                             struct report *report)
{
    struct conf *conf = conf_load(args->conf_file, report);
    struct without without;
    char why[WHY_LEN];
    json_t *x = NULL;

    if (conf != NULL && without_parse(conf, args->without, &without, why) != 0) {
        fprintf(stderr, "waymark: explain: %s\n", why);
        conf_unref(conf);
        return NULL;
    }
    if (conf != NULL)
        x = explain_offline(conf, question, &without, report);
    if (x == NULL) {
        report_print(report, stderr);
        fprintf(stderr, "waymark: %s; so the files were looked at, and they are not good\n", reason);
    } else {
        put_note(x, reason, conf, args->without);
    }
    conf_unref(conf);
    return x;
}

json_t *explain_find(const struct control_explain_args *args, const struct dns_question *question,
                     struct report *report)
{
    char why[WHY_LEN];
    json_t *x = NULL;
    int status = ask_server(args, &x, why);

    if (status < 0)
        fprintf(stderr, "waymark: %s (explain -c FILE --offline asks the files alone)\n", why);
    else if (status > 0 && args->conf_file == NULL)
        fprintf(stderr, "waymark: %s\n", why);
    else if (status > 0)
        x = explain_files(args, question, why, report);
    return x;
}

int control_explain(const struct control_explain_args *args, FILE *out)
{
    const struct question_text text = { .name = args->name,
                                        .type = args->type,
                                        .client = args->client,
                                        .resolver = args->resolver,
                                        .at = args->at };
    struct dns_question question;
    char why[WHY_LEN];
    json_t *x = NULL;

    if (question_parse(&text, clock_wall_ms(), &question, why) != 0) {
        fprintf(stderr, "waymark: explain: %s\n", why);
        return EXIT_USAGE;
    }
    struct report *report = report_new();
    if (report != NULL)
        x = explain_find(args, &question, report);
    report_free(report);
    return x == NULL ? EXIT_FAILURE : show(x, args->is_json, out);
}
