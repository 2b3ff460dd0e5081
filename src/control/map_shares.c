/* map_shares.c - which share of each country's addresses a class of a plan has. Pure. */
#include "map_shares.h"

#include <stdlib.h>

#include "survey.h"

struct counting {
    const bool *is_special; /* by class */
    size_t n_classes;
    double *shares; /* by country, then by class */
    size_t n;       /* of them that are not 0 */
};

int map_country(const char *code)
{
    if (code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z')
        return -1;
    return (code[0] - 'A') * 26 + code[1] - 'A';
}

static void on_piece(void *ctx, const struct survey_piece *piece)
{
    struct counting *c = ctx;
    int country = map_country(piece->place->country);

    if (country < 0 || c->is_special[piece->class[0]])
        return;
    double *share = &c->shares[(size_t)country * c->n_classes + piece->class[0]];
    c->n += *share == 0;
    *share += piece->share;
}

static struct map_shares *gather(const struct counting *c, uint8_t family)
{
    struct map_shares *s = calloc(1, sizeof *s);

    if (s != NULL)
        s->parts = calloc(c->n + 1, sizeof *s->parts);
    if (s == NULL || s->parts == NULL) {
        free(s);
        return NULL;
    }
    s->family = family;
    for (size_t country = 0; country < MAP_COUNTRIES; country++)
        for (size_t class = 0; class < c->n_classes; class ++) {
            double share = c->shares[country * c->n_classes + class];
            if (share > 0)
                s->parts[s->n++] = (struct map_part){ (uint16_t)country, (uint32_t) class, share };
        }
    return s;
}

static bool *find_special(const struct world *world, size_t plan, size_t n_classes)
{
    bool *is_special = calloc(n_classes, sizeof *is_special);
    struct steer_class_row row;

    for (size_t i = 0; is_special != NULL && i < n_classes; i++) {
        steer_class_row(world->base->plans, world->tables[plan], plan, (uint32_t)i, WIRE_A, &row);
        is_special[i] = row.is_special;
    }
    return is_special;
}

struct map_shares *map_shares_new(const struct world *world, size_t plan)
{
    const struct survey_side side = { world, plan };
    struct counting c = { .n_classes = steer_classes(world->base->plans, plan) };
    bool *is_special = find_special(world, plan, c.n_classes);
    struct map_shares *s = NULL;
    uint8_t family = 4;

    c.is_special = is_special;
    c.shares =
        calloc(MAP_COUNTRIES * c.n_classes, sizeof *c.shares); /* most pages stay untouched */
    if (c.shares != NULL && is_special != NULL) {
        survey_walk_family(&side, NULL, true, 4, on_piece, &c);
        if (c.n == 0)
            survey_walk_family(&side, NULL, true, family = 6, on_piece, &c);
        s = gather(&c, family);
    }
    free(c.shares);
    free(is_special);
    return s;
}

void map_shares_free(struct map_shares *shares)
{
    if (shares == NULL)
        return;
    free(shares->parts);
    free(shares);
}
