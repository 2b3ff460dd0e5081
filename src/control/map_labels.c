/* map_labels.c - names beside points, none over another. Pure, and the same every time.
 *
 * Each name takes the first free place around its point, nearest first and away from the crowd
 * first. Who comes first decides how well that goes, so several orders are tried. What finds no
 * place is left out. */
#include "map_labels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <waymark/rng.h>

enum {
    DIRECTIONS = 48,
    CROWD = 350, /* who is so near takes part in it */
    GAP = 6,
    TRIES = 40,
    CROSSING_COSTS = 1000,
    MISSING_COSTS = 1000000,
    BUDGET = 2000000
};

static const double distances[] = { 0,   30,  60,  90,  120, 150, 180, 210, 240, 270, 300,
                                    340, 380, 430, 480, 540, 600, 700, 800, 900, 1000 };

/* What a line may cross, if a name finds no place otherwise. */
enum strictness { NOTHING, LINES, POINTS_TOO, STRICTNESSES };

/* All of them, and how many comparisons may still be made: a crowd of hundreds must not take
 * seconds. */
struct crowd {
    struct map_label *all;
    size_t n;
    const struct map_room *room;
    long budget;
};

struct box {
    double left, top, right, bottom;
};

struct line {
    double x1, y1, x2, y2;
};

static struct box box_of(const struct map_label *l, const struct map_room *room, double gap)
{
    return (struct box){ l->left - gap, l->middle - room->line / 2 - gap, l->left + l->width + gap,
                         l->middle + room->line / 2 + gap };
}

