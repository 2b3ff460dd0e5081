/* explain_stages.c - what each stage of the policy did, for a terminal. Pure.
 *
 * First the stages that see only the client's place: they come out alike for the whole network.
 * Then those that see what changes: health and the draw. Each keeps its number in the policy. */
#include "explain_text.h"

#include <string.h>

#include "json_put.h"
#include "moment.h"
#include "text.h"

enum {
    TARGET_WIDTH_MIN = 10,
    TARGET_WIDTH_MAX = 32,
    NAME_COLUMN = 16,
    ADDRESS_WIDTH = 23,
    FAR_KM = 1000000
};

static bool is(const json_t *object, const char *key, const char *value)
{
    return strcmp(get_text(object, key, ""), value) == 0;
}

static const json_t *target_of(const json_t *x, const char *name)
{
    size_t i;
    const json_t *target;

    json_array_foreach (get(x, "targets"), i, target)
        if (is(target, "name", name))
            return target;
    return NULL;
}

static int target_width(const json_t *x)
{
    int width = TARGET_WIDTH_MIN;
    size_t i;
    const json_t *target;

    json_array_foreach (get(x, "targets"), i, target) {
        int n = text_columns(get_text(target, "name", ""));
        width = n > width ? n : width;
    }
    return width < TARGET_WIDTH_MAX ? width : TARGET_WIDTH_MAX;
}

/* ---- health ---- */

static const char *verdict_text(const json_t *probe)
{
    if (is(probe, "verdict", "down"))
        return "DOWN";
    if (is(probe, "verdict", "unchecked"))
        return "no check: counts as up";
    if (is(probe, "verdict", "unknown"))
        return "no result yet: not used";
    return get_text(probe, "verdict", "?");
}

/* "up for 3 h 02 min, 0.4 ms" or "DOWN for 20 s: connection refused" */
static void describe_probe(const json_t *probe, int64_t now_ms, char line[static TEXT_LINE_LEN])
{
    bool is_down = is(probe, "verdict", "down");
    int64_t since_ms = get_int(probe, "since_ms", 0), contrary = get_int(probe, "contrary", 0);
    char span[SPAN_TEXT_LEN], text[96];

    line[0] = '\0';
    text_append(line, "", verdict_text(probe));
    if (since_ms > 0) {
        snprintf(text, sizeof text, "for %s", span_format(now_ms - since_ms, span));
        text_append(line, " ", text);
    }
    if (!is_down && get_int(probe, "rtt_us", 0) > 0) {
        snprintf(text, sizeof text, "%.1f ms", (double)get_int(probe, "rtt_us", 0) / 1000);
        text_append(line, ", ", text);
    }
    if (contrary > 0) {
        snprintf(text, sizeof text, "but its last %lld probe%s", (long long)contrary,
                 contrary == 1 ? "" : "s");
        text_append(line, ", ", text);
        text_append(line, " ", is_down ? "succeeded" : "failed");
    }
    if (is_down || contrary > 0)
        text_append(line, ": ", get_text(probe, "error", NULL));
}

static void write_address(FILE *out, const char *address, const char *text, int column)
{
    text_padded(out, address, ADDRESS_WIDTH);
    fputs("  ", out);
    text_wrapped(out, column + ADDRESS_WIDTH + 2, text);
}

/* What is believed of each address, a line each; the first stands behind the target's name. */
static void write_probes(const json_t *target, int64_t now_ms, int column, FILE *out)
{
    char text[TEXT_LINE_LEN];
    size_t i;
    const json_t *probe;

    json_array_foreach (get(target, "probes"), i, probe) {
        describe_probe(probe, now_ms, text);
        fprintf(out, "%*s", i == 0 ? 0 : column, "");
        write_address(out, get_text(probe, "address", "not resolved"), text, column);
    }
}

static void write_health(const json_t *x, const json_t *candidate, int column, FILE *out)
{
    const json_t *target = target_of(x, get_text(candidate, "target", ""));
    int64_t now_ms = get_int(get(x, "source"), "now_ms", 0);
    const char *reason = get_text(candidate, "reason", "");
    if (json_array_size(get(target, "probes")) == 0) {
        bool is_taken = strcmp(reason, "up") == 0 && !get_bool(get(x, "source"), "is_live", true);
        text_wrapped(out, column, is_taken ? "taken for up" : reason);
        return;
    }
    write_probes(target, now_ms, column, out);
}

/* ---- the other stages ---- */

