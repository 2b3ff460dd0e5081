/* explain_text.c - an explanation for a terminal, from explain_json's object. Pure.
 *
 * In the order a person asks: what was the question and where does it go; where is the client; how
 * are the targets; what did each stage do; what is sent, and for how long and for whom it holds. */
#include "explain_text.h"

#include <stdlib.h>
#include <string.h>

#include "json_put.h"
#include "moment.h"
#include "text.h"

enum { LINE_LEN = 1024, TARGET_WIDTH_MIN = 10, TARGET_WIDTH_MAX = 32, PROBES_SHOWN = 40 };

static const json_t *at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

/* "a, b, c" from an array of texts. */
static void join(const json_t *array, const char *between, char out[static LINE_LEN])
{
    size_t i, n = 0;
    const json_t *item;

    out[0] = '\0';
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(item);
        if (text != NULL && n < LINE_LEN - 1)
            n += (size_t)snprintf(out + n, LINE_LEN - n, "%s%s", i == 0 ? "" : between, text);
    }
}

/* ---- question and result ---- */

static void write_source(const json_t *x, FILE *out)
{
    const json_t *source = at(x, "source");
    const char *note = get_text(source, "note", NULL);
    char line[LINE_LEN];

    if (note != NULL)
        snprintf(line, sizeof line, "%s", note);
    else
        snprintf(line, sizeof line, "Asked the running server (world %lld of %s).",
                 (long long)get_int(source, "world", 0), get_text(source, "file", "?"));
    text_wrapped(out, 0, line);
    if (!get_bool(source, "is_ready", true))
        text_wrapped(out, 0,
                     "The server still waits for first probe results: steered names are not "
                     "answered yet.");
}

static const char *zone_result(const json_t *x)
{
    static const struct {
        const char *verdict, *sentence;
    } results[] = {
        { "outside", "refused: the name is in no zone of this server" },
        { "found", "the zone's own records" },
        { "wildcard", "the zone's own records, by a wildcard" },
        { "absent", "NXDOMAIN: the zone has no such name" },
        { "delegated", "a referral: the zone delegates the name" },
        { "below_dname", "a DNAME above the name moves it" },
    };
    const char *verdict = get_text(at(x, "zone"), "verdict", "");

    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (strcmp(results[i].verdict, verdict) == 0)
            return results[i].sentence;
    return "?";
}

static const char *no_target_result(const json_t *x)
{
    const char *policy = get_text(at(x, "service"), "no_target", "zone");

    return strcmp(policy, "nodata") == 0     ? "nobody: no target is left (no_target = nodata)"
           : strcmp(policy, "servfail") == 0 ? "nobody: no target is left (no_target = servfail)"
                                             : "the zone's own records: no target is left";
}

static void write_result(const json_t *x, FILE *out)
{
    const json_t *choice = at(x, "choice");
    char names[LINE_LEN];

    if (!json_is_object(choice)) {
        text_field(out, "answer", "%s", zone_result(x));
        return;
    }
    join(at(choice, "targets"), ", ", names);
    if (names[0] == '\0')
        text_field(out, "goes to", "%s", no_target_result(x));
    else
        text_field(out, "goes to", "%s%s", names,
                   get_bool(choice, "is_open", false)
                       ? " - ALTHOUGH DOWN: no target is up, so verdicts are ignored"
                       : "");
}

static void write_question(const json_t *x, FILE *out)
{
    const json_t *q = at(x, "question");
    const char *client = get_text(q, "client", NULL);
    const char *name = get_text(q, "name", "?");

    text_heading(out, "%s%s %s", name, strcmp(name, ".") == 0 ? "" : ".", get_text(q, "type", "?"));
    if (client != NULL)
        text_field(out, "client", "%s, passed on by the resolver %s", client,
                   get_text(q, "resolver", "?"));
    else
        text_field(out, "resolver", "%s, which says nothing of its client",
                   get_text(q, "resolver", "?"));
    text_field(out, "at", "%s", get_text(q, "at", "?"));
    write_result(x, out);
}

