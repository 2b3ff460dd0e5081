/* map.c - draws the world of one service. Pure.
 *
 * Each country has the colour of the target which most of its addresses get. But for the note
 * nothing in the texts needs escaping: names of targets and services are letters, digits, '-' and
 * '_'. */
#include "map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "map_labels.h"

enum {
    COLOURS = 12,
    COLOUR_LEN = 32,
    WIDTH = 3600, /* tenths of a degree, as the outlines have them */
    HEIGHT = 1800,
    LEGEND_LINE = 60,
    FONT = 44,
    FEW = 10, /* names that fit in that size */
    RADIUS_MAX = 22,
    RADIUS_MIN = 8
};

static const double GOLDEN_ANGLE = 137.508; /* degrees */

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

/* What a country's addresses get. */
struct land {
    double whole, nobody, open;                  /* of its family's space; open: although down */
    double for_target[CONF_SERVICE_TARGETS_MAX]; /* by place in the service's list */
};

struct map {
    const struct world *world;
    const struct conf_service *service;
    size_t plan;
    uint16_t type;
    uint8_t family;
    struct land *lands; /* MAP_COUNTRIES of them */
    FILE *out;
};

/* Of more targets than that the colours are spread round the circle, in three lightnesses: turned by the
 * golden angle each time, which keeps any number of them apart. */
static const char *colour_of(const struct map *m, size_t site, char text[static COLOUR_LEN])
{
    if (m->service->n_targets <= COLOURS)
        return colours[site];
    snprintf(text, COLOUR_LEN, "hsl(%.0f,%d%%,%d%%)", fmod((double)site * GOLDEN_ANGLE, 360), 65,
             (int[]){ 42, 58, 74 }[site % 3]);
    return text;
}

static size_t site_of(const struct conf_service *service, int target)
{
    size_t i = 0;

    while (service->targets[i] != target)
        i++;
    return i;
}

/* ---- who gets what ---- */

/* A, unless nobody has an IPv4 address. */
static uint16_t type_of(const struct conf *conf, const struct conf_service *service)
{
    for (size_t i = 0; i < service->n_targets; i++) {
        const struct conf_target *t = &conf->targets[service->targets[i]];
        if (t->cname != NULL)
            return WIRE_A;
        for (size_t a = 0; a < t->n_addresses; a++)
            if (t->addresses[a].family == 4)
                return WIRE_A;
    }
    return WIRE_AAAA;
}

/* The first tier shares it, by its odds if it has any. */
static void add_part(struct map *m, const struct map_part *part)
{
    const struct world_base *base = m->world->base;
    struct land *land = &m->lands[part->country];
    struct steer_class_row row;

    steer_class_row(base->plans, m->world->tables[m->plan], m->plan, part->class, m->type, &row);
    land->whole += part->share;
    if (row.n == 0)
        land->nobody += part->share;
    if (row.is_open)
        land->open += part->share;
    for (size_t i = 0; i < row.n && row.shares[i].tier == row.shares[0].tier; i++) {
        const struct steer_share *s = &row.shares[i];
        double odds = s->odds >= 0 ? s->odds : i == 0;
        land->for_target[site_of(m->service, s->target)] += part->share * odds;
    }
}

/* -1: nobody serves it, or nothing is known of it. */
static int winner(const struct map *m, const struct land *land)
{
    int best = -1;

    for (size_t i = 0; i < m->service->n_targets; i++)
        if (land->for_target[i] > 0 && (best < 0 || land->for_target[i] > land->for_target[best]))
            best = (int)i;
    return best;
}

/* ---- drawing ---- */

static const char *target_name(const struct map *m, size_t site)
{
    return m->world->base->conf->targets[m->service->targets[site]].name;
}

/* "JP: tokyo 93 %, sydney 7 % of its IPv4 addresses", which browsers show under the pointer. */
static void write_title(const struct map *m, const char *code, const struct land *land)
{
    bool is_done[CONF_SERVICE_TARGETS_MAX] = { false };
    const char *between = "";

    fprintf(m->out, "<title>%s:", code);
    if (land->whole == 0) {
        fputs(" no place is known</title>", m->out);
        return;
    }
    for (;;) {
        int best = -1;
        for (size_t i = 0; i < m->service->n_targets; i++)
            if (!is_done[i] && land->for_target[i] > 0 &&
                (best < 0 || land->for_target[i] > land->for_target[best]))
                best = (int)i;
        if (best < 0)
            break;
        is_done[best] = true;
        fprintf(m->out, "%s %s %.3g %%", between, target_name(m, (size_t)best),
                100 * land->for_target[best] / land->whole);
        between = ",";
    }
    if (land->nobody > 0)
        fprintf(m->out, "%s nobody %.3g %%", between, 100 * land->nobody / land->whole);
    fprintf(m->out, " of its IPv%d addresses%s</title>", m->family,
            land->open > 0 ? ", although down" : "");
}

