/* http_sf.c - dictionaries of structured fields (RFC 8941), as far as we need them. Pure.
 *
 * Every reader takes the rest of the text and moves behind what it read; false: it is not there. */
#include "http_list.h"

#include <string.h>

static void drop(struct http_text *rest, size_t n)
{
    rest->at += n;
    rest->len -= n;
}

static bool starts(const struct http_text *rest, char c)
{
    return rest->len > 0 && rest->at[0] == c;
}

static void skip_blanks(struct http_text *rest, bool tabs)
{
    while (starts(rest, ' ') || (tabs && starts(rest, '\t')))
        drop(rest, 1);
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return is_lower(http_lower(c));
}

static bool read_key(struct http_text *rest, struct http_text *key)
{
    size_t n = 0;

    if (rest->len == 0 || (!is_lower(rest->at[0]) && rest->at[0] != '*'))
        return false;
    while (n < rest->len &&
           (is_lower(rest->at[n]) || is_digit(rest->at[n]) || memchr("_-.*", rest->at[n], 4) != NULL))
        n++;
    *key = (struct http_text){ rest->at, n };
    drop(rest, n);
    return true;
}

/* An integer of up to 15 digits, or a decimal of up to 12 and 3. */
static bool read_number(struct http_text *rest, struct http_sf_member *out)
{
    bool negative = starts(rest, '-');
    size_t n = 0, fraction = 0;

    if (negative)
        drop(rest, 1);
    out->integer = 0;
    while (n < rest->len && n < 16 && is_digit(rest->at[n]))
        out->integer = out->integer * 10 + (rest->at[n++] - '0');
    if (n == 0 || n > 15)
        return false;
    drop(rest, n);
    if (negative)
        out->integer = -out->integer;
    out->type = HTTP_SF_INTEGER;
    if (!starts(rest, '.'))
        return true;
    drop(rest, 1);
    while (fraction < rest->len && is_digit(rest->at[fraction]))
        fraction++;
    drop(rest, fraction);
    out->type = HTTP_SF_OTHER;
    return n <= 12 && fraction >= 1 && fraction <= 3;
}

static bool read_string(struct http_text *rest, struct http_sf_member *out)
{
    for (size_t i = 1; i < rest->len; i++) {
        unsigned char c = (unsigned char)rest->at[i];

        if (c < 0x20 || c > 0x7e)
            return false;
        if (c == '"') {
            out->type = HTTP_SF_STRING;
            out->text = (struct http_text){ rest->at + 1, i - 1 };
            drop(rest, i + 1);
            return true;
        }
        if (c == '\\' && (++i == rest->len || (rest->at[i] != '"' && rest->at[i] != '\\')))
            return false;
    }
    return false;
}

static bool read_token(struct http_text *rest, struct http_sf_member *out)
{
    size_t n = 1;

    while (n < rest->len && (http_is_tchar((unsigned char)rest->at[n]) || rest->at[n] == ':' ||
                             rest->at[n] == '/'))
        n++;
    out->type = HTTP_SF_TOKEN;
    out->text = (struct http_text){ rest->at, n };
    drop(rest, n);
    return true;
}

static bool read_bytes(struct http_text *rest, struct http_sf_member *out)
{
    const char *end = memchr(rest->at + 1, ':', rest->len - 1);

    if (end == NULL)
        return false;
    for (const char *i = rest->at + 1; i < end; i++)
        if (!is_alpha(*i) && !is_digit(*i) && *i != '+' && *i != '/' && *i != '=')
            return false;
    out->type = HTTP_SF_OTHER;
    drop(rest, (size_t)(end + 1 - rest->at));
    return true;
}

static bool read_boolean(struct http_text *rest, struct http_sf_member *out)
{
    if (rest->len < 2 || (rest->at[1] != '0' && rest->at[1] != '1'))
        return false;
    out->type = HTTP_SF_BOOLEAN;
    out->integer = rest->at[1] - '0';
    drop(rest, 2);
    return true;
}

static bool read_bare(struct http_text *rest, struct http_sf_member *out)
{
    char c = rest->len == 0 ? '\0' : rest->at[0];

    if (c == '-' || is_digit(c))
        return read_number(rest, out);
    if (c == '"')
        return read_string(rest, out);
    if (c == ':')
        return read_bytes(rest, out);
    if (c == '?')
        return read_boolean(rest, out);
    return (c == '*' || is_alpha(c)) && read_token(rest, out);
}

static bool skip_parameters(struct http_text *rest)
{
    struct http_sf_member dropped = { 0 };

    while (starts(rest, ';')) {
        drop(rest, 1);
        skip_blanks(rest, false);
        if (!read_key(rest, &dropped.key))
            return false;
        if (!starts(rest, '='))
            continue;
        drop(rest, 1);
        if (!read_bare(rest, &dropped))
            return false;
    }
    return true;
}

static bool read_inner_list(struct http_text *rest, struct http_sf_member *out)
{
    struct http_sf_member dropped = { 0 };

    out->type = HTTP_SF_OTHER;
    drop(rest, 1);
    for (;;) {
        skip_blanks(rest, false);
        if (starts(rest, ')')) {
            drop(rest, 1);
            return true;
        }
        if (!read_bare(rest, &dropped) || !skip_parameters(rest))
            return false;
        if (!starts(rest, ' ') && !starts(rest, ')'))
            return false;
    }
}

static bool read_member(struct http_text *rest, struct http_sf_member *out)
{
    *out = (struct http_sf_member){ .type = HTTP_SF_BOOLEAN, .integer = 1 };
    if (!read_key(rest, &out->key))
        return false;
    if (starts(rest, '=')) {
        drop(rest, 1);
        if (starts(rest, '(') ? !read_inner_list(rest, out) : !read_bare(rest, out))
            return false;
    }
    return skip_parameters(rest);
}

int http_sf_next(struct http_text *rest, struct http_sf_member *out)
{
    skip_blanks(rest, false);
    if (rest->len == 0)
        return 0;
    if (!read_member(rest, out))
        return -1;
    skip_blanks(rest, true);
    if (rest->len == 0)
        return 1;
    if (!starts(rest, ','))
        return -1;
    drop(rest, 1);
    skip_blanks(rest, true);
    return rest->len == 0 ? -1 : 1; /* a comma at the end is an error (RFC 8941 4.2.2) */
}