static void write_zone(const json_t *x, FILE *out)
{
    const json_t *zone = at(x, "zone"), *service = at(x, "service");
    const char *name = get_text(zone, "name", NULL);

    if (name != NULL)
        text_field(out, "zone", "%s, serial %lld (%s)", name, (long long)get_int(zone, "serial", 0),
                   get_text(zone, "file", "?"));
    if (json_is_object(service) && !get_bool(service, "is_steered_type", false))
        text_field(out, "service", "%s (%s:%lld) does not steer this type: the zone answers",
                   get_text(service, "name", "?"), get_text(service, "file", "?"),
                   (long long)get_int(service, "line", 0));
    else if (!json_is_object(service) && name != NULL)
        text_field(out, "service", "none: the name is not steered");
}

/* ---- the client's place ---- */

static void append(char out[static LINE_LEN], const char *between, const char *text)
{
    if (text == NULL)
        return;
    if (out[0] != '\0')
        strncat(out, between, LINE_LEN - 1 - strlen(out));
    strncat(out, text, LINE_LEN - 1 - strlen(out));
}

static void describe_place(const json_t *place, char out[static LINE_LEN])
{
    char text[96];
    const char *city = get_text(place, "city", NULL);
    const char *subdivision = get_text(place, "subdivision", NULL);

    out[0] = '\0';
    append(out, ", ", city);
    if (city == NULL || subdivision == NULL || strcmp(city, subdivision) != 0)
        append(out, ", ", subdivision);
    append(out, ", ", get_text(place, "country", NULL));
    append(out, ", ", get_text(place, "continent", NULL));
    if (at(place, "latitude") != NULL) {
        snprintf(text, sizeof text, "(%.2f, %.2f)%s", get_real(place, "latitude", 0),
                 get_real(place, "longitude", 0),
                 get_bool(place, "is_country_level", false) ? ", the country's point" : "");
        append(out, " ", text);
    }
    if (get_int(place, "asn", 0) != 0) {
        snprintf(text, sizeof text, "AS%lld", (long long)get_int(place, "asn", 0));
        append(out, ", ", text);
    }
    if (get_text(place, "region", NULL) != NULL) {
        snprintf(text, sizeof text, "region %.60s", get_text(place, "region", ""));
        append(out, ", ", text);
    }
}

static void write_origin(const json_t *place, FILE *out)
{
    const char *source = get_text(place, "source", NULL);
    long long line = get_int(place, "line", 0);
    char where[LINE_LEN] = "";

    if (source == NULL)
        return;
    if (line > 0)
        snprintf(where, sizeof where, ", line %lld", line);
    text_field(out, "known from", "%s%s, for %s", source, where, get_text(place, "network", "?"));
}

static void write_place(const json_t *x, FILE *out)
{
    const json_t *place = at(x, "place");
    char text[LINE_LEN];

    describe_place(place, text);
    if (get_bool(place, "is_special", false))
        text_field(out, "place", "none: a special-purpose address (%s)",
                   get_text(place, "network", "?"));
    else if (text[0] == '\0')
        text_field(out, "place", "unknown: no database lists %s", get_text(place, "network", "it"));
    else
        text_field(out, "place", "%s", text);
    write_origin(place, out);
}

static void write_decided(const json_t *x, FILE *out)
{
    const json_t *decided = at(x, "decided");
    bool is_by_ecs = strcmp(get_text(decided, "by", ""), "ecs") == 0;
    bool is_asked = get_text(at(x, "question"), "client", NULL) != NULL;

    text_field(out, "decided by", "%s, %s", get_text(decided, "address", "?"),
               is_by_ecs  ? "the client subnet in the query (ECS)"
               : is_asked ? "the resolver: the client subnet says nothing that places it"
                          : "the resolver's own address: there is no client subnet");
}

