/* conf_near.c - edit distance between short names, to suggest what a mistyped one meant. */
#include "conf_near.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

void conf_near_init(struct conf_near *near, const char *wanted)
{
    size_t len = strlen(wanted);

    /* A third of the letters may be wrong: two of six, one of three. */
    *near = (struct conf_near){ .wanted = wanted, .distance = len / 3 + 1 };
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein, one row at a time; letters of either case are equal. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[NAME_MAX_LEN + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change =
                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

void conf_near_offer(struct conf_near *near, const char *candidate)
{
    size_t wanted_len = strlen(near->wanted);
    size_t len = strlen(candidate);
    size_t apart = len > wanted_len ? len - wanted_len : wanted_len - len;

    if (len > NAME_MAX_LEN || wanted_len > NAME_MAX_LEN || apart >= near->distance)
        return;
    size_t d = distance(near->wanted, wanted_len, candidate, len);
    if (d < near->distance) {
        near->distance = d;
        near->best = candidate;
    }
}

const char *conf_near_hint(const struct conf_near *near, char out[static CONF_HINT_LEN])
{
    out[0] = '\0';
    if (near->best != NULL)
        snprintf(out, CONF_HINT_LEN, "; did you mean \"%s\"?", near->best);
    return out;
}
