/* explain_answer.c - what is sent, for how long and for whom it holds, for a terminal. Pure. */
#include "explain_text.h"

#include <string.h>

#include "json_put.h"
#include "text.h"

enum { OWNER_WIDTH = 30 };

static void write_section(const json_t *answer, const char *section, FILE *out)
{
    size_t i;
    const json_t *record;

    json_array_foreach (get(answer, section), i, record) {
        const char *name = get_text(record, "name", "?");
        int width = text_columns(name) > OWNER_WIDTH ? text_columns(name) : OWNER_WIDTH;
        fputs("  ", out);
        text_padded(out, name, width);
        fprintf(out, " %7lld IN ", (long long)get_int(record, "ttl", 0));
        text_padded(out, get_text(record, "type", "?"), 6);
        text_wrapped(out, 2 + width + 12 + 6, get_text(record, "data", "?"));
    }
}

static void write_scope(const json_t *x, FILE *out)
{
    const json_t *scope = get(get(x, "answer"), "ecs_scope");

    if (!json_is_integer(scope))
        text_field(out, "scope", "none is sent: the query has no client subnet");
    else if (json_integer_value(scope) == 0)
        text_field(out, "scope", "/0: caches may give it to every client");
    else
        text_field(out, "scope", "/%lld: caches may give it to all of %s",
                   (long long)json_integer_value(scope),
                   get_text(get(x, "choice"), "scope_network",
                            "the client's network of that length"));
}

/* What the TTL could have been cut to, if it was not. */
static void describe_slack(const json_t *x, char line[static TEXT_LINE_LEN])
{
    const json_t *draw = get(x, "draw"), *horizon = get(get(x, "choice"), "horizon_s");
    char text[64];

    line[0] = '\0';
    if (json_is_integer(horizon))
        snprintf(text, sizeof text, "a verdict may flip in %lld s",
                 (long long)json_integer_value(horizon));
    else
        snprintf(text, sizeof text, "no verdict wobbles");
    text_append(line, "; ", text);
    if (json_is_object(draw) && get_bool(draw, "is_sticky", false)) {
        text_append(line, ", ", "the draw is for good");
    } else if (json_is_object(draw)) {
        snprintf(text, sizeof text, "the draw's window ends in %lld s",
                 (long long)get_int(draw, "window_rest_s", 0));
        text_append(line, ", ", text);
    }
}

static void write_ttl(const json_t *x, FILE *out)
{
    const json_t *choice = get(x, "choice");
    const char *bound = get_text(choice, "ttl_bound", "ttl_s");
    long long ttl_s = get_int(choice, "ttl_s", 0);
    long long full_s = get_int(get(x, "service"), "ttl_s", 0);
    char slack[TEXT_LINE_LEN];

    describe_slack(x, slack);
    if (strcmp(get_text(get(x, "answer"), "rcode", ""), "SERVFAIL") == 0)
        text_field(out, "TTL",
                   "none: resolvers keep an error for five minutes at most (RFC 2308 7.1)");
    else if (strcmp(bound, "zone") == 0)
        text_field(out, "TTL", "the zone's, but no more than %lld s, the service's ttl_s", full_s);
    else if (strcmp(bound, "window") == 0)
        text_field(out, "TTL", "%lld s instead of %lld: the draw's window ends then", ttl_s,
                   full_s);
    else if (strcmp(bound, "horizon") == 0)
        text_field(out, "TTL", "%lld s instead of %lld: a verdict may flip that soon", ttl_s,
                   full_s);
    else
        text_field(out, "TTL", "%lld s, the service's ttl_s (%s)", ttl_s, slack);
}

void explain_write_answer(const json_t *x, FILE *out)
{
    static const char *const sections[] = { "answer", "authority", "additional" };
    const json_t *answer = get(x, "answer"), *flag;
    char flags[TEXT_LINE_LEN] = "";
    size_t i;

    json_array_foreach (get(answer, "flags"), i, flag)
        text_append(flags, " ", json_string_value(flag));
    text_heading(out, "What is sent?");
    text_field(out, "status", "%s, flags %s, %lld octets%s", get_text(answer, "rcode", "?"), flags,
               (long long)get_int(answer, "octets", 0),
               json_array_size(get(answer, "answer")) == 0 ? ", no answer record" : "");
    for (i = 0; i < sizeof sections / sizeof *sections; i++)
        write_section(answer, sections[i], out);
    if (get_text(answer, "trouble", NULL) != NULL)
        text_field(out, "trouble", "%s", get_text(answer, "trouble", ""));
    if (json_is_object(get(x, "choice"))) {
        write_scope(x, out);
        write_ttl(x, out);
    } else if (json_is_integer(get(answer, "ecs_scope"))) {
        write_scope(x, out); /* an alias may have led to a steered name */
    }
}
