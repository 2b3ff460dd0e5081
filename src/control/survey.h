/* survey.h - walks the whole address space along the lines where something changes: a class of a plan, of
 * another plan, or a place. Pure. */
#pragma once

#include <waymark/world.h>

/* A plan in its world. */
struct survey_side {
    const struct world *world;
    size_t plan;
};

struct survey_piece {
    struct prefix network;
    double share; /* of its family's space: all of IPv4, the 2000::/3 of IPv6 */
    uint32_t class[2];
    const struct geo_place *place; /* NULL unless asked for */
};

typedef void survey_cb(void *ctx, const struct survey_piece *piece);

/* `b` may be NULL. Places are those of `a`. */
void survey_walk(const struct survey_side *a, const struct survey_side *b, bool wants_places,
                 survey_cb *visit, void *ctx);
void survey_walk_family(const struct survey_side *a, const struct survey_side *b, bool wants_places,
                        uint8_t family, survey_cb *visit, void *ctx); /* 4 or 6 alone */

/* "london 75 %, paris 25 % > tokyo": a comma within a tier, > between them. "nobody" for none. The caller
 * frees it; NULL: out of memory. */
char *survey_row_text(const struct conf *conf, const struct steer_class_row *row);