static void write_class(const json_t *x, FILE *out)
{
    const json_t *class = at(x, "class");
    char networks[NUMBER_TEXT_LEN];

    if (!json_is_object(class)) {
        text_field(out, "class", "one for all: the policy has no stage that looks at the place");
        return;
    }
    number_format(get_int(class, "view_networks", 0), networks);
    text_field(out, "class", "%lld of %lld, and so is all of %s (view %lld cuts the world into %s)",
               (long long)get_int(class, "number", 0) + 1, (long long)get_int(class, "count", 0),
               get_text(class, "network", "?"), (long long)get_int(class, "view", 0), networks);
}

static void write_client(const json_t *x, FILE *out)
{
    text_heading(out, "Where is the client?");
    write_decided(x, out);
    write_place(x, out);
    write_class(x, out);
}

/* ---- the targets ---- */

static int target_width(const json_t *x)
{
    int width = TARGET_WIDTH_MIN;
    size_t i;
    const json_t *target;

    json_array_foreach(at(x, "targets"), i, target)
    {
        int n = text_columns(get_text(target, "name", ""));
        width = n > width ? n : width;
    }
    return width < TARGET_WIDTH_MAX ? width : TARGET_WIDTH_MAX;
}

/* "up for 3 h 02 min, 0.4 ms" or "DOWN for 20 s: connection refused" */
static void describe_probe(const json_t *probe, int64_t now_ms, char out[static LINE_LEN])
{
    const char *verdict = get_text(probe, "verdict", "?");
    bool is_down = strcmp(verdict, "down") == 0;
    int64_t since_ms = get_int(probe, "since_ms", 0);
    char span[SPAN_TEXT_LEN], text[LINE_LEN];

    snprintf(out, LINE_LEN, "%s",
             is_down                             ? "DOWN"
             : strcmp(verdict, "unchecked") == 0 ? "not checked, counts as up"
             : strcmp(verdict, "unknown") == 0   ? "no result yet"
                                                 : verdict);
    if (since_ms > 0) {
        snprintf(text, sizeof text, "for %s", span_format(now_ms - since_ms, span));
        append(out, " ", text);
    }
    if (!is_down && get_int(probe, "rtt_us", 0) > 0) {
        snprintf(text, sizeof text, "%.1f ms", (double)get_int(probe, "rtt_us", 0) / 1000);
        append(out, ", ", text);
    }
    if (get_int(probe, "contrary", 0) > 0) {
        snprintf(text, sizeof text, "but the last %lld result(s) say otherwise",
                 (long long)get_int(probe, "contrary", 0));
        append(out, ", ", text);
    }
    if (is_down || get_int(probe, "contrary", 0) > 0)
        append(out, ": ", get_text(probe, "error", NULL));
}

static void write_target_line(FILE *out, const char *name, int width, const char *address,
                              const char *text)
{
    fputs("  ", out);
    text_padded(out, name, width + 2);
    text_padded(out, address, 24);
    fputc(' ', out);
    text_wrapped(out, 2 + width + 2 + 24 + 1, text);
}

static int write_probes(const json_t *target, int width, int64_t now_ms, FILE *out)
{
    const char *name = get_text(target, "name", "?");
    char text[LINE_LEN];
    size_t i;
    const json_t *probe;

    json_array_foreach(at(target, "probes"), i, probe)
    {
        describe_probe(probe, now_ms, text);
        write_target_line(out, i == 0 ? name : "", width,
                          get_text(probe, "address", "not resolved yet"), text);
    }
    return (int)json_array_size(at(target, "probes"));
}

/* Without a health thread: what the inputs say. */
static int write_inputs(const json_t *target, int width, FILE *out)
{
    const char *name = get_text(target, "name", "?");
    size_t i;
    const json_t *address;

    json_array_foreach(at(target, "addresses"), i, address)
        write_target_line(out, i == 0 ? name : "", width, get_text(address, "address", "?"),
                          get_bool(address, "is_up", false) ? "taken for up" : "DOWN");
    if (json_array_size(at(target, "addresses")) == 0)
        write_target_line(out, name, width, get_text(target, "cname", "?"),
                          get_bool(target, "is_up", false) ? "taken for up" : "DOWN");
    return (int)json_array_size(at(target, "addresses")) + 1;
}

