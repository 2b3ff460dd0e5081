/* map_labels.h - names beside points, none over another. Pure, and the same every time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In the units of the picture. */
struct map_label {
    double x, y;  /* of the point */
    double width; /* of the name */
    /* found: */
    bool is_placed; /* false: there is no room for it */
    double left, middle;
    bool has_line; /* it stands apart, with a line from the point to `end` */
    double end_x, end_y;
};

enum { MAP_LABELS_MAX = 256 };

struct map_room {
    double width, height; /* of the picture */
    double line;          /* of text */
    double radius;        /* of a point */
};

/* `n` is MAP_LABELS_MAX at most. */
void map_place_labels(struct map_label *labels, size_t n, const struct map_room *room);
