/* conf_scan.c - do the tokens of a text make a configuration that libconfig reads as it is meant?
 *
 * A machine that knows what may come next, with a stack of the open brackets. What the names and
 * values mean is left to the readers. Pure, one pass, bounded by the limits of conf_scan.h. */
#include "conf_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>
#include <waymark/report.h>

#include "conf_token.h"

struct name {
    const char *text;
    size_t len;
    int line;
};

/* An open bracket; the file itself is the first. */
struct frame {
    char open; /* '{' for the file */
    int line;
    size_t first_name; /* of its names on the stack */
    size_t n_elements;
    enum conf_token_kind element; /* of an array's first element; END: none yet */
};

enum want {
    WANT_NAME,   /* in a group: a name or the closing bracket */
    WANT_ASSIGN, /* '=' or ':' */
    WANT_VALUE,
    WANT_FIRST, /* in a list: a value or the closing bracket */
    WANT_NEXT,  /* in a list: ',' or the closing bracket */
    WANT_END    /* in a group, after a value: ';' or ',', which may be left out */
};

struct scan {
    struct conf_lexer lexer;
    struct conf_lines *out;
    struct name *names; /* of all open groups, innermost last */
    size_t n_names, cap_names;
    struct frame frames[CONF_DEPTH_MAX + 1];
    size_t depth;
    enum want want;
    enum conf_token_kind last; /* kind of the token before */
    size_t text_len;           /* of the text it ends; texts side by side are one */
    bool is_over;              /* what follows cannot be understood */
};

static struct frame *top(struct scan *s)
{
    return &s->frames[s->depth];
}

/* Reports a mistake after which the rest makes no sense. */
static void give_up(struct scan *s, int line, const char *text)
{
    report_error(s->lexer.report, s->lexer.file, line, "%s", text);
    s->is_over = true;
}

static void give_up_beyond(struct scan *s, int line, size_t most, const char *what)
{
    report_error(s->lexer.report, s->lexer.file, line, "more than %zu %s", most, what);
    s->is_over = true;
}

/* ---- what was expected ---- */

static char closing(char open)
{
    return open == '(' ? ')' : open == '[' ? ']' : '}';
}

static void wanted(struct scan *s, char *out, size_t size)
{
    char close = closing(top(s)->open);

    switch (s->want) {
    case WANT_NAME:
        snprintf(out, size, s->depth == 0 ? "a name" : "a name or '}'");
        break;
    case WANT_ASSIGN:
        snprintf(out, size, "'=' or ':' after the name");
        break;
    case WANT_VALUE:
        snprintf(out, size, "a value");
        break;
    case WANT_FIRST:
        snprintf(out, size, "a value or '%c'", close);
        break;
    case WANT_NEXT:
        snprintf(out, size, "',' or '%c'", close);
        break;
    case WANT_END:
        snprintf(out, size, "';' after the value");
    }
}

static void give_up_unexpected(struct scan *s, const struct conf_token *t)
{
    char expected[40];
    bool is_word = t->kind == CONF_TOKEN_NAME || t->kind == CONF_TOKEN_NUMBER;

    wanted(s, expected, sizeof expected);
    if (t->kind == CONF_TOKEN_END)
        report_error(s->lexer.report, s->lexer.file, t->line, "expected %s, but the file ends here",
                     expected);
    else
        report_error(s->lexer.report, s->lexer.file, t->line, "expected %s, got %.*s%s", expected,
                     t->len > 60 ? 60 : (int)t->len, t->text,
                     is_word ? "; a text wants quotes" : "");
    s->is_over = true;
}

/* ---- values ---- */

static const char *kind_text(enum conf_token_kind kind)
{
    switch (kind) {
    case CONF_TOKEN_TEXT:
        return "a text";
    case CONF_TOKEN_INTEGER:
        return "an integer";
    case CONF_TOKEN_NUMBER:
        return "a number with a point";
    default:
        return "true or false";
    }
}

