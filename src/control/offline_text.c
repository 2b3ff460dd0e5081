/* offline_text.c - says which verdicts were assumed. In a client process. */
#include "offline_verdicts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json_put.h"
#include "moment.h"
#include "text.h"

enum { DOWN_SHOWN = 20 };

/* ---- as an object ---- */

static const char *source_word(enum verdicts_source source)
{
    return source == VERDICTS_LIVE ? "live" : source == VERDICTS_SAVED ? "saved" : "none";
}

static json_t *known_json(const struct conf_target *target, size_t address,
                          const struct known_verdict *known)
{
    json_t *o = json_object();
    char text[ADDR_TEXT_LEN];

    put_text(o, "target", target->name);
    put_text(o, "address",
             target->cname != NULL ? NULL : addr_format(&target->addresses[address], text));
    put_bool(o, "is_up", known->is_up);
    put_bool(o, "is_checked", known->is_checked);
    put(o, "since_ms", known->since_ms == 0 ? json_null() : json_integer(known->since_ms));
    put(o, "last_probe_ms", known->probed_ms == 0 ? json_null() : json_integer(known->probed_ms));
    put_text(o, "error", known->error);
    return o;
}

/* A target whose verdict nobody said, unless it has no check: then there is none to say. */
static void put_target(const struct verdicts *v, const struct conf *conf,
                       const struct conf_target *target, json_t *known, json_t *unknown)
{
    bool is_known = true;

    for (size_t i = 0; i < conf_n_verdicts(target); i++) {
        const struct known_verdict *k = verdicts_of(v, conf, target, i);
        if (k != NULL)
            json_array_append_new(known, known_json(target, i, k));
        is_known &= k != NULL;
    }
    if (!is_known && target->check != CONF_NONE)
        json_array_append_new(unknown, json_text(target->name));
}

/* The server may serve another text of it by now. */
static bool is_newer(const char *file, int64_t loaded_ms)
{
    struct stat s;

    return stat(file, &s) == 0 &&
           (int64_t)s.st_mtim.tv_sec * 1000 + s.st_mtim.tv_nsec / 1000000 > loaded_ms;
}

json_t *verdicts_json(const struct verdicts *v, const struct conf *conf, const struct without *down)
{
    json_t *o = json_object(), *known = json_array(), *unknown = json_array(),
           *names = json_array();

    put_text(o, "source", source_word(v->source));
    put_text(o, "where", v->where);
    put_text(o, "why", v->why[0] == '\0' ? NULL : v->why);
    put_int(o, "now_ms", v->now_ms);
    if (v->source == VERDICTS_LIVE) {
        put_int(o, "world", v->world);
        put_int(o, "loaded_ms", v->loaded_ms);
        put_bool(o, "is_ready", v->is_ready);
        put_bool(o, "is_file_newer", is_newer(conf->file, v->loaded_ms));
    }
    for (size_t i = 0; i < conf->n_targets; i++)
        if (!without_has(down, conf, conf->targets[i].name))
            put_target(v, conf, &conf->targets[i], known, unknown);
    for (size_t i = 0; i < down->n; i++)
        json_array_append_new(names, json_text(conf->targets[down->targets[i]].name));
    put(o, "known", known);
    put(o, "taken_for_up", unknown);
    put(o, "taken_for_down", names);
    return o;
}

/* ---- as text ---- */

struct ages {
    size_t n_up, n_down, n_unchecked;
    int64_t least_ms, most_ms; /* since the last probe; -1: none */
};

static struct ages count(const json_t *verdicts)
{
    struct ages a = { .least_ms = -1, .most_ms = -1 };
    int64_t now_ms = get_int(verdicts, "now_ms", 0);
    const json_t *known;
    size_t i;

    json_array_foreach (get(verdicts, "known"), i, known) {
        int64_t probed_ms = get_int(known, "last_probe_ms", 0), age_ms = now_ms - probed_ms;
        if (!get_bool(known, "is_checked", true)) {
            a.n_unchecked++;
            continue;
        }
        a.n_up += get_bool(known, "is_up", true);
        a.n_down += !get_bool(known, "is_up", true);
        if (probed_ms == 0)
            continue;
        a.least_ms = a.least_ms < 0 || age_ms < a.least_ms ? age_ms : a.least_ms;
        a.most_ms = age_ms > a.most_ms ? age_ms : a.most_ms;
    }
    return a;
}