static void write_order(const json_t *candidate, int column, FILE *out)
{
    double km = get_real(candidate, "km", -1), odds = get_real(candidate, "odds_pct", -1);
    const char *reason = get_text(candidate, "reason", "");
    char number[NUMBER_TEXT_LEN];

    if (km >= 0)
        fprintf(out, "%8s km", number_format(km < FAR_KM ? (int64_t)(km + 0.5) : FAR_KM, number));
    else if (odds >= 0)
        fprintf(out, "%8.1f %%", odds);
    if (reason[0] != '\0')
        fprintf(out, "%*s", km >= 0 ? 3 : odds >= 0 ? 4 : 14, "");
    text_wrapped(out, column + 14, reason);
}

static void write_candidate(const json_t *x, const json_t *stage, const json_t *candidate,
                            FILE *out)
{
    int width = target_width(x), column = NAME_COLUMN + width + 2;
    char tier[16];

    snprintf(tier, sizeof tier, "tier %d", (int)(get_int(candidate, "tier", 0) & 0xffff) + 1);
    fprintf(out, "       %-8s ", get_bool(candidate, "is_kept", false) ? tier : "dropped");
    text_padded(out, get_text(candidate, "target", "?"), width + 2);
    if (is(stage, "stage", "healthy"))
        write_health(x, candidate, column, out);
    else
        write_order(candidate, column, out);
}

static void write_stage_head(const json_t *x, const json_t *stage, FILE *out)
{
    int64_t index = get_int(stage, "index", 0);
    const json_t *policy = get(get(x, "service"), "policy");
    const json_t *setting = index < 0 ? NULL : json_array_get(policy, (size_t)index);
    const char *detail = get_text(setting, "detail", NULL);

    if (is(stage, "stage", "healthy") && get_bool(get(x, "choice"), "is_open", false))
        detail = "nobody is up, so verdicts are ignored";
    if (index < 0)
        text_print(out, "    0. who has an answer to type %s?\n",
                   get_text(get(x, "question"), "type", "?"));
    else
        text_print(out, "    %lld. %s%s%s\n", (long long)index + 1, get_text(stage, "stage", "?"),
                   detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}

static void write_half(const json_t *x, bool is_by_place, const char *title, FILE *out)
{
    const json_t *stage, *candidate;
    bool is_first = true;
    size_t i, j;

    json_array_foreach (get(x, "stages"), i, stage) {
        if (get_bool(stage, "is_by_place", true) != is_by_place)
            continue;
        if (is_first)
            text_print(out, "  %s\n", title);
        is_first = false;
        write_stage_head(x, stage, out);
        json_array_foreach (get(stage, "candidates"), j, candidate)
            write_candidate(x, stage, candidate, out);
    }
}

static void write_chosen(const json_t *x, FILE *out)
{
    const json_t *choice = get(x, "choice"), *draw = get(x, "draw"), *name;
    bool is_drawn = get_bool(choice, "is_drawn", false);
    char names[TEXT_LINE_LEN] = "";
    size_t i;

    json_array_foreach (get(choice, "targets"), i, name)
        text_append(names, ", ", json_string_value(name));
    if (names[0] == '\0')
        fputs("  Nobody is left.\n", out);
    else if (is_drawn && get_bool(draw, "is_sticky", false))
        text_field(out, "drawn", "%s, by weight, for %s for good", names,
                   get_text(draw, "identity", "?"));
    else if (is_drawn && json_is_object(draw))
        text_field(out, "drawn", "%s, by weight, for %s in window %lld", names,
                   get_text(draw, "identity", "?"), (long long)get_int(draw, "window", 0));
    else
        text_field(out, is_drawn ? "drawn" : "chosen", "%s%s", names,
                   is_drawn ? ", for this query alone" : ", first of those left");
    if (get_int(get(x, "service"), "addresses", 0) > 0 && names[0] != '\0')
        text_field(out, "turns", "at most %lld addresses of each%s%s",
                   (long long)get_int(get(x, "service"), "addresses", 0),
                   json_is_object(draw) ? ", by the turn of " : "",
                   json_is_object(draw) ? get_text(draw, "identity", "?") : "");
}

void explain_write_stages(const json_t *x, FILE *out)
{
    const json_t *service = get(x, "service");
    char title[TEXT_LINE_LEN];

    text_heading(out, "What does the policy of service \"%s\" make of it? (%s:%lld)",
                 get_text(service, "name", "?"), get_text(service, "file", "?"),
                 (long long)get_int(service, "line", 0));
    snprintf(title, sizeof title, "By the client's place, alike for %s:",
             get_text(get(x, "class"), "network", "every client"));
    write_half(x, true, title, out);
    write_half(x, false, "By what is known now:", out);
    if (get_bool(x, "is_truncated", false))
        fputs("       ... and more than is kept\n", out);
    write_chosen(x, out);
}