static bool overlap(const struct box *a, const struct box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static double clamp(double v, double least, double most)
{
    return v < least ? least : v > most ? most : v;
}

static bool touches_point(const struct box *b, double x, double y, double radius)
{
    return hypot(clamp(x, b->left, b->right) - x, clamp(y, b->top, b->bottom) - y) < radius;
}

/* By what each side of the box leaves of the line. */
static bool crosses_box(const struct line *l, const struct box *b)
{
    double from = 0, to = 1, dx = l->x2 - l->x1, dy = l->y2 - l->y1;
    const double step[] = { -dx, dx, -dy, dy };
    const double room[] = { l->x1 - b->left, b->right - l->x1, l->y1 - b->top, b->bottom - l->y1 };

    for (int i = 0; i < 4; i++) {
        if (step[i] == 0 && room[i] < 0)
            return false;
        if (step[i] < 0)
            from = fmax(from, room[i] / step[i]);
        else if (step[i] > 0)
            to = fmin(to, room[i] / step[i]);
    }
    return from < to;
}

static bool crosses_point(const struct line *l, double x, double y, double radius)
{
    double dx = l->x2 - l->x1, dy = l->y2 - l->y1, length = dx * dx + dy * dy;
    double at = length == 0 ? 0 : clamp(((x - l->x1) * dx + (y - l->y1) * dy) / length, 0, 1);

    return hypot(l->x1 + at * dx - x, l->y1 + at * dy - y) < radius;
}

static double side(const struct line *l, double x, double y)
{
    return (l->x2 - l->x1) * (y - l->y1) - (l->y2 - l->y1) * (x - l->x1);
}

static bool cross(const struct line *a, const struct line *b)
{
    return side(a, b->x1, b->y1) * side(a, b->x2, b->y2) < 0 &&
           side(b, a->x1, a->y1) * side(b, a->x2, a->y2) < 0;
}

static struct line line_of(const struct map_label *l)
{
    return (struct line){ l->x, l->y, l->end_x, l->end_y };
}

static bool is_near(const struct map_label *a, const struct map_label *b)
{
    return hypot(a->x - b->x, a->y - b->y) < CROWD;
}

/* Where the others around it are not; east of a lonely one. */
static double outward(const struct crowd *c, const struct map_label *l)
{
    double x = 0, y = 0;

    for (size_t i = 0; i < c->n; i++)
        if (is_near(l, &c->all[i])) {
            x += l->x - c->all[i].x;
            y += l->y - c->all[i].y;
        }
    return x == 0 && y == 0 ? 0 : atan2(y, x);
}

/* Its nearest side, or corner, is at the end of the line. */
static void stand_at(struct map_label *l, double angle, double distance,
                     const struct map_room *room)
{
    double reach = room->radius + GAP + distance, dx = cos(angle), dy = sin(angle);

    l->end_x = l->x + reach * dx;
    l->end_y = l->y + reach * dy;
    l->left = l->end_x - (dx > 0.35 ? 0 : dx < -0.35 ? l->width : l->width / 2);
    l->middle = l->end_y + (fabs(dx) > 0.35 ? 0 : dy > 0 ? room->line / 2 : -room->line / 2);
    l->has_line = distance > 0;
}

/* Does it go past another's point? */
static bool is_past_point(const struct map_label *l, const struct box *mine,
                          const struct map_label *other, double radius, enum strictness may_cross)
{
    struct line to_mine = line_of(l);

    if (touches_point(mine, other->x, other->y, radius))
        return false;
    return !l->has_line || may_cross == POINTS_TOO || (other->x == l->x && other->y == l->y) ||
           !crosses_point(&to_mine, other->x, other->y, radius);
}

/* And past its name, and the line to that? */
static bool is_past_name(const struct map_label *l, const struct box *mine,
                         const struct map_label *other, const struct map_room *room,
                         enum strictness may_cross)
{
    struct box others = box_of(other, room, 0);
    struct line to_mine = line_of(l), to_other = line_of(other);

    if (overlap(mine, &others) || (l->has_line && crosses_box(&to_mine, &others)) ||
        (other->has_line && crosses_box(&to_other, mine)))
        return false;
    return !l->has_line || !other->has_line || may_cross >= LINES || !cross(&to_mine, &to_other);
}

static bool is_free(struct crowd *c, const struct map_label *l, enum strictness may_cross)
{
    struct box mine = box_of(l, c->room, GAP);

    if (mine.left < 0 || mine.top < 0 || mine.right > c->room->width ||
        mine.bottom > c->room->height)
        return false;
    for (size_t i = 0; i < c->n; i++) {
        const struct map_label *other = &c->all[i];
        c->budget--;
        if (other != l ? !is_past_point(l, &mine, other, c->room->radius, may_cross)
                       : touches_point(&mine, l->x, l->y, c->room->radius))
            return false;
        if (other != l && other->is_placed && !is_past_name(l, &mine, other, c->room, may_cross))
            return false;
    }
    return true;
}

/* How far the eye has to go to it, and over what; much more when there is no place. */
static double place(struct crowd *c, struct map_label *l)
{
    double first = outward(c, l);

    for (int may_cross = NOTHING; may_cross < STRICTNESSES; may_cross++)
        for (size_t d = 0; d < sizeof distances / sizeof *distances && c->budget > 0; d++)
            for (int k = 0; k < DIRECTIONS; k++) {
                int turn = k % 2 == 0 ? -k / 2 : (k + 1) / 2; /* to one side, to the other */
                stand_at(l, first + turn * 2 * M_PI / DIRECTIONS, distances[d], c->room);
                if (is_free(c, l, (enum strictness)may_cross)) {
                    l->is_placed = true;
                    return distances[d] + may_cross * CROSSING_COSTS;
                }
            }
    return MISSING_COSTS;
}

static double place_all(struct crowd *c, const size_t *order)
{
    double costs = 0;

    c->budget = BUDGET;
    for (size_t i = 0; i < c->n; i++)
        c->all[i].is_placed = c->all[i].has_line = false;
    for (size_t i = 0; i < c->n; i++)
        costs += place(c, &c->all[order[i]]);
    return costs;
}

static void shuffle(size_t *order, size_t n, struct rng *rng)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = rng_next(rng) % i, last = order[i - 1];
        order[i - 1] = order[k];
        order[k] = last;
    }
}

void map_place_labels(struct map_label *labels, size_t n, const struct map_room *room)
{
    struct crowd c = { .all = labels, .n = n, .room = room };
    size_t order[MAP_LABELS_MAX] = { 0 }, best[MAP_LABELS_MAX] = { 0 };
    double least = INFINITY;
    long spent = 0;
    struct rng rng;

    assert(n <= MAP_LABELS_MAX);
    rng_seed(&rng, 1);
    for (size_t i = 0; i < n; i++)
        order[i] = best[i] = i;
    for (int i = 0; i < TRIES && least > 0 && spent < BUDGET; i++) {
        double costs = place_all(&c, order);
        if (costs < least)
            memcpy(best, order, n * sizeof *order);
        least = fmin(least, costs);
        spent += BUDGET - c.budget;
        shuffle(order, n, &rng);
    }
    place_all(&c, best);
}