static void describe_ages(const struct ages *a, char out[static TEXT_LINE_LEN])
{
    char least[SPAN_TEXT_LEN], most[SPAN_TEXT_LEN];

    out[0] = '\0';
    if (a->most_ms < 0)
        return;
    span_format(a->least_ms, least);
    span_format(a->most_ms, most);
    if (strcmp(least, most) == 0)
        snprintf(out, TEXT_LINE_LEN, ", probed %s ago", most);
    else
        snprintf(out, TEXT_LINE_LEN, ", probed %s to %s ago", least, most);
}

static void write_source(const json_t *verdicts, FILE *out)
{
    const char *source = get_text(verdicts, "source", "none");
    const char *where = get_text(verdicts, "where", "?");
    struct ages a = count(verdicts);
    char ages[TEXT_LINE_LEN], unchecked[64] = "";

    describe_ages(&a, ages);
    if (a.n_unchecked > 0)
        snprintf(unchecked, sizeof unchecked, ", %zu without a check", a.n_unchecked);
    if (strcmp(source, "none") == 0)
        fprintf(out, "every target is taken for up (%s)", get_text(verdicts, "why", "?"));
    else if (strcmp(source, "live") == 0)
        fprintf(out, "of the running server at %s, world %lld: %zu addresses up, %zu down%s%s",
                where, (long long)get_int(verdicts, "world", 0), a.n_up, a.n_down, unchecked, ages);
    else
        fprintf(out, "saved in %s: %zu addresses up, %zu down%s", where, a.n_up, a.n_down, ages);
}

char *verdicts_sentence(const json_t *verdicts)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    fputs("Verdicts: ", out);
    write_source(verdicts, out);
    fputs(".", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void write_down(const json_t *verdicts, const json_t *known, FILE *out)
{
    int64_t now_ms = get_int(verdicts, "now_ms", 0), since_ms = get_int(known, "since_ms", 0);
    const char *address = get_text(known, "address", NULL), *error = get_text(known, "error", NULL);
    char span[SPAN_TEXT_LEN];

    text_field(out, "down", "%s%s%s%s%s%s%s", get_text(known, "target", "?"),
               address == NULL ? "" : " ", address == NULL ? "" : address,
               since_ms == 0 ? "" : " for ",
               since_ms == 0 ? "" : span_format(now_ms - since_ms, span), error == NULL ? "" : ": ",
               error == NULL ? "" : error);
}

static void write_names(const json_t *names, const char *label, const char *what, FILE *out)
{
    char line[TEXT_LINE_LEN] = "";
    const json_t *name;
    size_t i;

    json_array_foreach (names, i, name) {
        if (i == DOWN_SHOWN)
            text_append(line, ", ", "...");
        if (i >= DOWN_SHOWN)
            break;
        text_append(line, ", ", json_string_value(name));
    }
    if (line[0] != '\0')
        text_field(out, label, "%s (%s)", line, what);
}

void verdicts_text(const json_t *verdicts, FILE *out)
{
    bool is_none = strcmp(get_text(verdicts, "source", "none"), "none") == 0;
    char *sentence = verdicts_sentence(verdicts);
    size_t i, n_down = 0;
    const json_t *known;

    if (sentence == NULL)
        return;
    text_wrapped(out, 0, sentence);
    free(sentence);
    json_array_foreach (get(verdicts, "known"), i, known)
        if (!get_bool(known, "is_up", true) && n_down++ < DOWN_SHOWN)
            write_down(verdicts, known, out);
    if (n_down > DOWN_SHOWN)
        text_field(out, "down", "and %zu more", n_down - DOWN_SHOWN);
    if (!is_none)
        write_names(get(verdicts, "taken_for_up"), "taken for up", "no verdict is known", out);
    write_names(get(verdicts, "taken_for_down"), "as if down", "as asked", out);
    if (!get_bool(verdicts, "is_ready", true))
        text_field(out, "beware",
                   "the server still waits for first results: who has none is taken for up");
    if (get_bool(verdicts, "is_file_newer", false))
        text_field(out, "beware",
                   "the file was changed after the server read it: this is of the file");
}
