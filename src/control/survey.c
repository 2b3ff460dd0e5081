/* survey.c - the address space, piece by piece. Pure. */
#include "survey.h"

#include <stdio.h>
#include <string.h>

enum { GLOBAL_BITS6 = 3 }; /* IPv6's global unicast, 2000::/3 */

/* The first octets of an address as one number, and back: enough for any step below /64, where all views
 * of the world's data end. Longer networks are stepped over one /64 at a time. */
static uint64_t number_of(const struct addr *a)
{
    uint64_t n = 0;

    for (int i = 0; i < 8; i++)
        n = n << 8 | a->octets[i];
    return n;
}

static void set_number(struct addr *a, uint64_t n)
{
    memset(a->octets, 0, sizeof a->octets);
    for (int i = 0; i < (a->family == 4 ? 4 : 8); i++)
        a->octets[i] = (uint8_t)(n >> (56 - 8 * i));
}

static uint8_t max_of(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* Fills in the piece that begins at its network's address. */
static void look_at(const struct survey_side *a, const struct survey_side *b, bool wants_places,
                    struct survey_piece *p)
{
    const struct addr *who = &p->network.addr;
    uint8_t bits;

    p->class[0] = steer_class_of(a->world->base->plans, a->plan, who, &p->network.bits);
    if (b != NULL) {
        p->class[1] = steer_class_of(b->world->base->plans, b->plan, who, &bits);
        p->network.bits = max_of(p->network.bits, bits);
    }
    if (wants_places) {
        struct geo_location at = geo_locate(a->world->base->geo, who);
        p->place = at.place;
        p->network.bits = max_of(p->network.bits, at.bits);
    }
}

void survey_walk_family(const struct survey_side *a, const struct survey_side *b, bool wants_places,
                        uint8_t family, survey_cb *visit, void *ctx)
{
    struct survey_piece p = { .network = { .addr = { .family = family } } };
    unsigned first_bits = family == 4 ? 0 : GLOBAL_BITS6, longest = family == 4 ? 32 : 64;
    uint64_t at = family == 4 ? 0 : UINT64_C(1) << 61, step, last;

    last = family == 4 ? UINT64_MAX : (UINT64_C(1) << 62) - 1;
    do {
        set_number(&p.network.addr, at);
        look_at(a, b, wants_places, &p);
        p.network.bits = max_of(p.network.bits, (uint8_t)first_bits);
        if (p.network.bits > longest)
            p.network.bits = (uint8_t)longest;
        p.share = 1;
        for (unsigned i = first_bits; i < p.network.bits; i++)
            p.share /= 2;
        visit(ctx, &p);
        step = p.network.bits == 0 ? UINT64_MAX : (UINT64_C(1) << (64 - p.network.bits)) - 1;
        at = number_of(&p.network.addr) + step + 1;
    } while (at != 0 && at - 1 < last);
}

void survey_walk(const struct survey_side *a, const struct survey_side *b, bool wants_places,
                 survey_cb *visit, void *ctx)
{
    survey_walk_family(a, b, wants_places, 4, visit, ctx);
    survey_walk_family(a, b, wants_places, 6, visit, ctx);
}

char *survey_row_text(const struct conf *conf, const struct steer_class_row *row)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < row->n; i++) {
        const struct steer_share *s = &row->shares[i];
        if (i > 0)
            fputs(s->tier == s[-1].tier && s->odds >= 0 ? ", " : " > ", out);
        fputs(conf->targets[s->target].name, out);
        if (s->odds >= 0 && s->odds < 0.99995)
            fprintf(out, " %.3g %%", s->odds * 100);
    }
    fputs(row->n == 0 ? "nobody" : "", out);
    fputs(row->is_open ? " (although down)" : "", out);
    return fclose(out) == 0 ? text : NULL;
}
