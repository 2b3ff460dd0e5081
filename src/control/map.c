/* map.c - draws the world of one service. Pure.
 *
 * A country's colour is that of the target which most of its places come to; the places are those that
 * the databases tell apart, and of countries that have many only some are looked at. Nothing in the
 * texts needs escaping: names of targets and services are letters, digits, '-' and '_'. */
#include "map.h"

#include <stdlib.h>
#include <string.h>

#include "survey.h"

enum {
    COUNTRIES = 26 * 26,
    PLACES_WHOLE = 32, /* so many of a country are all looked at... */
    PLACES_EVERY = 37, /* ...and beyond them one of so many */
    COLOURS = 12,
    WIDTH = 3600, /* tenths of a degree, as the outlines have them */
    HEIGHT = 1800,
    LEGEND_LINE = 60
};

static const struct outline {
    char country[3];
    const char *path;
} outlines[] = {
#define OUTLINE(country, path) { country, path },
#include "map_outline.def"
#undef OUTLINE
};

/* Told apart by most people, by lightness too. */
static const char *const colours[COLOURS] = { "#4477aa", "#ee6677", "#228833", "#ccbb44",
                                              "#66ccee", "#aa3377", "#ee8866", "#44bb99",
                                              "#99ddff", "#bbcc33", "#ffaabb", "#777777" };

struct votes {
    unsigned n, n_seen;
    unsigned for_target[CONF_SERVICE_TARGETS_MAX]; /* by place in the service's list */
};

struct map {
    const struct world *world;
    const struct conf_service *service;
    size_t plan;
    struct votes *countries; /* COUNTRIES of them */
    FILE *out;
};

