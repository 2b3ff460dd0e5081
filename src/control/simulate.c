/* simulate.c - `waymark simulate`: recorded queries against a configuration, and what each target
 * would get from each country. In a client process.
 *
 * A line of the file is a query: TIME RESOLVER CLIENT NAME TYPE, with `-` for a client subnet that was
 * not sent; or, as dnsperf has it, NAME TYPE. Blank lines and those that begin with # or ; are passed
 * over. */
#include <waymark/control.h>

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>

#include "offline.h"
#include "question.h"
#include "table.h"
#include "text.h"

enum { LINE_LEN = 2048, WORDS_MAX = 6, TROUBLES_MAX = 10, SHARES_SHOWN = 6, EXIT_USAGE = 2 };

/* What one country gets of one target. */
struct part {
    char country[3];
    const char *who; /* a target's name, or what else answers */
    double n;
};

struct whole { /* the sums of either */
    const char *name;
    double n;
};

struct simulation {
    const struct control_simulate_args *args;
    struct offline o;
    int64_t now_ms;
    struct rng rng;
    void *tree;
    struct part **parts;
    size_t n, cap;
    double total;
    unsigned line, n_troubles;
    bool is_out_of_memory;
};

/* ---- counting ---- */

static int by_country_and_who(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    int order = strcmp(x->country, y->country);

    return order != 0 ? order : strcmp(x->who, y->who);
}

static struct part *part_new(struct simulation *s, const struct part *like)
{
    struct part *fresh = calloc(1, sizeof *fresh);

    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 64 : s->cap * 2;
        struct part **parts = realloc(s->parts, cap * sizeof *parts);
        if (parts != NULL) {
            s->parts = parts;
            s->cap = cap;
        }
    }
    if (fresh == NULL || s->n == s->cap) {
        free(fresh);
        return NULL;
    }
    *fresh = *like;
    if (tsearch(fresh, &s->tree, by_country_and_who) == NULL) {
        free(fresh);
        return NULL;
    }
    return s->parts[s->n++] = fresh;
}

static void count(struct simulation *s, const char *country, const char *who, double n)
{
    struct part key = { .who = who };

    memcpy(key.country, country, sizeof key.country);
    void *node = tfind(&key, &s->tree, by_country_and_who);
    struct part *p = node != NULL ? *(struct part **)node : part_new(s, &key);
    if (p == NULL) {
        s->is_out_of_memory = true;
        return;
    }
    p->n += n;
    s->total += n;
}

/* ---- one query ---- */

static const char *country_of(const struct simulation *s, const struct dns_question *q)
{
    const struct geo *geo = s->o.world->base->geo;
    const struct geo_place *place = NULL;

    if (q->ecs.is_present && q->ecs.source_bits > 0)
        place = geo_locate(geo, &q->ecs.addr).place;
    if (place == NULL || place->is_special)
        place = geo_locate(geo, &q->resolver).place;
    return place->country;
}

static const char *zone_word(enum zone_verdict verdict)
{
    switch (verdict) {
    case ZONE_OUTSIDE:
        return "(refused)";
    case ZONE_ABSENT:
        return "(no such name)";
    case ZONE_DELEGATED:
        return "(referral)";
    default:
        return "(zone)";
    }
}

static void steer(struct simulation *s, const struct dns_question *q, size_t service)
{
    const struct world_base *base = s->o.world->base;
    struct steer_client client = { .resolver = q->resolver, .subnet = wire_subnet(&q->ecs) };
    struct steer_moment moment = { .now_ms = q->now_ms, .rng = &s->rng };
    struct steer_choice choice;

    steer_choose(base->plans, s->o.world->tables[steer_plan_of(base->plans, service)], service,
                 q->type, &client, &base->draw_key, &moment, &choice);
    for (unsigned i = 0; i < choice.n; i++)
        count(s, country_of(s, q), base->conf->targets[choice.targets[i]].name, 1.0 / choice.n);
    if (choice.n == 0)
        count(s, country_of(s, q), "(no target)", 1);
}

