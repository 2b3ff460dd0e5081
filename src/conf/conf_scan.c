/* conf_scan.c - the tokens of a libconfig text, looked at before libconfig parses them.
 *
 * What is refused here is refused with a reason; whether the tokens make a sentence of the grammar is
 * left to libconfig, what they mean to the readers. Pure, one pass, bounded by the limits of
 * conf_scan.h. */
#include "conf_scan.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <waymark/report.h>

enum kind { KIND_NONE, KIND_TEXT, KIND_INTEGER, KIND_NUMBER, KIND_BOOL, KIND_BRACKET };

struct name {
    const char *text;
    size_t len;
    int line;
};

/* An open bracket; the file itself is the first. */
struct frame {
    char open;
    int line;
    size_t first_name; /* of its names on the stack */
    size_t n_elements;
    enum kind element; /* of an array's first element */
};

struct scan {
    const char *at, *end;
    const char *file;
    int line;
    struct report *report;
    struct conf_lines *out;
    struct name *names; /* of all open groups, innermost last */
    size_t n_names, cap_names;
    struct frame frames[CONF_DEPTH_MAX + 1];
    size_t depth;
    char last;          /* the last token: a bracket or a separator, 'v' a value, 's' a text */
    size_t text_len;    /* of the text that `last` ends; texts side by side are one */
    bool is_over;       /* what follows cannot be understood */
};

static struct frame *top(struct scan *s)
{
    return &s->frames[s->depth];
}

/* The first mistake that makes the rest unintelligible. */
static void give_up(struct scan *s)
{
    s->is_over = true;
}

/* Room for one more element; false, and the scan is over, when memory is out. */
static bool grow(struct scan *s, void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap == 0 ? 256 : *cap * 2;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        report_error(s->report, s->file, 0, "out of memory");
        give_up(s);
        return false;
    }
    *items = grown;
    *cap = more;
    return true;
}

static const char *kind_text(enum kind kind)
{
    switch (kind) {
    case KIND_TEXT:
        return "a text";
    case KIND_INTEGER:
        return "an integer";
    case KIND_NUMBER:
        return "a number with a point";
    case KIND_BOOL:
        return "true or false";
    default:
        return "a bracket";
    }
}

/* libconfig's arrays hold scalars of one type; its lists hold anything. */
static void check_array_element(struct scan *s, enum kind kind)
{
    struct frame *f = top(s);

    if (kind == KIND_BRACKET) {
        report_error(s->report, s->file, s->line,
                     "[ ] can hold plain values only; write ( ) around groups and lists");
    } else if (f->element == KIND_NONE) {
        f->element = kind;
    } else if (f->element != kind) {
        report_error(s->report, s->file, s->line,
                     "[ ] holds values of one type, and after %s comes %s: write all alike "
                     "([40.7, -74.0]), or ( ) instead of [ ]",
                     kind_text(f->element), kind_text(kind));
    }
}

static void add_value(struct scan *s, enum kind kind)
{
    struct frame *f = top(s);

    if (s->out->n >= CONF_VALUES_MAX) {
        report_error(s->report, s->file, s->line, "more than %d values in one file",
                     CONF_VALUES_MAX);
        give_up(s);
        return;
    }
    void *lines = s->out->lines;
    if (!grow(s, &lines, s->out->n, &s->out->cap, sizeof *s->out->lines))
        return;
    s->out->lines = lines;
    s->out->lines[s->out->n++] = s->line;
    if (f->open == '[')
        check_array_element(s, kind);
    if ((f->open == '[' || f->open == '(') && ++f->n_elements > CONF_LIST_MAX) {
        report_error(s->report, s->file, s->line, "more than %d elements in one list",
                     CONF_LIST_MAX);
        give_up(s);
    }
}

static void open_bracket(struct scan *s, char bracket)
{
    add_value(s, KIND_BRACKET);
    if (s->depth == CONF_DEPTH_MAX) {
        report_error(s->report, s->file, s->line, "brackets are nested more than %d deep",
                     CONF_DEPTH_MAX);
        give_up(s);
        return;
    }
    s->depth++;
    *top(s) = (struct frame){ .open = bracket, .line = s->line, .first_name = s->n_names };
}

static char closing(char open)
{
    return open == '(' ? ')' : open == '[' ? ']' : '}';
}

