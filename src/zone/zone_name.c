/* zone_name.c - names and character strings from tokens. Pure; where they stand is for others. */
#include "zone/zone_name.h"

#include <string.h>

/* The octet at *p, "\." and "\046" included, and steps over it; -1 when the escape is broken. */
static int read_octet(const char **p, const char *end)
{
    uint8_t octet;

    if (**p != '\\')
        return (uint8_t)*(*p)++;
    const char *after = wire_escape_from_text(*p + 1, end, &octet);
    if (after == NULL)
        return -1;
    *p = after;
    return octet;
}

static const char bad_escape[] = "a bad escape: write \\DDD with DDD up to 255, or \\ and a sign";

/* One label, up to a dot or the end; NULL, or what is wrong. */
static const char *read_label(const char **p, const char *end, struct zone_name *out)
{
    size_t length_at = out->len, n = 0;

    while (*p < end && **p != '.') {
        int c = read_octet(p, end);
        if (c < 0)
            return bad_escape;
        if (++n > 63)
            return "a label is longer than 63 octets";
        if (length_at + n + 2 > WIRE_NAME_MAX) /* the root's octet must follow */
            return "a name is longer than 255 octets";
        out->octets[length_at + n] = (uint8_t)c;
    }
    if (n == 0)
        return "a name has an empty label";
    out->octets[length_at] = (uint8_t)n;
    out->len = (uint8_t)(length_at + n + 1);
    return NULL;
}

static const char *add_origin(const struct zone_name *origin, struct zone_name *out)
{
    if (out->len + origin->len > WIRE_NAME_MAX)
        return "a name is longer than 255 octets with its origin";
    memcpy(out->octets + out->len, origin->octets, origin->len);
    out->len = (uint8_t)(out->len + origin->len);
    return NULL;
}

const char *zone_name_read(const struct zone_token *token, const struct zone_name *origin,
                           struct zone_name *out)
{
    const char *p = token->text, *end = p + token->len;
    bool is_absolute = false;

    out->len = 0;
    if (token->len == 0)
        return "an empty name";
    if (token->len == 1 && *p == '@' && !token->is_quoted)
        return add_origin(origin, out);
    if (token->len == 1 && *p == '.')
        p++, is_absolute = true;
    while (p < end) {
        const char *why = read_label(&p, end, out);
        if (why != NULL)
            return why;
        is_absolute = p < end; /* it stopped at a dot */
        p += is_absolute;
    }
    if (!is_absolute)
        return add_origin(origin, out);
    out->octets[out->len++] = 0;
    return NULL;
}

size_t zone_string_read(const struct zone_token *token, uint8_t out[static 256], const char **why)
{
    const char *p = token->text, *end = p + token->len;
    size_t n = 0;

    while (p < end) {
        int c = read_octet(&p, end);
        if (c < 0 || n == 255) {
            *why = c < 0 ? bad_escape : "a string is longer than 255 octets: split it into several";
            return 0;
        }
        out[++n] = (uint8_t)c;
    }
    out[0] = (uint8_t)n;
    return n + 1;
}