static void write_targets(const json_t *x, FILE *out)
{
    int width = target_width(x), lines = 0;
    int64_t now_ms = get_int(at(x, "question"), "at_ms", 0);
    size_t i;
    const json_t *target;

    text_heading(out, "How are the targets?");
    json_array_foreach(at(x, "targets"), i, target)
    {
        if (lines >= PROBES_SHOWN) {
            fprintf(out, "  and %zu more targets (--json shows all)\n",
                    json_array_size(at(x, "targets")) - i);
            return;
        }
        lines += json_array_size(at(target, "probes")) > 0
                     ? write_probes(target, width, now_ms, out)
                     : write_inputs(target, width, out);
    }
}

/* ---- the stages ---- */

static void write_candidate(const json_t *candidate, int width, FILE *out)
{
    bool is_kept = get_bool(candidate, "is_kept", false);
    double km = get_real(candidate, "km", -1), odds = get_real(candidate, "odds_pct", -1);
    const char *reason = get_text(candidate, "reason", "");
    char number[NUMBER_TEXT_LEN], tier[16], cell[NUMBER_TEXT_LEN + 8];

    snprintf(tier, sizeof tier, "tier %d", (int)(get_int(candidate, "tier", 0) & 0xffff) + 1);
    fprintf(out, "     %-8s ", is_kept ? tier : "dropped");
    text_padded(out, get_text(candidate, "target", "?"), width + 1);
    snprintf(cell, sizeof cell, "%s km", number_format((int64_t)(km + 0.5), number));
    fprintf(out, " %9s", km < 0 ? "" : cell);
    snprintf(cell, sizeof cell, "%.1f %%", odds);
    fprintf(out, " %8s", odds < 0 ? "" : cell);
    if (reason[0] == '\0') {
        fputc('\n', out);
        return;
    }
    fputs("   ", out);
    text_wrapped(out, 5 + 8 + 1 + width + 1 + 10 + 9 + 3, reason);
}

static void write_stage_head(const json_t *x, const json_t *stage, FILE *out)
{
    int64_t index = get_int(stage, "index", 0);
    const json_t *policy = at(at(x, "service"), "policy");
    const json_t *setting = index < 0 ? NULL : json_array_get(policy, (size_t)index);
    const char *detail = get_text(setting, "detail", NULL);

    if (index < 0)
        fprintf(out, "\n  Before the stages: who has type %s?\n",
                get_text(at(x, "question"), "type", "?"));
    else if (setting == NULL)
        fputs("\n  In the end\n", out);
    else
        fprintf(out, "\n  %lld. %s%s%s%s\n", (long long)index + 1, get_text(setting, "stage", "?"),
                detail == NULL ? "" : " (", detail == NULL ? "" : detail,
                detail == NULL ? "" : ")");
}

static void write_stages(const json_t *x, FILE *out)
{
    const json_t *service = at(x, "service"), *stage, *candidate;
    int width = target_width(x);
    int64_t pass = 1;
    size_t i, j;

    text_heading(out, "What does the policy make of it?");
    text_field(out, "service", "%s (%s:%lld)", get_text(service, "name", "?"),
               get_text(service, "file", "?"), (long long)get_int(service, "line", 0));
    json_array_foreach(at(x, "stages"), i, stage)
    {
        if (get_int(stage, "pass", 1) != pass)
            fputs("\n  Nothing is left: once more, without the verdicts of probes\n", out);
        pass = get_int(stage, "pass", 1);
        write_stage_head(x, stage, out);
        json_array_foreach(at(stage, "candidates"), j, candidate)
            write_candidate(candidate, width, out);
    }
    if (get_bool(x, "is_truncated", false))
        fputs("     ... and more than is kept\n", out);
}

