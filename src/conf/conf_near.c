/* conf_near.c - edit distance between short names, to suggest what a mistyped one meant. */
#include "conf_near.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
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

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with swapped neighbours as one edit; letters of either case are equal. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    uint8_t d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1]; /* of the first i and j letters */

    for (size_t i = 0; i <= a_len; i++)
        for (size_t j = 0; j <= b_len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (uint8_t)(i + j);
                continue;
            }
            size_t best = least(d[i - 1][j], d[i][j - 1]) + 1U;
            best = least(best, d[i - 1][j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0U : 1U));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                best = least(best, d[i - 2][j - 2] + 1U);
            d[i][j] = (uint8_t)best;
        }
    return d[a_len][b_len];
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
