/* offline_verdicts.c - finds the verdicts that a question about files is answered with. In a client
 * process.
 *
 * The best there is: the running server's, else those that were saved, as long as a start now would
 * take them for first results. Who names saved ones gets them at any age. */
#include "offline_verdicts.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/health.h>
#include <waymark/list.h>

#include "explain_find.h"

bool verdicts_add(struct verdicts *v, const struct known_verdict *known)
{
    struct known_verdict *list = list_reserve(v->list, &v->cap, v->n, 1, sizeof *list);

    if (list == NULL || known->target == NULL) {
        v->list = list == NULL ? v->list : list;
        free(known->target);
        free(known->error);
        return false;
    }
    v->list = list;
    list[v->n++] = *known;
    return true;
}

/* By target, then by address. */
static int by_address(const void *a, const void *b)
{
    const struct known_verdict *x = a, *y = b;
    int order = strcmp(x->target, y->target);

    if (order == 0)
        order = x->address.family - y->address.family;
    return order != 0 ? order
                      : memcmp(x->address.octets, y->address.octets, sizeof x->address.octets);
}

static void forget(struct verdicts *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free(v->list[i].target);
        free(v->list[i].error);
    }
    v->n = 0;
}

void verdicts_fini(struct verdicts *v)
{
    forget(v);
    free(v->list);
    free(v->where);
    *v = (struct verdicts){ 0 };
}

/* ---- whom to ask ---- */

static void sort(struct verdicts *v)
{
    if (v->n > 1)
        qsort(v->list, v->n, sizeof *v->list, by_address);
}

static int read_saved(struct verdicts *v, const char *path, char why[static WHY_LEN])
{
    int err = verdicts_read(v, path, why);

    sort(v);
    return err;
}

static void note(struct verdicts *v, const char *sentence)
{
    size_t used = strlen(v->why);

    snprintf(v->why + used, sizeof v->why - used, "%s%s", used > 0 ? "; " : "", sentence);
}

static bool found(struct verdicts *v, enum verdicts_source source, const char *where)
{
    v->source = source;
    v->where = strdup(where);
    return v->where != NULL;
}

static bool refuse(const char *sentence)
{
    fprintf(stderr, "waymark: %s\n", sentence);
    return false;
}

/* 0: asked; 1: there is none; -1: it refuses, or memory is out. */
static int find_live(struct verdicts *v, const struct control_verdicts_args *args,
                     const struct conf *conf, char why[static WHY_LEN])
{
    char *path = explain_socket(args->socket, conf->file, why);
    int status = path == NULL ? 1 : verdicts_ask(v, path, why);

    sort(v);
    if (status == 0 && !found(v, VERDICTS_LIVE, path))
        status = why_set(why, -1, "out of memory");
    free(path);
    return status;
}

/* How many of them say something about this configuration. */
static size_t count_used(const struct verdicts *v, const struct conf *conf)
{
    size_t n = 0;

    for (size_t i = 0; i < conf->n_targets; i++)
        for (size_t a = 0; a < conf_n_verdicts(&conf->targets[i]); a++)
            n += verdicts_of(v, conf, &conf->targets[i], a) != NULL;
    return n;
}

/* Of the state folder: as a start would take them. */
static void find_saved(struct verdicts *v, const struct conf *conf)
{
    char why[WHY_LEN];

    if (read_saved(v, conf->server.state, why) != 0) {
        note(v, why);
        forget(v);
        return;
    }
    v->source = VERDICTS_SAVED;
    if (count_used(v, conf) > 0 && found(v, VERDICTS_SAVED, conf->server.state))
        return;
    v->source = VERDICTS_NONE;
    snprintf(why, sizeof why,
             "in %.300s nothing is saved that is young enough (--state takes any age)",
             conf->server.state);
    note(v, why);
    forget(v);
}

bool verdicts_find(struct verdicts *v, const struct control_verdicts_args *args,
                   const struct conf *conf)
{
    char why[WHY_LEN];

    *v = (struct verdicts){ .now_ms = clock_wall_ms(), .is_any_age = args->state != NULL };
    if (args->is_all_up) {
        note(v, "as asked");
        return true;
    }
    if (args->state != NULL) {
        if (read_saved(v, args->state, why) != 0)
            return refuse(why);
        return found(v, VERDICTS_SAVED, args->state) || refuse("out of memory");
    }
    int status = args->is_offline ? 1 : find_live(v, args, conf, why);
    if (status < 0) {
        fprintf(stderr, "waymark: %s (with --offline the files alone are asked)\n", why);
        return false;
    }
    if (status == 0)
        return true;
    if (!args->is_offline)
        note(v, why);
    if (conf->server.state != NULL)
        find_saved(v, conf);
    return true;
}

/* ---- what they say of an address ---- */

static bool is_good(const struct verdicts *v, const struct known_verdict *known,
                    const struct conf *conf, const struct conf_target *target, size_t address)
{
    if (v->source == VERDICTS_LIVE)
        return true;
    if (target->check == CONF_NONE ||
        known->fingerprint != health_fingerprint(conf, target, address))
        return false;
    int64_t age_ms = v->now_ms - known->probed_ms;
    int64_t most_ms = (int64_t)HEALTH_INTERVALS_KEPT * conf->checks[target->check].every_s * 1000;
    return v->is_any_age || (age_ms >= 0 && age_ms <= most_ms);
}

const struct known_verdict *verdicts_of(const struct verdicts *v, const struct conf *conf,
                                        const struct conf_target *target, size_t address)
{
    struct known_verdict key = { .target = (char *)target->name };

    if (v->source == VERDICTS_NONE || v->n == 0)
        return NULL;
    if (target->cname == NULL)
        key.address = target->addresses[address];
    const struct known_verdict *known = bsearch(&key, v->list, v->n, sizeof key, by_address);
    return known != NULL && is_good(v, known, conf, target, address) ? known : NULL;
}