/* ---- the answer ---- */

static void write_section(const json_t *answer, const char *section, FILE *out)
{
    size_t i;
    const json_t *record;

    json_array_foreach(at(answer, section), i, record)
    {
        fprintf(out, "  %-32s %6lld  %-6s ", get_text(record, "name", "?"),
                (long long)get_int(record, "ttl", 0), get_text(record, "type", "?"));
        text_wrapped(out, 2 + 33 + 8 + 7, get_text(record, "data", "?"));
    }
}

static void write_scope(const json_t *x, FILE *out)
{
    const json_t *choice = at(x, "choice"), *class = at(x, "class");
    int64_t scope = get_int(choice, "scope_bits", get_int(at(x, "answer"), "ecs_scope", 0));

    if (scope == 0)
        text_field(out, "scope", "/0: the same for every client");
    else
        text_field(out, "scope", "/%lld: caches may give it to all of %s", (long long)scope,
                   get_text(class, "network", "that network"));
}

static void write_ttl(const json_t *x, FILE *out)
{
    const json_t *choice = at(x, "choice"), *draw = at(x, "draw");
    const char *bound = get_text(choice, "ttl_bound", "ttl_s");
    long long ttl_s = get_int(choice, "ttl_s", 0);
    char rest[LINE_LEN] = "";

    if (strcmp(bound, "zone") == 0) {
        text_field(out, "TTL", "the zone's");
        return;
    }
    if (json_is_object(draw))
        snprintf(rest, sizeof rest, "; the window of the draw ends in %lld s",
                 (long long)get_int(draw, "window_rest_s", 0));
    if (strcmp(bound, "window") == 0)
        text_field(out, "TTL", "%lld s: the rest of the draw's window", ttl_s);
    else if (strcmp(bound, "horizon") == 0)
        text_field(out, "TTL", "%lld s: a verdict may flip that soon (the horizon)%s", ttl_s, rest);
    else
        text_field(out, "TTL", "%lld s, the service's ttl_s: nothing cuts it%s", ttl_s, rest);
}

static void write_draw(const json_t *x, FILE *out)
{
    const json_t *draw = at(x, "draw");

    if (json_is_object(draw))
        text_field(out, "drawn for", "%s in window %lld: the same for A, AAAA and HTTPS",
                   get_text(draw, "identity", "?"), (long long)get_int(draw, "window", 0));
}

static void write_answer(const json_t *x, FILE *out)
{
    static const char *const sections[] = { "answer", "authority", "additional" };
    const json_t *answer = at(x, "answer");
    char flags[LINE_LEN];

    join(at(answer, "flags"), " ", flags);
    text_heading(out, "What is sent?");
    text_field(out, "status", "%s; flags %s; %lld octets%s", get_text(answer, "rcode", "?"), flags,
               (long long)get_int(answer, "octets", 0),
               json_array_size(at(answer, "answer")) == 0 ? "; no answer record" : "");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        write_section(answer, sections[i], out);
    if (get_text(answer, "trouble", NULL) != NULL)
        text_field(out, "trouble", "%s", get_text(answer, "trouble", ""));
    if (json_is_object(at(x, "choice"))) {
        write_scope(x, out);
        write_ttl(x, out);
        write_draw(x, out);
    }
}

void explain_text(const json_t *explanation, FILE *out)
{
    const json_t *x = explanation, *sentence;
    size_t i;

    write_source(x, out);
    write_question(x, out);
    write_zone(x, out);
    if (json_is_object(at(x, "choice"))) {
        write_client(x, out);
        write_targets(x, out);
        write_stages(x, out);
    }
    write_answer(x, out);
    json_array_foreach(at(x, "attribution"), i, sentence)
    {
        fputs(i == 0 ? "\n" : "", out);
        text_wrapped(out, 0, json_is_string(sentence) ? json_string_value(sentence) : "");
    }
}