static void close_bracket(struct scan *s, char bracket)
{
    struct frame *f = top(s);

    if (s->depth == 0) {
        report_error(s->report, s->file, s->line, "'%c' closes nothing", bracket);
        give_up(s);
        return;
    }
    if (closing(f->open) != bracket) {
        report_error(s->report, s->file, s->line,
                     "'%c' where '%c' was expected: it would close the '%c' of line %d", bracket,
                     closing(f->open), f->open, f->line);
        give_up(s);
        return;
    }
    if (s->last == ',' && bracket != '}')
        report_error(s->report, s->file, s->line,
                     "a ',' before '%c': no comma after the last element", bracket);
    s->n_names = f->first_name;
    s->depth--;
}

/* ---- tokens ---- */

static bool starts(const struct scan *s, const char *what)
{
    size_t len = strlen(what);

    return (size_t)(s->end - s->at) >= len && memcmp(s->at, what, len) == 0;
}

static void skip_line_comment(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static void skip_block_comment(struct scan *s)
{
    int first_line = s->line;

    for (s->at += 2; s->at < s->end; s->at++) {
        if (starts(s, "*/")) {
            s->at += 2;
            return;
        }
        s->line += *s->at == '\n';
    }
    report_error(s->report, s->file, first_line, "a comment begins here and never ends: no */");
    give_up(s);
}

static void check_escape(struct scan *s)
{
    if (s->end - s->at >= 4 && (s->at[1] == 'x' || s->at[1] == 'X') && s->at[2] == '0' &&
        s->at[3] == '0')
        report_error(s->report, s->file, s->line, "\\x00 cannot be part of a text");
}

static void scan_text(struct scan *s)
{
    int first_line = s->line;
    const char *start = ++s->at;

    if (s->last != 's') {
        add_value(s, KIND_TEXT);
        s->text_len = 0;
    }
    while (s->at < s->end && *s->at != '"') {
        s->line += *s->at == '\n';
        if (*s->at == '\\') {
            check_escape(s);
            if (s->at[1] == '"' || s->at[1] == '\\')
                s->at++;
        }
        s->at++;
    }
    if (s->at >= s->end) {
        report_error(s->report, s->file, first_line, "a text begins here and never ends: no \"");
        give_up(s);
        return;
    }
    s->text_len += (size_t)(s->at - start);
    s->at++;
    if (s->text_len > CONF_STRING_MAX) {
        report_error(s->report, s->file, first_line, "a text of more than %d characters",
                     CONF_STRING_MAX);
        give_up(s);
    }
    s->last = 's';
}

/* The longest match of libconfig's own patterns, so that both see the same tokens. */
static size_t digits(const char *at)
{
    size_t n = 0;

    while (isdigit((unsigned char)at[n]))
        n++;
    return n;
}

static size_t exponent(const char *at)
{
    if (*at != 'e' && *at != 'E')
        return 0;
    size_t sign = at[1] == '+' || at[1] == '-';
    size_t n = digits(at + 1 + sign);
    return n == 0 ? 0 : 1 + sign + n;
}

static size_t hex_digits(const char *at)
{
    size_t n = 0;

    if (at[0] != '0' || (at[1] != 'x' && at[1] != 'X'))
        return 0;
    while (isxdigit((unsigned char)at[2 + n]))
        n++;
    return n == 0 ? 0 : 2 + n;
}

static void check_integer(struct scan *s, const char *text, size_t len, int base)
{
    unsigned long long n = 0;

    for (size_t i = base == 16 ? 2 : 0; i < len && n <= INT32_MAX; i++) {
        if (i == 0 && (text[0] == '-' || text[0] == '+'))
            continue;
        int digit = isdigit((unsigned char)text[i]) ? text[i] - '0'
                                                    : tolower((unsigned char)text[i]) - 'a' + 10;
        n = n * (unsigned)base + (unsigned)digit;
    }
    if (n > INT32_MAX)
        report_error(s->report, s->file, s->line,
                     "%.*s is beyond 2147483647, the largest integer; write a greater AS number "
                     "as a text, \"%.*s\"",
                     len > 40 ? 40 : (int)len, text, len > 40 ? 40 : (int)len, text);
}

static void scan_number(struct scan *s)
{
    const char *text = s->at;
    size_t sign = *text == '-' || *text == '+';
    size_t len = hex_digits(text);
    int base = len > 0 ? 16 : 10;
    bool is_integer = true;

    if (len == 0) {
        len = sign + digits(text + sign);
        if (text[len] == '.') {
            len += 1 + digits(text + len + 1);
            is_integer = false;
        }
        size_t power = exponent(text + len);
        len += power;
        is_integer = is_integer && power == 0;
    }
    if (is_integer) {
        check_integer(s, text, len, base);
        len += text[len] == 'L';
        len += text[len] == 'L' && text[len - 1] == 'L';
    }
    add_value(s, is_integer ? KIND_INTEGER : KIND_NUMBER);
    s->at += len;
    s->last = 'v';
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

static void add_name(struct scan *s, struct name name)
{
    struct frame *f = top(s);
    size_t most = s->depth == 1 ? CONF_NAMED_MAX : CONF_NAMES_MAX;

    for (size_t i = f->first_name; i < s->n_names; i++)
        if (s->names[i].len == name.len && memcmp(s->names[i].text, name.text, name.len) == 0) {
            report_error(s->report, s->file, s->line, "\"%.*s\" is given twice, first on line %d",
                         name.len > 80 ? 80 : (int)name.len, name.text, s->names[i].line);
            return;
        }
    if (s->n_names - f->first_name >= most) {
        report_error(s->report, s->file, s->line, "more than %zu names in one group", most);
        give_up(s);
        return;
    }
    void *names = s->names;
    if (!grow(s, &names, s->n_names, &s->cap_names, sizeof *s->names))
        return;
    s->names = names;
    s->names[s->n_names++] = name;
}

static void scan_name(struct scan *s)
{
    const char *text = s->at;

    while (isalnum((unsigned char)*s->at) || *s->at == '-' || *s->at == '_' || *s->at == '*')
        s->at++;
    size_t len = (size_t)(s->at - text);
    if (is_word(text, len, "true") || is_word(text, len, "false")) {
        add_value(s, KIND_BOOL);
        s->last = 'v';
        return;
    }
    if (top(s)->open != '{') {
        report_error(s->report, s->file, s->line,
                     "%.*s is neither a number nor true or false; a text wants quotes",
                     len > 80 ? 80 : (int)len, text);
        give_up(s);
        return;
    }
    add_name(s, (struct name){ text, len, s->line });
    s->last = 'n';
}

static void scan_other(struct scan *s)
{
    unsigned char c = (unsigned char)*s->at;

    if (c == '@')
        report_error(s->report, s->file, s->line,
                     "@include is not supported: put everything into one file");
    else if (c >= 0x20 && c < 0x7f)
        report_error(s->report, s->file, s->line, "'%c' has no meaning here; a text wants quotes",
                     c);
    else
        report_error(s->report, s->file, s->line,
                     "an octet 0x%02x outside texts and comments; save the file as plain text", c);
    give_up(s);
}

static bool is_number_start(const struct scan *s)
{
    const char *at = s->at + (*s->at == '-' || *s->at == '+');

    return isdigit((unsigned char)at[0]) || at[0] == '.';
}

/* One token, comment or space. */
static void scan_next(struct scan *s)
{
    char c = *s->at;

    if (c == '\n' || c == ' ' || c == '\t' || c == '\r' || c == '\f') {
        s->line += c == '\n';
        s->at++;
    } else if (c == '#' || starts(s, "//")) {
        skip_line_comment(s);
    } else if (starts(s, "/*")) {
        skip_block_comment(s);
    } else if (c == '"') {
        scan_text(s);
    } else if (is_number_start(s)) {
        scan_number(s);
    } else if (isalpha((unsigned char)c) || c == '*') {
        scan_name(s);
    } else if (c != '\0' && strchr("([{", c) != NULL) {
        open_bracket(s, c);
        s->last = c;
        s->at++;
    } else if (c != '\0' && strchr(")]}", c) != NULL) {
        close_bracket(s, c);
        s->last = c;
        s->at++;
    } else if (c != '\0' && strchr("=:;,", c) != NULL) {
        s->last = c;
        s->at++;
    } else {
        scan_other(s);
    }
}

static void check_end(struct scan *s)
{
    if (!s->is_over && s->depth > 0)
        report_error(s->report, s->file, top(s)->line, "'%c' is never closed", top(s)->open);
}

bool conf_scan(const char *text, size_t len, const char *file, struct report *report,
               struct conf_lines *out)
{
    size_t errors = report_errors(report);
    struct scan s = { .at = text, .end = text + len, .file = file, .line = 1, .report = report,
                      .out = out };

    s.frames[0].open = '{';
    *out = (struct conf_lines){ 0 };
    while (s.at < s.end && !s.is_over)
        scan_next(&s);
    check_end(&s);
    free(s.names);
    return report_errors(report) == errors;
}

void conf_lines_fini(struct conf_lines *lines)
{
    free(lines->lines);
    *lines = (struct conf_lines){ 0 };
}
