/* explain_diff.c - `waymark explain --diff OTHER.conf`: for whom would another configuration change the
 * answer? Walks the address space along both views at once. In a client process. */
#include <waymark/control.h>

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "json_put.h"
#include "offline.h"
#include "reply_text.h"
#include "survey.h"
#include "table.h"
#include "text.h"

enum { COUNTRIES = 26 * 26 + 1, NOWHERE = 26 * 26, COUNTRIES_SHOWN = 6, CLASSES_SHOWN = 4 };

/* From one row to another, by their texts. */
struct change {
    const char *was, *is;
    double share[2];
    double by_country[COUNTRIES]; /* of both families */
    bool *by_class;               /* of the first side: has it any of it? */
};

struct diff {
    const struct survey_side *side[2];
    uint16_t type;
    const char **rows[2]; /* text of each class */
    bool *is_special;     /* classes of the first side */
    size_t n_classes;     /* likewise */
    void *texts, *changes; /* trees */
    double changed[2];
    double whole_of_country[COUNTRIES];
    struct change **list;
    size_t n, cap;
    bool is_out_of_memory;
};

/* ---- texts, each once ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Takes it over; NULL is fine. */
static const char *intern(struct diff *d, char *fresh)
{
    void *node = fresh == NULL ? NULL : tsearch(fresh, &d->texts, by_text);

    if (node == NULL || *(char **)node != fresh)
        free(fresh);
    d->is_out_of_memory |= node == NULL;
    return node == NULL ? "" : *(char **)node;
}

static void fill_rows(struct diff *d, int which)
{
    const struct survey_side *side = d->side[which];
    const struct world *w = side->world;
    size_t n = steer_classes(w->base->plans, side->plan);
    struct steer_class_row row;

    d->rows[which] = calloc(n, sizeof *d->rows[which]);
    if (which == 0) {
        d->is_special = calloc(n, sizeof *d->is_special);
        d->n_classes = n;
    }
    if (d->rows[which] == NULL || d->is_special == NULL) {
        d->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        steer_class_row(w->base->plans, w->tables[side->plan], side->plan, (uint32_t)i, d->type,
                        &row);
        d->rows[which][i] = intern(d, survey_row_text(w->base->conf, &row));
        if (which == 0)
            d->is_special[i] = row.is_special;
    }
}

/* ---- changes ---- */

static int by_rows(const void *a, const void *b)
{
    const struct change *x = a, *y = b; /* texts are interned: the pointer says it */

    if (x->was != y->was)
        return x->was < y->was ? -1 : 1;
    return (x->is > y->is) - (x->is < y->is);
}

static void change_free(void *object)
{
    struct change *c = object;

    free(c->by_class);
    free(c);
}

static struct change *change_of(struct diff *d, const char *was, const char *is)
{
    struct change key = { .was = was, .is = is };
    void *node = tfind(&key, &d->changes, by_rows);

    if (node != NULL)
        return *(struct change **)node;
    struct change *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return NULL;
    *fresh = (struct change){ .was = was,
                              .is = is,
                              .by_class = calloc(d->n_classes, sizeof *fresh->by_class) };
    if (fresh->by_class == NULL || tsearch(fresh, &d->changes, by_rows) == NULL) {
        change_free(fresh);
        return NULL;
    }
    if (d->n == d->cap) {
        size_t cap = d->cap == 0 ? 64 : d->cap * 2;
        struct change **list = realloc(d->list, cap * sizeof *list);
        if (list == NULL)
            return NULL; /* the tree frees it */
        d->list = list;
        d->cap = cap;
    }
    return d->list[d->n++] = fresh;
}