static void draw_countries(const struct map *m)
{
    static const struct land none = { 0 };
    char colour[COLOUR_LEN];

    fputs("<g stroke=\"#fff\" stroke-width=\"2\">\n", m->out);
    for (size_t i = 0; i < sizeof outlines / sizeof *outlines; i++) {
        int country = map_country(outlines[i].country);
        const struct land *land = country < 0 ? &none : &m->lands[country];
        int best = winner(m, land);
        fprintf(m->out, "<path fill=\"%s\" d=\"%s\">",
                best < 0 ? "#d8d8d8" : colour_of(m, (size_t)best, colour), outlines[i].path);
        write_title(m, country < 0 ? "unknown" : outlines[i].country, land);
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
    size_t n = conf_n_verdicts(t);
    uint32_t all = n >= 32 ? UINT32_MAX : ((uint32_t)1 << n) - 1;

    return (up & all) == all ? ALL_UP : (up & all) != 0 ? PARTLY_UP : ALL_DOWN;
}

static const char *const state_words[] = {
    [ALL_UP] = "up", [PARTLY_UP] = "partly up", [ALL_DOWN] = "DOWN"
};
static const char *const state_colours[] = {
    [ALL_UP] = "#1a9641", [PARTLY_UP] = "#fdae61", [ALL_DOWN] = "#d7191c"
};

/* About as wide as most fonts have it; `textLength` then holds it to that. */
static double width_of(const char *text, double size)
{
    double ems = 0;

    for (; *text != '\0'; text++)
        ems += strchr("fijlrt-1", *text) != NULL ? 0.36
               : strchr("mwMW", *text) != NULL   ? 0.86
                                                 : 0.58;
    return ems * size;
}

/* Small enough for the nearest two not to cover each other. */
static double radius_for(const struct map_label *labels, size_t n)
{
    double radius = RADIUS_MAX;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            double half = hypot(labels[i].x - labels[k].x, labels[i].y - labels[k].y) / 2;
            if (half < radius)
                radius = half > RADIUS_MIN ? half : RADIUS_MIN;
        }
    return radius;
}

/* Lines below points, points below names. */
static void draw_points(const struct map *m, const struct map_label *labels, const int *targets,
                        size_t n, double radius)
{
    for (const struct map_label *l = labels; l < labels + n; l++)
        if (l->is_placed && l->has_line)
            fprintf(m->out, "<path stroke-width=\"3\" d=\"M%.0f %.0fL%.0f %.0f\"/>\n", l->x, l->y,
                    l->end_x, l->end_y);
    for (size_t i = 0; i < n; i++) {
        enum state state = state_of(m, targets[i]);
        fprintf(m->out,
                "<circle cx=\"%.0f\" cy=\"%.0f\" r=\"%.0f\" fill=\"%s\"><title>%s: "
                "%s</title></circle>\n",
                labels[i].x, labels[i].y, radius, state_colours[state],
                m->world->base->conf->targets[targets[i]].name, state_words[state]);
    }
}

static void draw_names(const struct map *m, const struct map_label *labels, const int *targets,
                       size_t n, double size)
{
    fputs("<g stroke=\"#fff\" stroke-width=\"8\" stroke-linejoin=\"round\" paint-order=\"stroke\" "
          "fill=\"#222\">\n",
          m->out);
    for (size_t i = 0; i < n; i++)
        if (labels[i].is_placed)
            fprintf(m->out, "<text x=\"%.0f\" y=\"%.0f\" textLength=\"%.0f\">%s</text>\n",
                    labels[i].left, labels[i].middle + size * 0.3, labels[i].width,
                    m->world->base->conf->targets[targets[i]].name);
    fputs("</g>\n", m->out);
}

