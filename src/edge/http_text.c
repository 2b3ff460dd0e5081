/* http_text.c - comparing and reading runs of octets. Pure.
 */
#include "http_text.h"

#include <string.h>

static const bool tchars[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true, ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true, ['_'] = true,
    ['`'] = true,         ['|'] = true,         ['~'] = true,
};

struct http_text http_text_of(const char *z)
{
    return (struct http_text){ z, strlen(z) };
}

bool http_text_is(struct http_text a, struct http_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool http_text_is_like(struct http_text a, struct http_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (http_lower(a.at[i]) != http_lower(b.at[i]))
            return false;
    return true;
}

bool http_text_is_word(struct http_text a, const char *word)
{
    return http_text_is_like(a, http_text_of(word));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct http_text http_text_trim(struct http_text t)
{
    while (t.len > 0 && is_blank(t.at[0])) {
        t.at++;
        t.len--;
    }
    while (t.len > 0 && is_blank(t.at[t.len - 1]))
        t.len--;
    return t;
}

bool http_text_number(struct http_text t, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < t.len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)t.at[i] - '0';

        if (t.at[i] < '0' || t.at[i] > '9' || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (t.len == 0 || n > most)
        return false;
    *out = n;
    return true;
}

bool http_is_tchar(unsigned char c)
{
    return tchars[c];
}

bool http_is_token(struct http_text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!tchars[(unsigned char)t.at[i]])
            return false;
    return t.len > 0;
}

int http_hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