/* libconfig's arrays hold scalars of one type; its lists hold anything. */
static void check_array_element(struct scan *s, const struct conf_token *t)
{
    struct frame *f = top(s);

    if (t->kind == CONF_TOKEN_OPEN)
        report_error(s->lexer.report, s->lexer.file, t->line,
                     "[ ] can hold plain values only; write ( ) around groups and lists");
    else if (f->element == CONF_TOKEN_END)
        f->element = t->kind;
    else if (f->element != t->kind)
        report_error(s->lexer.report, s->lexer.file, t->line,
                     "[ ] holds values of one type, and after %s comes %s: write all alike "
                     "([40.7, -74.0]), or ( ) instead of [ ]",
                     kind_text(f->element), kind_text(t->kind));
}

static enum want after_value(struct scan *s)
{
    return top(s)->open == '{' ? WANT_END : WANT_NEXT;
}

/* Also the opening bracket of one. */
static void take_value(struct scan *s, const struct conf_token *t)
{
    struct frame *f = top(s);

    if (s->want != WANT_VALUE && s->want != WANT_FIRST) {
        give_up_unexpected(s, t);
        return;
    }
    if (s->out->n >= CONF_VALUES_MAX) {
        give_up_beyond(s, t->line, CONF_VALUES_MAX, "values in one file");
        return;
    }
    void *lines =
        list_reserve(s->out->lines, &s->out->cap, s->out->n, 1, sizeof *s->out->lines);
    if (lines == NULL) {
        give_up(s, 0, "out of memory");
        return;
    }
    s->out->lines = lines;
    s->out->lines[s->out->n++] = t->line;
    if (f->open == '[')
        check_array_element(s, t);
    if (f->open != '{' && ++f->n_elements > CONF_LIST_MAX)
        give_up_beyond(s, t->line, CONF_LIST_MAX, "elements in one list");
    s->want = after_value(s);
}

static void take_text(struct scan *s, const struct conf_token *t)
{
    if (s->last == CONF_TOKEN_TEXT) { /* goes on */
        s->text_len += t->len;
    } else {
        s->text_len = t->len;
        take_value(s, t);
    }
    if (!s->is_over && s->text_len > CONF_STRING_MAX)
        give_up_beyond(s, t->line, CONF_STRING_MAX, "characters in one text");
}

/* ---- brackets ---- */

static void take_open(struct scan *s, const struct conf_token *t)
{
    take_value(s, t);
    if (s->is_over)
        return;
    if (s->depth == CONF_DEPTH_MAX) {
        give_up_beyond(s, t->line, CONF_DEPTH_MAX, "brackets within brackets");
        return;
    }
    s->depth++;
    *top(s) = (struct frame){ .open = t->text[0], .line = t->line, .first_name = s->n_names };
    s->want = t->text[0] == '{' ? WANT_NAME : WANT_FIRST;
}

/* Reports brackets that do not match, and a comma before the closing one. */
static bool can_close(struct scan *s, const struct conf_token *t)
{
    struct frame *f = top(s);
    char text[100];

    if (s->depth == 0) {
        snprintf(text, sizeof text, "'%c' closes nothing", t->text[0]);
        give_up(s, t->line, text);
    } else if (closing(f->open) != t->text[0]) {
        snprintf(text, sizeof text,
                 "'%c' where '%c' was expected: it would close the '%c' of line %d", t->text[0],
                 closing(f->open), f->open, f->line);
        give_up(s, t->line, text);
    } else if (s->last == CONF_TOKEN_COMMA && f->open != '{') {
        report_error(s->lexer.report, s->lexer.file, t->line,
                     "a ',' before '%c': no comma after the last element", t->text[0]);
    } else if (s->want == WANT_VALUE || s->want == WANT_ASSIGN) {
        give_up_unexpected(s, t);
    }
    return !s->is_over;
}

static void take_close(struct scan *s, const struct conf_token *t)
{
    if (!can_close(s, t))
        return;
    s->n_names = top(s)->first_name;
    s->depth--;
    s->want = after_value(s);
}

/* ---- names and signs ---- */

