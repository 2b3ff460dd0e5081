/* http_host.c - the host a request asks for: a name or an address, and a port. Pure.
 */
#include "http_head.h"

#include <string.h>

static bool is_name_char(char c)
{
    char l = http_lower(c);

    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Letters, digits, - _ and dots, no empty label but the last. */
static bool is_name(struct http_text t)
{
    if (t.len == 0 || t.at[0] == '.')
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!is_name_char(t.at[i]) || (i > 0 && t.at[i] == '.' && t.at[i - 1] == '.'))
            return false;
    return true;
}

/* What stands in the brackets: enough to hold no surprise; whether it is an address is decided by
 * whoever connects to it, which we never do. */
static bool is_address(struct http_text t)
{
    unsigned colons = 0;

    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == ':')
            colons++;
        else if (http_hex((unsigned char)t.at[i]) < 0 && t.at[i] != '.')
            return false;
    }
    return colons >= 2 && t.len <= 45;
}

bool http_host_parse(struct http_text text, struct http_text *host, uint16_t *port)
{
    const char *end = text.at + text.len;
    bool is_literal = text.len > 0 && text.at[0] == '[';
    const char *stop = text.len == 0 ? NULL : memchr(text.at, is_literal ? ']' : ':', text.len);
    uint64_t number = 0;

    if (text.len == 0 || text.len > HTTP_HOST_MAX || (is_literal && stop == NULL))
        return false;
    if (stop == NULL)
        stop = end;
    stop += is_literal;
    *host = (struct http_text){ text.at, (size_t)(stop - text.at) };
    *port = 0;
    if (is_literal ? !is_address((struct http_text){ text.at + 1, host->len - 2 }) : !is_name(*host))
        return false;
    if (stop == end)
        return true;
    struct http_text digits = { stop + 1, (size_t)(end - stop - 1) };
    if (*stop != ':' || (digits.len > 0 && !http_text_number(digits, UINT16_MAX, &number)))
        return false;
    *port = (uint16_t)number;
    return digits.len == 0 || number > 0;
}
