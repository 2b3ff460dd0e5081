/* explain_table.c - `waymark explain NAME --table`: every class of a service's clients, with its share of
 * the address space and its row. In a client process. */
#include <waymark/control.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "json_put.h"
#include "offline.h"
#include "reply_text.h"
#include "survey.h"
#include "table.h"
#include "text.h"

struct class_sums {
    uint32_t class;
    double share[2]; /* of IPv4, of IPv6 */
    int64_t n_networks;
    struct prefix example; /* the widest */
};

static void on_piece(void *ctx, const struct survey_piece *piece)
{
    struct class_sums *c = &((struct class_sums *)ctx)[piece->class[0]];

    c->class = piece->class[0];
    if (c->n_networks++ == 0 || piece->network.bits < c->example.bits)
        c->example = piece->network;
    c->share[piece->network.addr.family == 6] += piece->share;
}

static int by_share(const void *a, const void *b)
{
    const struct class_sums *x = a, *y = b;
    double more = y->share[0] + y->share[1] - x->share[0] - x->share[1];

    return more != 0 ? (more > 0) - (more < 0) : (x->class > y->class) - (x->class < y->class);
}

static json_t *shares_json(const struct conf *conf, const struct steer_class_row *row)
{
    json_t *all = json_array();

    for (size_t i = 0; i < row->n; i++) {
        json_t *o = json_object();
        put_text(o, "target", conf->targets[row->shares[i].target].name);
        put_int(o, "tier", row->shares[i].tier + 1);
        put(o, "odds_pct",
            row->shares[i].odds < 0 ? json_null() : json_real(row->shares[i].odds * 100));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *class_json(const struct survey_side *side, const struct class_sums *c, uint16_t type)
{
    const struct world *w = side->world;
    struct steer_class_row row;
    char network[PREFIX_TEXT_LEN];
    json_t *o = json_object();

    steer_class_order(w->base->plans, w->inputs, side->plan, c->class, type, &row);
    put_int(o, "class", c->class + 1);
    put_real(o, "ipv4_pct", c->share[0] * 100);
    put_real(o, "ipv6_pct", c->share[1] * 100);
    put_int(o, "networks", c->n_networks);
    put_text(o, "example", prefix_format(&c->example, network));
    put_bool(o, "is_special", row.is_special);
    put_bool(o, "is_open", row.is_open);
    put(o, "row", shares_json(w->base->conf, &row));
    char *text = survey_row_text(w->base->conf, &row);
    put_text(o, "text", text);
    free(text);
    return o;
}

static json_t *table_json(const struct survey_side *side, uint16_t type)
{
    size_t n = steer_classes(side->world->base->plans, side->plan);
    struct class_sums *sums = calloc(n, sizeof *sums);
    json_t *all = json_array();

    if (sums == NULL)
        return all;
    survey_walk(side, NULL, false, on_piece, sums);
    qsort(sums, n, sizeof *sums, by_share);
    for (size_t i = 0; i < n; i++)
        if (sums[i].n_networks > 0) /* beyond 2000::/3 nobody lives */
            json_array_append_new(all, class_json(side, &sums[i], type));
    free(sums);
    return all;
}

static void write_classes(const json_t *classes, FILE *out)
{
    static const char *const heads[] = { "class", "IPv4 %", "IPv6 %", "networks", "the widest",
                                         "who serves it", NULL };
    struct table *t = table_new(heads, "rrrrll");
    char number[NUMBER_TEXT_LEN];
    size_t i;
    const json_t *c;

    json_array_foreach (classes, i, c) {
        table_cell(t, "%lld", (long long)get_int(c, "class", 0));
        table_cell(t, "%.4f", get_real(c, "ipv4_pct", 0));
        table_cell(t, "%.4f", get_real(c, "ipv6_pct", 0));
        table_cell(t, "%s", number_format(get_int(c, "networks", 0), number));
        table_cell(t, "%s", get_text(c, "example", "?"));
        table_cell(t, "%s%s", get_text(c, "text", "?"),
                   get_bool(c, "is_special", false) ? " (special-purpose: the resolver decides)"
                                                    : "");
    }
    table_end(t, "Who serves which part of the address space?", out);
}

static void write_text(const json_t *x, FILE *out)
{
    text_print(out, "Service \"%s\" (%s:%lld), type %s.\n", get_text(x, "service", "?"),
               get_text(x, "file", "?"), (long long)get_int(x, "line", 0),
               get_text(x, "type", "?"));
    verdicts_text(get(x, "verdicts"), out);
    write_classes(get(x, "classes"), out);
}

static int show(const struct offline *o, int service, const struct control_explain_args *args,
                uint16_t type, FILE *out)
{
    const struct conf_service *s = &o->conf->services[service];
    struct survey_side side = { o->world, steer_plan_of(o->world->base->plans, (size_t)service) };
    json_t *x = json_object();
    char word[16];

    put_text(x, "service", s->name);
    put_text(x, "type", wire_type_to_text(type, word));
    put_text(x, "file", s->where.file);
    put_int(x, "line", s->where.line);
    put(x, "verdicts", offline_verdicts(o));
    put(x, "classes", table_json(&side, type));
    reply_print(x, args->is_json, write_text, out);
    json_decref(x);
    return EXIT_SUCCESS;
}

/* Without a cname among its targets a service leaves other types to the zone. */
static bool is_steered(const struct offline *o, int service, uint16_t type)
{
    const struct steer_plans *plans = o->world->base->plans;

    return type == WIRE_A || type == WIRE_AAAA || type == WIRE_CNAME || type == WIRE_HTTPS ||
           steer_plan_has_cname(plans, steer_plan_of(plans, (size_t)service));
}

int control_explain_table(const struct control_explain_args *args, FILE *out)
{
    uint16_t type = args->type == NULL ? WIRE_A : wire_type_from_text(args->type);
    struct offline o;
    int status = EXIT_FAILURE;

    if (type == 0) {
        fprintf(stderr, "waymark explain: no type is called \"%s\"\n", args->type);
        return EXIT_FAILURE;
    }
    if (!offline_open(&o, args->conf_file, &args->verdicts))
        return EXIT_FAILURE;
    int service = offline_service(&o, args->name);
    if (service < 0)
        fprintf(stderr, "waymark explain: no service steers %s\n", args->name);
    else if (!is_steered(&o, service, type))
        fprintf(stderr,
                "waymark explain: service \"%s\" does not steer type %s: the zone answers\n",
                o.conf->services[service].name, args->type);
    else
        status = show(&o, service, args, type, out);
    offline_close(&o);
    return status;
}
