/* answer.c - what each command of the control socket does. Main thread; nothing blocks: a reload
 * runs elsewhere and calls back. */
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "control_state.h"
#include "edge_json.h"
#include "explain_json.h"
#include "health_json.h"
#include "json_put.h"
#include "question.h"
#include "request.h"
#include "socket.h"
#include "status_json.h"
#include "target_json.h"
#include "without.h"

static json_t *explain_world(const struct control *c, const struct world *world,
                             const struct without *without, const struct dns_question *question)
{
    struct explain_source source = { .is_live = true,
                                     .now_ms = clock_wall_ms(),
                                     .without = without };
    struct health_status *health = health_copy(c->hooks.health, &source.n_health);

    source.health = health;
    json_t *reply = explain_json(world, question, &source);
    free(health);
    return reply;
}

/* In a world of its own, if targets are to be supposed down. */
static json_t *explain_without(const struct control *c, struct world_hold *hold,
                               const struct world *world, const struct without *without,
                               const struct dns_question *question)
{
    struct world_hold *other = NULL;

    if (without->n > 0)
        world = world_without(hold, without->targets, without->n, &other);
    if (world == NULL)
        return request_error("out of memory");
    json_t *reply = explain_world(c, world, without, question);
    if (other != NULL)
        world_release(other);
    return reply;
}

static json_t *explain(const struct control *c, const json_t *body)
{
    const struct question_text text = { .name = get_text(body, "name", NULL),
                                        .type = get_text(body, "type", NULL),
                                        .client = get_text(body, "client", NULL),
                                        .resolver = get_text(body, "resolver", NULL),
                                        .at = get_text(body, "at", NULL) };
    struct dns_question question;
    struct world_hold *hold;
    char why[WHY_LEN];

    if (question_parse(&text, clock_wall_ms(), &question, why) != 0)
        return request_error(why);
    const struct world *world = world_hold(c->hooks.hub, &hold);
    if (world == NULL)
        return request_error("no configuration is loaded yet");
    json_t *reply;
    struct without without;
    if (without_parse(world->base->conf, get_text(body, "without", NULL), &without, why) != 0)
        reply = request_error(why);
    else
        reply = explain_without(c, hold, world, &without, &question);
    world_release(hold);
    return reply;
}

/* Statuses stand in the order of targets: how many of that target stand at `first`. A reload may have
 * come between: then they are another's. */
static size_t statuses_of(const struct health_status *health, size_t n_health, size_t first,
                          const char *target)
{
    size_t n = 0;

    while (first + n < n_health && strcmp(health[first + n].target, target) == 0)
        n++;
    return n;
}

/* Every target, with what is believed of it: for questions that a client answers from files. */
static json_t *verdicts(const struct control *c)
{
    struct world_hold *hold;
    const struct world *world = world_hold(c->hooks.hub, &hold);
    size_t n_health;

    if (world == NULL)
        return request_error("no configuration is loaded yet");
    json_t *o = json_object(), *all = json_array();
    struct health_status *health = health_copy(c->hooks.health, &n_health);
    for (size_t i = 0, first = 0, n; i < world->base->conf->n_targets; i++, first += n) {
        n = statuses_of(health, n_health, first, world->base->conf->targets[i].name);
        json_array_append_new(all, target_json(world, (int)i, n == 0 ? NULL : &health[first], n));
    }
    put_text(o, "file", world->base->conf->file);
    put_int(o, "world", (int64_t)world->version);
    put_int(o, "loaded_ms", world->base->loaded_ms);
    put_int(o, "now_ms", clock_wall_ms());
    put_bool(o, "is_ready", world->is_ready);
    put(o, "targets", all);
    free(health);
    world_release(hold);
    return o;
}

static uint64_t world_version(struct world_hub *hub)
{
    struct world_hold *hold;
    const struct world *world = world_hold(hub, &hold);
    uint64_t version = 0;

    if (world != NULL) {
        version = world->version;
        world_release(hold);
    }
    return version;
}

static json_t *reload_json(const struct control *c)
{
    const struct last_load *last = &c->last_load;
    json_t *o = json_object(), *lines = json_array();

    put_bool(o, "is_done", last->is_done);
    put_int(o, "took_ms", (clock_steady_us() - c->reload_began_us) / 1000);
    put_int(o, "world", (int64_t)world_version(c->hooks.hub));
    put_int(o, "errors", (int64_t)last->n_errors);
    put_int(o, "warnings", (int64_t)last->n_warnings);
    for (size_t i = 0; i < last->n_lines; i++)
        json_array_append_new(lines, json_text(last->lines[i]));
    put(o, "lines", lines);
    return o;
}

static void on_reloaded(void *ctx, bool is_done, struct report *report)
{
    struct control *c = ctx;

    control_note_reload(c, is_done, report);
    report_free(report);
    if (c->reload_client != NULL)
        socket_reply(c->reload_client, reload_json(c));
    c->reload_client = NULL;
}

static void reload(struct control *c, struct socket_client *client)
{
    c->reload_client = client; /* before: it may call back at once */
    c->reload_began_us = clock_steady_us();
    int err = c->hooks.reload(c->hooks.ctx, on_reloaded, c);
    if (err == 0)
        return;
    c->reload_client = NULL;
    socket_reply(client,
                 request_error(err == -EBUSY ? "a reload is running already; try again when "
                                               "it has ended"
                                             : "the reload could not be started"));
}

void answer_request(struct control *control, struct socket_client *client,
                    const struct request *request)
{
    switch (request->verb) {
    case REQUEST_STATUS:
        socket_reply(client, status_json(control));
        break;
    case REQUEST_EXPLAIN:
        socket_reply(client, explain(control, request->body));
        break;
    case REQUEST_VERDICTS:
        socket_reply(client, verdicts(control));
        break;
    case REQUEST_PURGE:
        socket_reply(client, edge_purge_json(control->hooks.edges, request->body));
        break;
    case REQUEST_EDGE:
        socket_reply(client, edge_state_json(control->hooks.edges, request->body));
        break;
    case REQUEST_RELOAD:
        if (control->reload_client != NULL)
            socket_reply(client, request_error("a reload is running already; try again when it has "
                                               "ended"));
        else
            reload(control, client);
        break;
    }
}