static void play(struct simulation *s, const struct dns_question *q)
{
    const struct world_base *base = s->o.world->base;
    struct zone_match m = zone_find(base->zones, &q->name, q->type);
    bool is_node = m.verdict == ZONE_FOUND || m.verdict == ZONE_WILDCARD;
    uint32_t entry = is_node ? base->service_at[m.node->id] : 0;
    bool is_steered = (entry & WORLD_EVERY_TYPE) != 0 ||
                      (entry != 0 && (q->type == WIRE_A || q->type == WIRE_AAAA ||
                                      q->type == WIRE_HTTPS || q->type == WIRE_CNAME));

    if (is_steered)
        steer(s, q, world_service(entry));
    else
        count(s, country_of(s, q), zone_word(m.verdict), 1);
}

/* ---- the file ---- */

static void complain(struct simulation *s, const char *what)
{
    if (s->n_troubles++ < TROUBLES_MAX)
        fprintf(stderr, "%s:%u: %s\n", s->args->queries, s->line, what);
}

static void play_line(struct simulation *s, char *line)
{
    char *words[WORDS_MAX], *save, *word = strtok_r(line, " \t\r\n", &save);
    struct question_text text = { .client = s->args->client, .resolver = s->args->resolver };
    struct dns_question q;
    char why[WHY_LEN];
    size_t n = 0;

    for (; word != NULL && n < WORDS_MAX; word = strtok_r(NULL, " \t\r\n", &save))
        words[n++] = word;
    if (n == 0 || words[0][0] == '#' || words[0][0] == ';')
        return;
    if (n != 2 && n != 5) {
        complain(s, "expected TIME RESOLVER CLIENT NAME TYPE, or NAME TYPE");
        return;
    }
    text.name = words[n - 2];
    text.type = words[n - 1];
    if (n == 5) {
        text.at = words[0];
        text.resolver = words[1];
        text.client = strcmp(words[2], "-") == 0 ? NULL : words[2];
    }
    if (question_parse(&text, s->now_ms, &q, why) != 0)
        complain(s, why);
    else
        play(s, &q);
}

static bool play_file(struct simulation *s)
{
    char line[LINE_LEN];
    FILE *in = fopen(s->args->queries, "r");

    if (in == NULL) {
        fprintf(stderr, "waymark simulate: %s: %s\n", s->args->queries, strerror(errno));
        return false;
    }
    for (;;) {
        line[LINE_LEN - 2] = '\n'; /* overwritten only by a line that fills the buffer */
        if (s->is_out_of_memory || fgets(line, sizeof line, in) == NULL)
            break;
        s->line++;
        if (line[LINE_LEN - 2] != '\n' && !feof(in)) {
            complain(s, "the line is too long");
            for (int c = getc(in); c != EOF && c != '\n';)
                c = getc(in);
            continue;
        }
        play_line(s, line);
    }
    fclose(in);
    if (s->is_out_of_memory)
        fprintf(stderr, "waymark simulate: out of memory\n");
    if (s->n_troubles > TROUBLES_MAX)
        fprintf(stderr, "%s: %u more lines like these\n", s->args->queries,
                s->n_troubles - TROUBLES_MAX);
    return !s->is_out_of_memory;
}

/* ---- the result ---- */