static int country_of(const struct geo_place *place)
{
    const char *c = place->country;

    if (c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z')
        return NOWHERE;
    return (c[0] - 'A') * 26 + c[1] - 'A';
}

static void on_piece(void *ctx, const struct survey_piece *piece)
{
    struct diff *d = ctx;
    const char *was = d->rows[0][piece->class[0]], *is = d->rows[1][piece->class[1]];
    int country = country_of(piece->place), family = piece->network.addr.family == 6;

    if (d->is_special[piece->class[0]])
        return;
    d->whole_of_country[country] += piece->share;
    if (was == is)
        return;
    struct change *c = change_of(d, was, is);
    if (c == NULL) {
        d->is_out_of_memory = true;
        return;
    }
    d->changed[family] += piece->share;
    c->share[family] += piece->share;
    c->by_country[country] += piece->share;
    c->by_class[piece->class[0]] = true;
}

static int by_share(const void *a, const void *b)
{
    const struct change *x = *(struct change *const *)a, *y = *(struct change *const *)b;
    double more = y->share[0] + y->share[1] - x->share[0] - x->share[1];

    return more != 0 ? (more > 0) - (more < 0) : strcmp(x->was, y->was);
}

/* ---- as an object ---- */

/* The countries that change most, largest first. */
static json_t *countries_json(const struct diff *d, const struct change *c)
{
    json_t *all = json_array();
    bool is_done[COUNTRIES] = { false };

    for (;;) {
        int best = -1;
        for (int i = 0; i < COUNTRIES; i++)
            if (!is_done[i] && c->by_country[i] > 0 &&
                (best < 0 || c->by_country[i] > c->by_country[best]))
                best = i;
        if (best < 0)
            return all;
        is_done[best] = true;
        char code[3] = { (char)('A' + best / 26), (char)('A' + best % 26), '\0' };
        json_t *o = json_object();
        put_text(o, "country", best == NOWHERE ? NULL : code);
        put_real(o, "changed_pct", 100 * c->by_country[best] / d->whole_of_country[best]);
        json_array_append_new(all, o);
    }
}

/* By the numbers that `--table` of the first configuration has. */
static json_t *classes_json(const struct diff *d, const struct change *c)
{
    json_t *all = json_array();

    for (size_t i = 0; i < d->n_classes; i++)
        if (c->by_class[i])
            json_array_append_new(all, json_integer((json_int_t)i + 1));
    return all;
}

static json_t *change_json(const struct diff *d, const struct change *c)
{
    json_t *o = json_object();

    put_text(o, "was", c->was);
    put_text(o, "becomes", c->is);
    put_real(o, "ipv4_pct", c->share[0] * 100);
    put_real(o, "ipv6_pct", c->share[1] * 100);
    put(o, "classes", classes_json(d, c));
    put(o, "countries", countries_json(d, c));
    return o;
}

static json_t *diff_json(struct diff *d, const char *service)
{
    json_t *o = json_object(), *all = json_array();

    if (d->n > 0)
        qsort(d->list, d->n, sizeof *d->list, by_share);
    for (size_t i = 0; i < d->n; i++)
        json_array_append_new(all, change_json(d, d->list[i]));
    put_text(o, "service", service);
    put_real(o, "ipv4_pct", d->changed[0] * 100);
    put_real(o, "ipv6_pct", d->changed[1] * 100);
    put(o, "changes", all);
    return o;
}

static void diff_fini(struct diff *d)
{
    tdestroy(d->changes, change_free);
    tdestroy(d->texts, free);
    free(d->list);
    free(d->rows[0]);
    free(d->rows[1]);
    free(d->is_special);
}

/* NULL: out of memory. */
static json_t *compare(const struct offline *was, const struct offline *is, size_t a, size_t b,
                       uint16_t type)
{
    struct survey_side sides[2] = { { was->world, steer_plan_of(was->world->base->plans, a) },
                                    { is->world, steer_plan_of(is->world->base->plans, b) } };
    struct diff d = { .side = { &sides[0], &sides[1] }, .type = type };
    json_t *o = NULL;

    fill_rows(&d, 0);
    fill_rows(&d, 1);
    if (!d.is_out_of_memory)
        survey_walk(&sides[0], &sides[1], true, on_piece, &d);
    if (!d.is_out_of_memory)
        o = diff_json(&d, was->conf->services[a].name);
    diff_fini(&d);
    return o;
}

/* ---- services of two configurations ---- */

static int service_named(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_services; i++)
        if (strcmp(conf->services[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void put_alone(json_t *all, const char *name, const char *what)
{
    json_t *o = json_object();

    put_text(o, "service", name);
    put_text(o, "only_in", what);
    json_array_append_new(all, o);
}

/* `only` -1: all services. NULL: out of memory. */
static json_t *compare_all(const struct offline *was, const struct offline *is, int only,
                           uint16_t type)
{
    json_t *all = json_array();

    for (size_t i = 0; i < was->conf->n_services; i++) {
        if (only >= 0 && i != (size_t)only)
            continue;
        int other = service_named(is->conf, was->conf->services[i].name);
        if (other < 0) {
            put_alone(all, was->conf->services[i].name, was->conf->file);
            continue;
        }
        json_t *o = compare(was, is, i, (size_t)other, type);
        if (o == NULL) {
            json_decref(all);
            return NULL;
        }
        json_array_append_new(all, o);
    }
    for (size_t i = 0; only < 0 && i < is->conf->n_services; i++)
        if (service_named(was->conf, is->conf->services[i].name) < 0)
            put_alone(all, is->conf->services[i].name, is->conf->file);
    return all;
}

/* Those of the first; and who is taken for up in the second for want of a verdict. */
static json_t *verdicts_of_both(const struct offline *was, const struct offline *is)
{
    json_t *o = offline_verdicts(was);
    json_t *other = verdicts_json(&was->verdicts, is->conf, &is->without);
    json_t *unknown = json_object_get(o, "taken_for_up"), *name, *known;
    size_t i, j;

    json_array_foreach (get(other, "taken_for_up"), i, name) {
        bool is_there = false;
        json_array_foreach (unknown, j, known)
            is_there |= json_equal(known, name);
        if (!is_there)
            json_array_append(unknown, name);
    }
    json_decref(other);
    return o;
}

/* ---- for a terminal ---- */

enum { ITEM_LEN = 64 };

static void country_text(const json_t *c, char *out)
{
    snprintf(out, ITEM_LEN, "%s %.3g %%", get_text(c, "country", "unknown"),
             get_real(c, "changed_pct", 0));
}

static void class_text(const json_t *number, char *out)
{
    snprintf(out, ITEM_LEN, "%lld", (long long)json_integer_value(number));
}

/* The first of them, and how many more there are. */
static void describe(const json_t *all, size_t most, void (*text)(const json_t *, char *),
                     char out[static TEXT_LINE_LEN])
{
    const json_t *item;
    size_t i;
    char said[ITEM_LEN];

    out[0] = '\0';
    json_array_foreach (all, i, item) {
        if (i == most) {
            snprintf(said, sizeof said, "and %zu more", json_array_size(all) - i);
            text_append(out, ", ", said);
            return;
        }
        text(item, said);
        text_append(out, ", ", said);
    }
}

static void add_change(struct table *t, const json_t *change)
{
    char countries[TEXT_LINE_LEN], classes[TEXT_LINE_LEN];

    describe(get(change, "classes"), CLASSES_SHOWN, class_text, classes);
    describe(get(change, "countries"), COUNTRIES_SHOWN, country_text, countries);
    table_cell(t, "%.4f", get_real(change, "ipv4_pct", 0));
    table_cell(t, "%.4f", get_real(change, "ipv6_pct", 0));
    table_cell(t, "%s", classes);
    table_cell(t, "%s", get_text(change, "was", "?"));
    table_cell(t, "%s", get_text(change, "becomes", "?"));
    table_cell(t, "%s", countries);
}

static void write_changes(const json_t *service, const char *name, FILE *out)
{
    static const char *const heads[] = { "IPv4 %", "IPv6 %", "classes", "was", "becomes",
                                         "countries", NULL };
    struct table *t = table_new(heads, "rrllll");
    char title[256];
    const json_t *change;
    size_t i;

    json_array_foreach (get(service, "changes"), i, change)
        add_change(t, change);
    snprintf(title, sizeof title,
             "Service \"%.63s\": the answer changes for %.4g %% of IPv4 and %.4g %% of IPv6", name,
             get_real(service, "ipv4_pct", 0), get_real(service, "ipv6_pct", 0));
    table_end(t, title, out);
}

static void write_service(const json_t *service, FILE *out)
{
    const char *name = get_text(service, "service", "?");
    const char *only = get_text(service, "only_in", NULL);

    if (only != NULL)
        text_print(out, "Service \"%s\" is in %s only.\n", name, only);
    else if (json_array_size(get(service, "changes")) == 0)
        text_print(out, "Service \"%s\": nothing changes.\n", name);
    else
        write_changes(service, name, out);
}

static void write_text(const json_t *x, FILE *out)
{
    const json_t *service;
    size_t i;

    text_print(out, "From %s to %s.\n", get_text(x, "from", "?"), get_text(x, "to", "?"));
    verdicts_text(get(x, "verdicts"), out);
    json_array_foreach (get(x, "services"), i, service)
        write_service(service, out);
}

static int show(const struct offline *was, const struct offline *is,
                const struct control_explain_args *args, uint16_t type, FILE *out)
{
    int only = args->name == NULL ? -1 : offline_service(was, args->name);

    if (args->name != NULL && only < 0) {
        fprintf(stderr, "waymark explain: no service of %s steers %s\n", args->conf_file,
                args->name);
        return EXIT_FAILURE;
    }
    json_t *all = compare_all(was, is, only, type), *x = json_object();
    if (all == NULL) {
        json_decref(x);
        fprintf(stderr, "waymark explain: out of memory\n");
        return EXIT_FAILURE;
    }
    put_text(x, "from", args->conf_file);
    put_text(x, "to", args->diff);
    put(x, "verdicts", verdicts_of_both(was, is));
    put(x, "services", all);
    reply_print(x, args->is_json, write_text, out);
    json_decref(x);
    return EXIT_SUCCESS;
}

int control_explain_diff(const struct control_explain_args *args, FILE *out)
{
    uint16_t type = args->type == NULL ? WIRE_A : wire_type_from_text(args->type);
    struct offline was = { 0 }, is = { 0 };
    int status = EXIT_FAILURE;

    if (type == 0)
        fprintf(stderr, "waymark explain: no type is called \"%s\"\n", args->type);
    else if (offline_open(&was, args->conf_file, &args->verdicts) &&
             offline_open_beside(&is, args->diff, &was))
        status = show(&was, &is, args, type, out);
    offline_close(&is);
    offline_close(&was);
    return status;
}
