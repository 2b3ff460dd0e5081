/* reply_text.c - what became of a reload and of a purge, for a terminal. Pure. */
#include "reply_text.h"

#include "json_put.h"
#include "text.h"

void reply_print(const json_t *reply, bool is_json, void (*text)(const json_t *reply, FILE *out),
                 FILE *out)
{
    if (!is_json) {
        text(reply, out);
        return;
    }
    json_dumpf(reply, out, JSON_INDENT(2));
    fputc('\n', out);
}

void reload_text(const json_t *reply, FILE *out)
{
    size_t i;
    const json_t *line;
    long long shown = (long long)json_array_size(get(reply, "lines"));
    long long found = get_int(reply, "errors", 0) + get_int(reply, "warnings", 0);

    json_array_foreach (get(reply, "lines"), i, line)
        text_print(out, "%s\n", json_is_string(line) ? json_string_value(line) : "");
    if (found > shown)
        fprintf(out, "and %lld more\n", found - shown);
    if (get_bool(reply, "is_done", false))
        fprintf(out, "Reloaded in %lld ms: world %lld, %lld warning(s).\n",
                (long long)get_int(reply, "took_ms", 0), (long long)get_int(reply, "world", 0),
                (long long)get_int(reply, "warnings", 0));
    else
        fprintf(out, "Not reloaded: %lld error(s). The running configuration stays in use.\n",
                (long long)get_int(reply, "errors", 0));
}

void purge_text(const json_t *reply, FILE *out)
{
    long long n = get_int(reply, "edges", 0);

    fprintf(out, "Purged on %lld edge%s in %.2f ms: a request that begins now %s.\n", n,
            n == 1 ? "" : "s", (double)get_int(reply, "took_us", 0) / 1000,
            get_bool(reply, "is_soft", false) ? "finds it stale" : "finds none of it");
}