static void draw_pops(const struct map *m)
{
    const struct conf *conf = m->world->base->conf;
    struct map_room room = { .width = WIDTH, .height = HEIGHT };
    struct map_label labels[CONF_SERVICE_TARGETS_MAX] = { 0 };
    int targets[CONF_SERVICE_TARGETS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < m->service->n_targets; i++) {
        const struct conf_target *t = &conf->targets[m->service->targets[i]];
        if (!t->has_place)
            continue;
        labels[n].x = (t->longitude + 180) * 10;
        labels[n].y = (90 - t->latitude) * 10;
        targets[n++] = m->service->targets[i];
    }
    room.line = n <= FEW ? FONT : FONT * 3 / 4;
    for (size_t i = 0; i < n; i++)
        labels[i].width = width_of(conf->targets[targets[i]].name, room.line);
    room.radius = radius_for(labels, n);
    map_place_labels(labels, n, &room);
    fprintf(m->out, "<g stroke=\"#222\" stroke-width=\"%d\" font-size=\"%.0f\">\n",
            room.radius * 2 < RADIUS_MAX ? 3 : 6, room.line);
    draw_points(m, labels, targets, n, room.radius);
    draw_names(m, labels, targets, n, room.line);
    fputs("</g>\n", m->out);
}

static int legend_lines(const struct conf_service *service)
{
    return (int)((service->n_targets + 3) / 4);
}

/* A path of the operator's stands in it. */
static void write_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '<' || *text == '&')
            fputs(*text == '<' ? "&lt;" : "&amp;", out);
        else
            putc(*text, out);
    }
}

/* Below the map: every target with its colour and its verdict. */
static void draw_legend(const struct map *m, const char *note)
{
    char colour[COLOUR_LEN];

    for (size_t i = 0; i < m->service->n_targets; i++) {
        int target = m->service->targets[i], y = HEIGHT + 60 + (int)(i / 4) * LEGEND_LINE;
        int x = 40 + (int)(i % 4) * 880;
        enum state state = state_of(m, target);
        fprintf(m->out,
                "<rect x=\"%d\" y=\"%d\" width=\"40\" height=\"40\" fill=\"%s\"/>"
                "<text x=\"%d\" y=\"%d\">%s, <tspan fill=\"%s\">%s</tspan></text>\n",
                x, y - 36, colour_of(m, i, colour), x + 60, y, target_name(m, i),
                state_colours[state], state_words[state]);
    }
    int y = HEIGHT + 60 + legend_lines(m->service) * LEGEND_LINE;
    fprintf(m->out,
            "<text x=\"40\" y=\"%d\" font-size=\"34\" fill=\"#555\">Service %s, type %s. A country "
            "has the colour of the target that most of its IPv%d addresses get.</text>\n",
            y, m->service->name, m->type == WIRE_A ? "A" : "AAAA", m->family);
    fprintf(m->out, "<text x=\"40\" y=\"%d\" font-size=\"34\" fill=\"#555\">", y + LEGEND_LINE);
    write_escaped(note, m->out);
    fputs("</text>\n", m->out);
}

bool map_write(const struct world *world, size_t service, const struct map_shares *shares,
               const char *note, FILE *out)
{
    const struct conf_service *s = &world->base->conf->services[service];
    struct map m = { .world = world,
                     .service = s,
                     .plan = steer_plan_of(world->base->plans, service),
                     .type = type_of(world->base->conf, s),
                     .family = shares->family,
                     .lands = calloc(MAP_COUNTRIES, sizeof *m.lands),
                     .out = out };
    int height = HEIGHT + 100 + (legend_lines(s) + 1) * LEGEND_LINE;

    if (m.lands == NULL)
        return false;
    for (size_t i = 0; i < shares->n; i++)
        add_part(&m, &shares->parts[i]);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"%d\">\n<title>Waymark: service %s</title>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#f4f8fb\"/>\n",
            WIDTH, height, FONT, s->name, WIDTH, height, WIDTH, HEIGHT);
    draw_graticule(&m);
    draw_countries(&m);
    draw_pops(&m);
    draw_legend(&m, note);
    fputs("</svg>\n", out);
    free(m.lands);
    return true;
}

int map_service(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_services; i++)
        if (name == NULL || strcmp(conf->services[i].name, name) == 0)
            return (int)i;
    return -1;
}