static int by_number(const void *a, const void *b)
{
    const struct whole *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static const char *who_of(const struct part *p)
{
    return p->who;
}

static const char *where_of(const struct part *p)
{
    return p->country[0] == '\0' ? "unknown" : p->country;
}

/* Sums by one of the two, largest first. NULL: out of memory. */
static struct whole *sum(const struct simulation *s, const char *(*name)(const struct part *),
                         size_t *n)
{
    struct whole *all = calloc(s->n + 1, sizeof *all);

    *n = 0;
    for (size_t i = 0; all != NULL && i < s->n; i++) {
        size_t k = 0;
        while (k < *n && strcmp(all[k].name, name(s->parts[i])) != 0)
            k++;
        if (k == *n)
            all[(*n)++].name = name(s->parts[i]);
        all[k].n += s->parts[i]->n;
    }
    if (all != NULL)
        qsort(all, *n, sizeof *all, by_number);
    return all;
}

static void write_targets(const struct simulation *s, FILE *out)
{
    static const char *const heads[] = { "target", "queries", "share", NULL };
    struct table *t = table_new(heads, "lrr");
    size_t n;
    struct whole *all = sum(s, who_of, &n);

    for (size_t i = 0; all != NULL && i < n; i++) {
        table_cell(t, "%s", all[i].name);
        table_cell(t, "%.10g", all[i].n);
        table_cell(t, "%.2f %%", 100 * all[i].n / s->total);
    }
    table_end(t, "What does each target get?", out);
    free(all);
}

static int by_part(const void *a, const void *b)
{
    const struct part *x = *(struct part *const *)a, *y = *(struct part *const *)b;
    int order = strcmp(x->country, y->country);

    if (order != 0)
        return order;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->who, y->who);
}

/* Of the parts of one country, which stand together, largest first. */
static void describe(const struct simulation *s, const char *country, double total,
                     char out[static TEXT_LINE_LEN])
{
    char text[128];
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(where_of(s->parts[i]), country) != 0)
            continue;
        if (n++ == SHARES_SHOWN)
            text_append(out, ", ", "...");
        if (n > SHARES_SHOWN)
            continue;
        snprintf(text, sizeof text, "%s %.3g %%", s->parts[i]->who, 100 * s->parts[i]->n / total);
        text_append(out, ", ", text);
    }
}

static void write_countries(const struct simulation *s, FILE *out)
{
    static const char *const heads[] = { "country", "queries", "share", "goes to", NULL };
    struct table *t = table_new(heads, "lrrl");
    char text[TEXT_LINE_LEN];
    size_t n;
    struct whole *all = sum(s, where_of, &n);

    for (size_t i = 0; all != NULL && i < n; i++) {
        describe(s, all[i].name, all[i].n, text);
        table_cell(t, "%s", all[i].name);
        table_cell(t, "%.10g", all[i].n);
        table_cell(t, "%.2f %%", 100 * all[i].n / s->total);
        table_cell(t, "%s", text);
    }
    table_end(t, "Where do the clients of each country go?", out);
    free(all);
}

static void write_csv(const struct simulation *s, FILE *out)
{
    fputs("country,target,queries,share_pct\n", out);
    for (size_t i = 0; i < s->n; i++)
        fprintf(out, "%s,%s,%.10g,%.4f\n", s->parts[i]->country, s->parts[i]->who, s->parts[i]->n,
                100 * s->parts[i]->n / s->total);
}

static void write_verdicts(const struct simulation *s, FILE *out)
{
    json_t *verdicts = offline_verdicts(&s->o);

    text_print(out, "Played on %s.\n", s->args->conf_file);
    verdicts_text(verdicts, out);
    json_decref(verdicts);
}

int control_simulate(const struct control_simulate_args *args, FILE *out)
{
    struct simulation s = { .args = args, .now_ms = clock_wall_ms() };
    int status = EXIT_FAILURE;

    if (args->queries == NULL) {
        fprintf(stderr, "waymark simulate: which queries? expected --queries FILE\n");
        return EXIT_USAGE;
    }
    rng_seed(&s.rng, (uint64_t)s.now_ms);
    if (!offline_open(&s.o, args->conf_file, &args->verdicts))
        return EXIT_FAILURE;
    if (play_file(&s)) {
        if (s.n > 1)
            qsort(s.parts, s.n, sizeof *s.parts, by_part);
        write_verdicts(&s, args->is_csv ? stderr : out);
        if (args->is_csv) {
            write_csv(&s, out);
        } else {
            write_targets(&s, out);
            write_countries(&s, out);
        }
        status = s.n_troubles == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    tdestroy(s.tree, free);
    free(s.parts);
    offline_close(&s.o);
    return status;
}
