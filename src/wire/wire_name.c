/* wire_name.c - domain names: text and octets to the folded form and back. Pure. */
#include <waymark/wire.h>

#include <stdio.h>
#include <string.h>

#include "wire_fold.h"

/* Room for a label of `len` octets, its length octet and the root after it? */
static bool label_fits(const struct wire_name *name, size_t len)
{
    return len >= 1 && len <= 63 && name->len + 1 + len + 1 <= WIRE_NAME_MAX;
}

static void label_add(struct wire_name *name, const uint8_t *octets, size_t len)
{
    name->label_at[name->n_labels++] = name->len;
    name->octets[name->len] = (uint8_t)len;
    wire_fold(name->octets + name->len + 1, octets, len);
    name->len = (uint8_t)(name->len + 1 + len);
}

static void name_end(struct wire_name *name)
{
    name->label_at[name->n_labels] = name->len;
    name->octets[name->len++] = 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *wire_escape_from_text(const char *text, const char *end, uint8_t *out)
{
    if (text == end)
        return NULL;
    if (!is_digit(text[0])) {
        *out = (uint8_t)*text;
        return text + 1;
    }
    if (end - text < 3 || !is_digit(text[1]) || !is_digit(text[2]))
        return NULL;
    int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    *out = (uint8_t)value;
    return value > 255 ? NULL : text + 3;
}

bool wire_name_from_text(const char *text, struct wire_name *out)
{
    const char *end = text + strlen(text);

    out->len = out->n_labels = 0;
    if (strcmp(text, ".") == 0) {
        name_end(out);
        return true;
    }
    do {
        uint8_t label[63];
        size_t n = 0;
        while (*text != '\0' && *text != '.') {
            if (n == sizeof label)
                return false;
            if (*text == '\\')
                text = wire_escape_from_text(text + 1, end, &label[n++]);
            else
                label[n++] = (uint8_t)*text++;
            if (text == NULL)
                return false;
        }
        if (!label_fits(out, n))
            return false;
        label_add(out, label, n);
        text += *text == '.';
    } while (*text != '\0');
    name_end(out);
    return true;
}

bool wire_name_from_octets(const uint8_t *octets, size_t len, struct wire_name *out)
{
    size_t at = 0;

    out->len = out->n_labels = 0;
    while (at < len && octets[at] != 0) {
        size_t n = octets[at];
        if (!label_fits(out, n) || at + 1 + n >= len)
            return false;
        label_add(out, octets + at + 1, n);
        at += 1 + n;
    }
    if (at >= len)
        return false;
    name_end(out);
    return true;
}

static char *write_octet(char *p, uint8_t c)
{
    if (c == '.' || c == '\\' || c == '"' || c == ';' || c == '@' || c == '$' || c == '(' ||
        c == ')') {
        *p++ = '\\';
        *p++ = (char)c;
        return p;
    }
    if (c > ' ' && c < 0x7f) {
        *p++ = (char)c;
        return p;
    }
    return p + sprintf(p, "\\%03u", c);
}

const char *wire_name_to_text(const uint8_t *octets, char out[static WIRE_NAME_TEXT_LEN])
{
    char *p = out;

    if (*octets == 0)
        return strcpy(out, ".");
    for (; *octets != 0; octets += 1 + *octets) {
        if (p != out)
            *p++ = '.';
        for (unsigned i = 1; i <= *octets; i++)
            p = write_octet(p, octets[i]);
    }
    *p = '\0';
    return out;
}

bool wire_name_equal(const struct wire_name *a, const struct wire_name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

bool wire_name_is_in(const struct wire_name *name, const struct wire_name *above)
{
    if (name->n_labels < above->n_labels)
        return false;
    unsigned at = name->label_at[name->n_labels - above->n_labels];
    return name->len - at == above->len && memcmp(name->octets + at, above->octets, above->len) == 0;
}
