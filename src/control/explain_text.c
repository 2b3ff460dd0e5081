/* explain_text.c - an explanation for a terminal, from explain_json's object. Pure.
 *
 * In the order a person asks: what was the question and where does it go; where is the client; what
 * did each stage do (explain_stages.c); what is sent, for how long and for whom it holds
 * (explain_answer.c). */
#include "explain_text.h"

#include <string.h>

#include "json_put.h"
#include "text.h"

/* ---- question and result ---- */

static void write_without(const json_t *names, FILE *out)
{
    char line[TEXT_LINE_LEN] = "";
    const json_t *name;
    size_t i;

    json_array_foreach (names, i, name)
        text_append(line, ", ", json_string_value(name));
    if (line[0] != '\0')
        text_print(out, "As if these were down: %s.\n", line);
}

static void write_source(const json_t *x, FILE *out)
{
    const json_t *source = get(x, "source");
    const char *note = get_text(source, "note", NULL);
    char line[TEXT_LINE_LEN];

    if (note != NULL)
        snprintf(line, sizeof line, "%s", note);
    else
        snprintf(line, sizeof line, "Asked the running server (world %lld of %s).",
                 (long long)get_int(source, "world", 0), get_text(source, "file", "?"));
    text_wrapped(out, 0, line);
    write_without(get(source, "without"), out);
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
    const char *verdict = get_text(get(x, "zone"), "verdict", "");

    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (strcmp(results[i].verdict, verdict) == 0)
            return results[i].sentence;
    return "?";
}

static const char *no_target_result(const json_t *x)
{
    const char *policy = get_text(get(x, "service"), "no_target", "zone");

    return strcmp(policy, "nodata") == 0     ? "nobody: no target is left (no_target = nodata)"
           : strcmp(policy, "servfail") == 0 ? "nobody: no target is left (no_target = servfail)"
                                             : "the zone's own records: no target is left";
}

static void write_result(const json_t *x, FILE *out)
{
    const json_t *choice = get(x, "choice");
    char names[TEXT_LINE_LEN] = "";
    const json_t *name;
    size_t i;

    if (!json_is_object(choice)) {
        text_field(out, "answer", "%s", zone_result(x));
        return;
    }
    json_array_foreach (get(choice, "targets"), i, name)
        text_append(names, ", ", json_string_value(name));
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
    const json_t *q = get(x, "question");
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

/* An alias in the zone may lead to a name that is steered. */
static void write_alias(const json_t *x, FILE *out)
{
    const char *name = NULL;
    size_t i;
    const json_t *record;

    if (json_is_object(get(x, "choice")))
        return;
    json_array_foreach (get(get(x, "answer"), "answer"), i, record)
        if (strcmp(get_text(record, "type", ""), "CNAME") == 0)
            name = get_text(record, "data", "?");
    if (name != NULL)
        text_field(out, "alias", "leads to %s: explain that name to see what steers it", name);
}

static void write_zone(const json_t *x, FILE *out)
{
    const json_t *zone = get(x, "zone"), *service = get(x, "service");
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
    write_alias(x, out);
}

/* ---- the client's place ---- */

static void describe_place(const json_t *place, char out[static TEXT_LINE_LEN])
{
    char text[96];
    const char *city = get_text(place, "city", NULL);
    const char *subdivision = get_text(place, "subdivision", NULL);

    out[0] = '\0';
    text_append(out, ", ", city);
    if (city == NULL || subdivision == NULL || strcmp(city, subdivision) != 0)
        text_append(out, ", ", subdivision);
    text_append(out, ", ", get_text(place, "country", NULL));
    text_append(out, ", ", get_text(place, "continent", NULL));
    if (get(place, "latitude") != NULL) {
        snprintf(text, sizeof text, "(%.2f, %.2f)%s", get_real(place, "latitude", 0),
                 get_real(place, "longitude", 0),
                 get_bool(place, "is_country_level", false) ? ", the country's point" : "");
        text_append(out, " ", text);
    }
    if (get_int(place, "asn", 0) != 0) {
        snprintf(text, sizeof text, "AS%lld", (long long)get_int(place, "asn", 0));
        text_append(out, ", ", text);
    }
    if (get_text(place, "region", NULL) != NULL) {
        snprintf(text, sizeof text, "region %.60s", get_text(place, "region", ""));
        text_append(out, ", ", text);
    }
}

static void write_origin(const json_t *place, FILE *out)
{
    const char *source = get_text(place, "source", NULL);
    long long line = get_int(place, "line", 0);
    char where[32] = "";

    if (source == NULL)
        return;
    if (line > 0)
        snprintf(where, sizeof where, ":%lld", line);
    text_field(out, "known from", "%s%s, for all of %s", source, where,
               get_text(place, "network", "?"));
}

static void write_place(const json_t *x, FILE *out)
{
    const json_t *place = get(x, "place");
    char text[TEXT_LINE_LEN];

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
    const json_t *decided = get(x, "decided");
    bool is_by_ecs = strcmp(get_text(decided, "by", ""), "ecs") == 0;
    bool is_asked = get_text(get(x, "question"), "client", NULL) != NULL;

    text_field(out, "decided by", "%s, %s", get_text(decided, "address", "?"),
               is_by_ecs  ? "the client subnet in the query (ECS)"
               : is_asked ? "the resolver: the client subnet says nothing that places it"
                          : "the resolver's own address: there is no client subnet");
}

static void write_class(const json_t *x, FILE *out)
{
    const json_t *class = get(x, "class");
    char networks[NUMBER_TEXT_LEN];

    if (!json_is_object(class)) {
        text_field(out, "class", "one for all: the policy has no stage that looks at the place");
        return;
    }
    number_format(get_int(class, "view_networks", 0), networks);
    text_field(out, "class",
               "%lld of %lld, like all of %s (view %lld cuts the world into %s networks)",
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

void explain_text(const json_t *explanation, FILE *out)
{
    const json_t *x = explanation, *sentence;
    size_t i;

    write_source(x, out);
    write_question(x, out);
    write_zone(x, out);
    if (json_is_object(get(x, "choice"))) {
        write_client(x, out);
        explain_write_stages(x, out);
    }
    explain_write_answer(x, out);
    if (!json_is_object(get(x, "choice")))
        return; /* no place was looked up */
    json_array_foreach (get(x, "attribution"), i, sentence) {
        fputs(i == 0 ? "\n" : "", out);
        text_wrapped(out, 0, json_is_string(sentence) ? json_string_value(sentence) : "");
    }
}
