/* explain.c - `waymark explain`: ask the running server, or build its world here. In a client
 * process.
 *
 * Both ways end in the same object (explain_json.c) and the same text (explain_text.c). */
#include <waymark/control.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/health.h>
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
    put_text(request, "without", args->verdicts.down);
    return request;
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

static bool is_offline_wanted(const struct control_verdicts_args *v)
{
    return v->is_offline || v->is_all_up || v->state != NULL;
}

/* 0: answered; 1: no server is there, and `why` says so; -1: the server is there and refuses. */
static int ask_server(const struct control_explain_args *args, json_t **x, char why[static WHY_LEN])
{
    const struct control_verdicts_args *v = &args->verdicts;

    if (is_offline_wanted(v)) {
        why_set(why, 0, "as asked");
        return 1;
    }
    char *path = explain_socket(v->socket, args->conf_file, why);
    int err = path == NULL ? -ENOENT : client_ask(path, request_of(args), EXPLAIN_WAIT_S, x, why);
    free(path);
    return err == 0 ? 0 : client_is_absent(err) ? 1 : -1;
}

/* ---- without a server ---- */

static void set_status(struct health_status *status, const struct conf_target *target,
                       const struct known_verdict *known)
{
    *status = (struct health_status){ .verdict = known->is_up ? HEALTH_UP : HEALTH_DOWN,
                                      .is_checked = known->is_checked,
                                      .address = { .addr = known->address },
                                      .since_ms = known->since_ms,
                                      .last_probe_ms = known->probed_ms };
    snprintf(status->target, sizeof status->target, "%s", target->name);
}

/* What is known, as a running server's health thread would tell it. NULL: nothing, or out of memory. */
static struct health_status *statuses_of(const struct offline *o, size_t *n)
{
    struct health_status *all = calloc(o->conf->n_targets * CONF_ADDRESSES_MAX + 1, sizeof *all);

    *n = 0;
    for (size_t i = 0; all != NULL && i < o->conf->n_targets; i++) {
        const struct conf_target *target = &o->conf->targets[i];
        for (size_t a = 0; a < conf_n_verdicts(target); a++) {
            const struct known_verdict *known = verdicts_of(&o->verdicts, o->conf, target, a);
            if (known != NULL)
                set_status(&all[(*n)++], target, known);
        }
    }
    return all;
}

static void put_note(json_t *x, const char *reason, const struct offline *o)
{
    json_t *verdicts = offline_verdicts(o), *source = json_object_get(x, "source");
    char *sentence = verdicts_sentence(verdicts), *note = NULL;

    if (sentence == NULL ||
        asprintf(&note, "Offline (%s): built from %s. %s", reason, o->conf->file, sentence) < 0)
        note = NULL;
    put_text(source, "note", note);
    put(source, "verdicts", verdicts);
    free(note);
    free(sentence);
}

/* The files decide, so they must be good. */
static json_t *explain_files(const struct control_explain_args *args,
                             const struct dns_question *question, const char *reason)
{
    /* the server has been asked for: it is not there */
    struct control_verdicts_args known = args->verdicts;
    struct explain_source source = { .is_live = false, .now_ms = clock_wall_ms() };
    struct offline o;

    known.is_offline = true;
    if (!offline_open(&o, args->conf_file, &known)) {
        if (!is_offline_wanted(&args->verdicts))
            fprintf(stderr, "waymark: %s; so the files were asked, in vain\n", reason);
        return NULL;
    }
    struct health_status *health = statuses_of(&o, &source.n_health);
    source.health = health;
    source.without = &o.without;
    json_t *x = explain_json(o.world, question, &source);
    if (x != NULL)
        put_note(x, reason, &o);
    else
        fprintf(stderr, "waymark: out of memory\n");
    free(health);
    offline_close(&o);
    return x;
}

json_t *explain_find(const struct control_explain_args *args, const struct dns_question *question)
{
    char why[WHY_LEN];
    json_t *x = NULL;
    int status = ask_server(args, &x, why);

    if (status < 0)
        fprintf(stderr, "waymark: %s (explain -c FILE --offline asks the files alone)\n", why);
    else if (status > 0 && args->conf_file == NULL)
        fprintf(stderr, "waymark: %s\n", why);
    else if (status > 0)
        x = explain_files(args, question, why);
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

    if (question_parse(&text, clock_wall_ms(), &question, why) != 0) {
        fprintf(stderr, "waymark: explain: %s\n", why);
        return EXIT_USAGE;
    }
    json_t *x = explain_find(args, &question);
    return x == NULL ? EXIT_FAILURE : show(x, args->is_json, out);
}