static void add_name(struct scan *s, const struct conf_token *t)
{
    struct frame *f = top(s);
    size_t most = s->depth == 1 ? CONF_NAMED_MAX : CONF_NAMES_MAX;

    for (size_t i = f->first_name; i < s->n_names; i++)
        if (s->names[i].len == t->len && memcmp(s->names[i].text, t->text, t->len) == 0) {
            report_error(s->lexer.report, s->lexer.file, t->line,
                         "\"%.*s\" is given twice, first on line %d",
                         t->len > 80 ? 80 : (int)t->len, t->text, s->names[i].line);
            return;
        }
    if (s->n_names - f->first_name >= most) {
        give_up_beyond(s, t->line, most, "names in one group");
        return;
    }
    void *names = list_reserve(s->names, &s->cap_names, s->n_names, 1, sizeof *s->names);
    if (names == NULL) {
        give_up(s, 0, "out of memory");
        return;
    }
    s->names = names;
    s->names[s->n_names++] = (struct name){ t->text, t->len, t->line };
}

static void take_name(struct scan *s, const struct conf_token *t)
{
    if (s->want != WANT_NAME && s->want != WANT_END) {
        give_up_unexpected(s, t);
        return;
    }
    add_name(s, t);
    s->want = WANT_ASSIGN;
}

static void take_sign(struct scan *s, const struct conf_token *t)
{
    if (t->kind == CONF_TOKEN_ASSIGN && s->want == WANT_ASSIGN)
        s->want = WANT_VALUE;
    else if (t->kind == CONF_TOKEN_COMMA && s->want == WANT_NEXT)
        s->want = WANT_VALUE;
    else if (t->kind != CONF_TOKEN_ASSIGN && s->want == WANT_END)
        s->want = WANT_NAME;
    else
        give_up_unexpected(s, t);
}

static void take_end(struct scan *s, const struct conf_token *t)
{
    char text[40];

    s->is_over = true;
    if (s->want == WANT_VALUE || s->want == WANT_ASSIGN) {
        give_up_unexpected(s, t);
    } else if (s->depth > 0) {
        snprintf(text, sizeof text, "'%c' is never closed", top(s)->open);
        give_up(s, top(s)->line, text);
    }
}

static void take(struct scan *s, const struct conf_token *t)
{
    switch (t->kind) {
    case CONF_TOKEN_BAD:
        s->is_over = true;
        break;
    case CONF_TOKEN_END:
        take_end(s, t);
        break;
    case CONF_TOKEN_NAME:
        take_name(s, t);
        break;
    case CONF_TOKEN_TEXT:
        take_text(s, t);
        break;
    case CONF_TOKEN_INTEGER:
    case CONF_TOKEN_NUMBER:
    case CONF_TOKEN_BOOL:
        take_value(s, t);
        break;
    case CONF_TOKEN_OPEN:
        take_open(s, t);
        break;
    case CONF_TOKEN_CLOSE:
        take_close(s, t);
        break;
    case CONF_TOKEN_ASSIGN:
    case CONF_TOKEN_SEMICOLON:
    case CONF_TOKEN_COMMA:
        take_sign(s, t);
    }
    s->last = t->kind;
}

/* Anywhere: libconfig takes it for the end of the file, within a comment too. */
static void check_nul(struct scan *s)
{
    const char *text = s->lexer.at;
    const char *nul = memchr(text, '\0', (size_t)(s->lexer.end - text));
    int line = 1;

    if (nul == NULL)
        return;
    for (; text < nul; text++)
        line += *text == '\n';
    give_up(s, line, "an octet 0x00; save the file as plain text");
}

bool conf_scan(const char *text, size_t len, const char *file, struct report *report,
               struct conf_lines *out)
{
    size_t errors = report_errors(report);
    struct scan s = {
        .lexer = { .at = text, .end = text + len, .line = 1, .file = file, .report = report },
        .out = out,
        .last = CONF_TOKEN_END,
    };

    s.frames[0] = (struct frame){ .open = '{' };
    *out = (struct conf_lines){ 0 };
    check_nul(&s);
    while (!s.is_over) {
        struct conf_token t = conf_token_next(&s.lexer);
        take(&s, &t);
    }
    free(s.names);
    return report_errors(report) == errors;
}

void conf_lines_fini(struct conf_lines *lines)
{
    free(lines->lines);
    *lines = (struct conf_lines){ 0 };
}
