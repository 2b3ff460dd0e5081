/* zone_name.c - names and character strings from tokens. Pure; where they stand is for others. */
#include "zone/zone_name.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The octet at *p, "\." and "\046" included, and steps over it; -1 when the escape is broken. */
static int read_octet(const char **p, const char *end)
{
    const char *at = *p;

    if (*at != '\\') {
        *p = at + 1;
        return (uint8_t)*at;
    }
    if (end - at < 2)
        return -1;
    if (!is_digit(at[1])) {
        *p = at + 2;
        return (uint8_t)at[1];
    }
    if (end - at < 4 || !is_digit(at[2]) || !is_digit(at[3]))
        return -1;
    int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
    *p = at + 4;
    return value > 255 ? -1 : value;
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

void zone_name_fold(struct zone_name *name)
{
    /* Length octets are below 64 and so no letters. */
    for (size_t i = 0; i < name->len; i++) {
        uint8_t c = name->octets[i];
        name->octets[i] = (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
    }
}

bool zone_name_is_in(const struct zone_name *name, const struct zone_name *above)
{
    size_t at = 0;

    while (name->len - at > above->len)
        at += 1u + name->octets[at];
    return name->len - at == above->len &&
           memcmp(name->octets + at, above->octets, above->len) == 0;
}
