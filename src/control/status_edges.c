/* status_edges.c - the edges in the status for a terminal. Pure. */
#include "status_edges.h"

#include "json_put.h"
#include "table.h"
#include "text.h"

/* "12.3 %", or "-" of nothing. */
static void put_share(struct table *t, int64_t part, int64_t whole)
{
    if (whole > 0)
        table_cell(t, "%.1f %%", 100.0 * (double)part / (double)whole);
    else
        table_cell(t, "-");
}

static void put_ms(struct table *t, const json_t *times, const char *key)
{
    if (get_int(times, "n", 0) > 0)
        table_cell(t, "%.2f", (double)get_int(times, key, 0) / 1000);
    else
        table_cell(t, "-");
}

/* Of what clients asked of the cache: what an edge answers by itself is none of it. */
static int64_t cacheable_requests(const json_t *requests)
{
    static const char *const results[] = { "hit", "miss", "stale", "bypass", "revalidated" };
    int64_t n = 0;

    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        n += get_int(requests, results[i], 0);
    return n;
}

/* Its own errors, too. */
static int64_t all_responses(const json_t *codes)
{
    static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };
    int64_t n = 0;

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        n += get_int(codes, classes[i], 0);
    return n;
}

static void write_edges(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "edge",   "state",      "requests", "hit",
                                         "miss",   "stale",      "bypass",   "p50 ms",
                                         "p99 ms", "origin p50", "stored",   NULL };
    struct table *t = table_new(heads, "llrrrrrrrrr");
    char text[NUMBER_TEXT_LEN];
    size_t i;
    const json_t *edge;

    json_array_foreach (get(status, "edges"), i, edge) {
        const json_t *n = get(edge, "requests");
        int64_t all = cacheable_requests(n);
        table_cell(t, "%s", get_text(edge, "pop", "?"));
        table_cell(t, "%s", get_text(edge, "state", "?"));
        table_cell(t, "%s", number_format(all, text));
        put_share(t, get_int(n, "hit", 0), all);
        put_share(t, get_int(n, "miss", 0) + get_int(n, "revalidated", 0), all);
        put_share(t, get_int(n, "stale", 0), all);
        put_share(t, get_int(n, "bypass", 0), all);
        put_ms(t, get(edge, "edge_time"), "p50_us");
        put_ms(t, get(edge, "edge_time"), "p99_us");
        put_ms(t, get(edge, "origin_time"), "p50_us");
        table_cell(t, "%s", octets_format(get_int(edge, "store_bytes", 0), text));
    }
    table_end(t, "Edges (a miss may have been a revalidation)", out);
}

/* What went wrong between clients, edges and origins, and how much of it the cache spared. */
static void write_edge_traffic(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "edge",    "from cache", "from origin", "fetches",
                                         "failed",  "4xx",        "5xx",         "refused",
                                         "evicted", "open",       NULL };
    struct table *t = table_new(heads, "lrrrrrrrrr");
    char text[NUMBER_TEXT_LEN];
    size_t i;
    const json_t *edge;

    json_array_foreach (get(status, "edges"), i, edge) {
        const json_t *codes = get(edge, "statuses");
        int64_t all = all_responses(codes);
        table_cell(t, "%s", get_text(edge, "pop", "?"));
        table_cell(t, "%s", octets_format(get_int(edge, "bytes_cache", 0), text));
        table_cell(t, "%s", octets_format(get_int(edge, "bytes_origin", 0), text));
        table_cell(t, "%s", number_format(get_int(edge, "fetches", 0), text));
        table_cell(t, "%s", number_format(get_int(edge, "fetches_failed", 0), text));
        put_share(t, get_int(codes, "4xx", 0), all);
        put_share(t, get_int(codes, "5xx", 0), all);
        table_cell(t, "%s", number_format(get_int(edge, "refused_requests", 0), text));
        table_cell(t, "%s", number_format(get_int(edge, "evicted_objects", 0), text));
        table_cell(t, "%s", number_format(get_int(edge, "connections", 0), text));
    }
    table_end(t, "Their traffic", out);
}

void status_write_edges(const json_t *status, FILE *out)
{
    write_edges(status, out);
    write_edge_traffic(status, out);
}