static int index_of(const char *code)
{
    if (code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z')
        return -1;
    return (code[0] - 'A') * 26 + code[1] - 'A';
}

static const char *colour_of(size_t site)
{
    return colours[site % COLOURS];
}

static size_t site_of(const struct conf_service *service, int target)
{
    size_t i = 0;

    while (service->targets[i] != target)
        i++;
    return i;
}

/* ---- who gets what ---- */

/* The likeliest of the first tier. */
static const struct steer_share *likeliest(const struct steer_class_row *row)
{
    const struct steer_share *best = &row->shares[0];

    for (size_t i = 1; i < row->n && row->shares[i].tier == best->tier; i++)
        if (row->shares[i].odds > best->odds)
            best = &row->shares[i];
    return best;
}

static void look_at(struct map *m, const struct geo_place *place)
{
    const struct world_base *base = m->world->base;
    int country = index_of(place->country);
    struct steer_class_row row;

    if (country < 0 || place->is_special)
        return;
    struct votes *v = &m->countries[country];
    if (v->n_seen++ >= PLACES_WHOLE && v->n_seen % PLACES_EVERY != 0)
        return;
    v->n++;
    steer_place_row(base->plans, m->world->inputs, m->plan, place, WIRE_A, &row);
    if (row.n > 0)
        v->for_target[site_of(m->service, likeliest(&row)->target)]++;
}

static bool vote(struct map *m)
{
    const struct geo *geo = m->world->base->geo;

    m->countries = calloc(COUNTRIES, sizeof *m->countries);
    for (size_t i = 0; m->countries != NULL && i < geo_places(geo); i++)
        look_at(m, geo_place_at(geo, i));
    return m->countries != NULL;
}

/* -1: nobody serves it, or nothing is known of it. */
static int winner(const struct map *m, const struct votes *v)
{
    int best = -1;

    for (size_t i = 0; i < m->service->n_targets; i++)
        if (v->for_target[i] > 0 && (best < 0 || v->for_target[i] > v->for_target[best]))
            best = (int)i;
    return best;
}

/* ---- drawing ---- */

static const char *target_name(const struct map *m, size_t site)
{
    return m->world->base->conf->targets[m->service->targets[site]].name;
}

/* "JP: tokyo 93 %, sydney 7 %", which browsers show under the pointer. */
static void write_title(const struct map *m, const char *code, const struct votes *v)
{
    bool is_done[CONF_SERVICE_TARGETS_MAX] = { false };

    fprintf(m->out, "<title>%s:", code);
    for (size_t n = 0; n < m->service->n_targets; n++) {
        int best = -1;
        for (size_t i = 0; i < m->service->n_targets; i++)
            if (!is_done[i] && v->for_target[i] > 0 &&
                (best < 0 || v->for_target[i] > v->for_target[best]))
                best = (int)i;
        if (best < 0) {
            fputs(n > 0 ? "" : v->n > 0 ? " nobody" : " no place is known", m->out);
            break;
        }
        is_done[best] = true;
        fprintf(m->out, "%s %s %.3g %%", n > 0 ? "," : "", target_name(m, (size_t)best),
                100.0 * v->for_target[best] / v->n);
    }
    fputs("</title>", m->out);
}

static void draw_countries(const struct map *m)
{
    static const struct votes none;

    fputs("<g stroke=\"#fff\" stroke-width=\"2\">\n", m->out);
    for (size_t i = 0; i < sizeof outlines / sizeof *outlines; i++) {
        int country = index_of(outlines[i].country);
        const struct votes *v = country < 0 ? &none : &m->countries[country];
        int best = winner(m, v);
        fprintf(m->out, "<path fill=\"%s\" d=\"%s\">",
                best < 0 ? "#d8d8d8" : colour_of((size_t)best), outlines[i].path);
        write_title(m, country < 0 ? "unknown" : outlines[i].country, v);
        fputs("</path>\n", m->out);
    }
    fputs("</g>\n", m->out);
}

static void draw_graticule(const struct map *m)
{
    fputs("<path fill=\"none\" stroke=\"#e4e9ee\" stroke-width=\"2\" d=\"", m->out);
    for (int x = 300; x < WIDTH; x += 300)
        fprintf(m->out, "M%d 0V%d", x, HEIGHT);
    for (int y = 300; y < HEIGHT; y += 300)
        fprintf(m->out, "M0 %dH%d", y, WIDTH);
    fputs("\"/>\n", m->out);
}

enum state { ALL_UP, PARTLY_UP, ALL_DOWN };

static enum state state_of(const struct map *m, int target)
{
    const struct conf_target *t = &m->world->base->conf->targets[target];
    uint32_t up = steer_inputs_health(m->world->inputs, target)->up;
    size_t n = t->cname != NULL ? 1 : t->n_addresses;
    uint32_t all = n >= 32 ? UINT32_MAX : ((uint32_t)1 << n) - 1;

    return (up & all) == all ? ALL_UP : (up & all) != 0 ? PARTLY_UP : ALL_DOWN;
}

static const char *const state_words[] = { [ALL_UP] = "up",
                                           [PARTLY_UP] = "partly up",
                                           [ALL_DOWN] = "DOWN" };
static const char *const state_colours[] = { [ALL_UP] = "#1a9641",
                                             [PARTLY_UP] = "#fdae61",
                                             [ALL_DOWN] = "#d7191c" };

static void draw_pops(const struct map *m)
{
    fputs("<g stroke=\"#222\" stroke-width=\"6\">\n", m->out);
    for (size_t i = 0; i < m->service->n_targets; i++) {
        int target = m->service->targets[i];
        const struct conf_target *t = &m->world->base->conf->targets[target];
        enum state state = state_of(m, target);
        if (!t->has_place)
            continue;
        int x = (int)((t->longitude + 180) * 10), y = (int)((90 - t->latitude) * 10);
        fprintf(m->out, "<circle cx=\"%d\" cy=\"%d\" r=\"22\" fill=\"%s\"><title>%s: %s</title>"
                        "</circle>\n",
                x, y, state_colours[state], t->name, state_words[state]);
        fprintf(m->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" stroke=\"#fff\" "
                        "stroke-width=\"10\" paint-order=\"stroke\" fill=\"#222\">%s</text>\n",
                x > WIDTH - 400 ? x - 32 : x + 32, y + 14, x > WIDTH - 400 ? "end" : "start",
                t->name);
    }
    fputs("</g>\n", m->out);
}

/* Below the map: every target with its colour and its verdict. */
static void draw_legend(const struct map *m, const char *note)
{
    for (size_t i = 0; i < m->service->n_targets; i++) {
        int target = m->service->targets[i], y = HEIGHT + 60 + (int)(i / 4) * LEGEND_LINE;
        int x = 40 + (int)(i % 4) * 880;
        enum state state = state_of(m, target);
        fprintf(m->out, "<rect x=\"%d\" y=\"%d\" width=\"40\" height=\"40\" fill=\"%s\"/>"
                        "<text x=\"%d\" y=\"%d\">%s, <tspan fill=\"%s\">%s</tspan></text>\n",
                x, y - 36, colour_of(i), x + 60, y, target_name(m, i), state_colours[state],
                state_words[state]);
    }
    fprintf(m->out, "<text x=\"40\" y=\"%d\" fill=\"#555\">Service %s. A country has the colour of "
                    "the target that most of its places get%s%s</text>\n",
            HEIGHT + 60 + (int)((m->service->n_targets + 3) / 4) * LEGEND_LINE, m->service->name,
            note[0] == '\0' ? "." : "; ", note);
}

void map_write(const struct world *world, size_t service, const char *note, FILE *out)
{
    const struct conf_service *s = &world->base->conf->services[service];
    struct map m = { .world = world,
                     .service = s,
                     .plan = steer_plan_of(world->base->plans, service),
                     .out = out };
    int height = HEIGHT + 100 + (int)((s->n_targets + 3) / 4) * LEGEND_LINE;

    if (!vote(&m))
        return;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"44\">\n<title>Waymark: service %s</title>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#f4f8fb\"/>\n",
            WIDTH, height, s->name, WIDTH, height, WIDTH, HEIGHT);
    draw_graticule(&m);
    draw_countries(&m);
    draw_pops(&m);
    draw_legend(&m, note);
    fputs("</svg>\n", out);
    free(m.countries);
}

int map_service(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_services; i++)
        if (name == NULL || strcmp(conf->services[i].name, name) == 0)
            return (int)i;
    return -1;
}
