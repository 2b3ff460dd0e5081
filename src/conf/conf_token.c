/* conf_token.c - cuts a libconfig text into tokens by the longest match of libconfig's own
 * patterns.
 *
 * Both must see the same tokens, or the lines noted for values would be wrong. What the tokens add
 * up to is conf_scan.c's question. Pure. */
#include "conf_token.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <waymark/report.h>

static struct conf_token token_until(struct conf_lexer *l, enum conf_token_kind kind,
                                     const char *end)
{
    struct conf_token t = { kind, l->at, (size_t)(end - l->at), l->line };

    l->at = end;
    return t;
}

static struct conf_token bad(struct conf_lexer *l)
{
    return token_until(l, CONF_TOKEN_BAD, l->at);
}

static bool starts(const struct conf_lexer *l, const char *what)
{
    return strncmp(l->at, what, strlen(what)) == 0;
}

/* ---- space and comments ---- */

/* False after an error: the comment never ends. */
static bool skip_block_comment(struct conf_lexer *l)
{
    const char *end = strstr(l->at + 2, "*/");

    if (end == NULL) {
        report_error(l->report, l->file, l->line, "a comment begins here and never ends: no */");
        return false;
    }
    for (; l->at < end + 2; l->at++)
        l->line += *l->at == '\n';
    return true;
}

static bool skip_space(struct conf_lexer *l)
{
    while (l->at < l->end) {
        if (*l->at == '#' || starts(l, "//"))
            l->at += strcspn(l->at, "\n");
        else if (starts(l, "/*")) {
            if (!skip_block_comment(l))
                return false;
        } else if (strchr(" \t\r\n\f", *l->at) != NULL) {
            l->line += *l->at == '\n';
            l->at++;
        } else
            break;
    }
    return true;
}

/* ---- texts ---- */

static bool is_nul_escape(const char *at)
{
    return (at[1] == 'x' || at[1] == 'X') && at[2] == '0' && at[3] == '0';
}

static struct conf_token read_text(struct conf_lexer *l)
{
    struct conf_token t = { CONF_TOKEN_TEXT, l->at, 0, l->line };

    for (l->at++; l->at < l->end && *l->at != '"'; l->at++) {
        l->line += *l->at == '\n';
        if (*l->at != '\\')
            continue;
        if (is_nul_escape(l->at))
            report_error(l->report, l->file, l->line, "\\x00 cannot be part of a text");
        if (l->at[1] == '"' || l->at[1] == '\\')
            l->at++;
    }
    if (l->at >= l->end) {
        report_error(l->report, l->file, t.line, "a text begins here and never ends: no \"");
        return bad(l);
    }
    l->at++;
    t.len = (size_t)(l->at - t.text);
    return t;
}

/* ---- numbers ---- */

static const char *skip_digits(const char *at)
{
    while (isdigit((unsigned char)*at))
        at++;
    return at;
}

/* The end of "e+5", or `at` when none stands there. */
static const char *skip_exponent(const char *at)
{
    if (*at != 'e' && *at != 'E')
        return at;
    const char *digits = at + 1 + (at[1] == '+' || at[1] == '-');
    const char *end = skip_digits(digits);
    return end == digits ? at : end;
}

/* The end of "0x1f", or `at`. */
static const char *skip_hex(const char *at)
{
    const char *end = at + 2;

    if (at[0] != '0' || (at[1] != 'x' && at[1] != 'X'))
        return at;
    while (isxdigit((unsigned char)*end))
        end++;
    return end == at + 2 ? at : end;
}

static const char *skip_long(const char *at)
{
    at += *at == 'L';
    return at[-1] == 'L' && *at == 'L' ? at + 1 : at;
}

static int digit_of(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* `digits` holds digits of the base and nothing else. */
static bool fits_int(const char *digits, const char *end, int base)
{
    int64_t n = 0;

    for (; digits < end && n <= INT32_MAX; digits++)
        n = n * base + digit_of(*digits);
    return n <= INT32_MAX;
}

static struct conf_token read_integer(struct conf_lexer *l, const char *digits, const char *end,
                                      int base)
{
    if (!fits_int(digits, end, base))
        report_error(l->report, l->file, l->line,
                     "%.*s is beyond 2147483647, the largest integer; only an AS number can be "
                     "greater, written as a text: \"4294967295\"",
                     end - l->at > 40 ? 40 : (int)(end - l->at), l->at);
    return token_until(l, CONF_TOKEN_INTEGER, skip_long(end));
}

static struct conf_token read_number(struct conf_lexer *l)
{
    const char *end = skip_hex(l->at);

    if (end > l->at)
        return read_integer(l, l->at + 2, end, 16);
    const char *digits = l->at + (*l->at == '-' || *l->at == '+');
    const char *whole = end = skip_digits(digits);
    if (*end == '.')
        end = skip_digits(end + 1);
    end = skip_exponent(end);
    if (end == whole)
        return read_integer(l, digits, end, 10);
    return token_until(l, CONF_TOKEN_NUMBER, end);
}

static bool is_number_start(const char *at)
{
    at += *at == '-' || *at == '+';
    return isdigit((unsigned char)*at) || *at == '.';
}

/* ---- the rest ---- */

static bool is_word(const struct conf_token *t, const char *word)
{
    return t->len == strlen(word) && strncasecmp(t->text, word, t->len) == 0;
}

static struct conf_token read_name(struct conf_lexer *l)
{
    const char *end = l->at;

    while (isalnum((unsigned char)*end) || *end == '-' || *end == '_' || *end == '*')
        end++;
    struct conf_token t = token_until(l, CONF_TOKEN_NAME, end);
    if (is_word(&t, "true") || is_word(&t, "false"))
        t.kind = CONF_TOKEN_BOOL;
    return t;
}

static enum conf_token_kind kind_of_sign(char c)
{
    switch (c) {
    case '(':
    case '[':
    case '{':
        return CONF_TOKEN_OPEN;
    case ')':
    case ']':
    case '}':
        return CONF_TOKEN_CLOSE;
    case '=':
    case ':':
        return CONF_TOKEN_ASSIGN;
    case ';':
        return CONF_TOKEN_SEMICOLON;
    case ',':
        return CONF_TOKEN_COMMA;
    default:
        return CONF_TOKEN_BAD;
    }
}

static void report_odd(struct conf_lexer *l)
{
    unsigned char c = (unsigned char)*l->at;

    if (c == '@')
        report_error(l->report, l->file, l->line,
                     "@include is not supported: put everything into one file");
    else if (c >= 0x20 && c < 0x7f)
        report_error(l->report, l->file, l->line, "'%c' has no meaning here; a text wants quotes",
                     c);
    else
        report_error(l->report, l->file, l->line,
                     "an octet 0x%02x outside texts and comments; save the file as plain text", c);
}

struct conf_token conf_token_next(struct conf_lexer *l)
{
    if (!skip_space(l))
        return bad(l);
    if (l->at >= l->end)
        return token_until(l, CONF_TOKEN_END, l->at);
    if (*l->at == '"')
        return read_text(l);
    if (is_number_start(l->at))
        return read_number(l);
    if (isalpha((unsigned char)*l->at) || *l->at == '*')
        return read_name(l);
    enum conf_token_kind kind = kind_of_sign(*l->at);
    if (kind == CONF_TOKEN_BAD) {
        report_odd(l);
        return bad(l);
    }
    return token_until(l, kind, l->at + 1);
}
