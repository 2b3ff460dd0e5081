/* zone_lex.c - cuts a master file's text into entries. Pure, but for the growth of the token list;
 * what the tokens mean is for zone_text.c. Each octet is looked at a bounded number of times,
 * whatever the text holds. */
#include "zone/zone_lex.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <waymark/list.h>

enum kind { WORD, BLANK, NEWLINE, COMMENT, QUOTE, OPEN, CLOSE, ESCAPE, CONTROL };

/* Anything not listed belongs to a word; octets above 127 too. */
static const uint8_t kinds[256] = {
    [0 ... 8] = CONTROL, [11 ... 12] = CONTROL, [14 ... 31] = CONTROL, [127] = CONTROL,
    [' '] = BLANK,       ['\t'] = BLANK,        ['\r'] = BLANK,        ['\n'] = NEWLINE,
    [';'] = COMMENT,     ['"'] = QUOTE,         ['('] = OPEN,          [')'] = CLOSE,
    ['\\'] = ESCAPE,
};

static enum kind kind_at(const struct zone_lex *lex)
{
    return kinds[(uint8_t)*lex->at];
}

void zone_lex_init(struct zone_lex *lex, const char *text, size_t len)
{
    *lex = (struct zone_lex){ .at = text, .end = text + len, .line = 1 };
}

void zone_entry_fini(struct zone_entry *entry)
{
    free(entry->tokens);
    *entry = (struct zone_entry){ 0 };
}

bool zone_token_is(const struct zone_token *token, const char *word)
{
    return !token->is_quoted && strlen(word) == token->len &&
           strncasecmp(token->text, word, token->len) == 0;
}

static void skip_comment(struct zone_lex *lex)
{
    const char *newline = memchr(lex->at, '\n', (size_t)(lex->end - lex->at));

    lex->at = newline == NULL ? lex->end : newline;
}

static void skip_line(struct zone_lex *lex)
{
    skip_comment(lex);
    if (lex->at < lex->end) {
        lex->at++;
        lex->line++;
    }
}

/* Steps over a backslash and what it protects; false at the end of a line. */
static bool skip_escape(struct zone_lex *lex)
{
    if (lex->end - lex->at < 2 || lex->at[1] == '\n' || lex->at[1] == '\0')
        return false;
    lex->at += 2;
    return true;
}

/* From after the opening quote to after the closing one; NULL or what is wrong. */
static const char *skip_quoted(struct zone_lex *lex)
{
    while (lex->at < lex->end) {
        char c = *lex->at;
        if (c == '"') {
            lex->at++;
            return NULL;
        }
        if (c == '\n')
            break;
        if (c == '\0')
            return "a NUL octet: this is no text";
        if (c != '\\')
            lex->at++;
        else if (!skip_escape(lex))
            return "a backslash with nothing after it";
    }
    return "a quotation mark that is not closed on its line";
}

/* A word may hold a quoted part: alpn="h2,h3". */
static const char *skip_word(struct zone_lex *lex)
{
    while (lex->at < lex->end) {
        const char *why = NULL;
        switch (kind_at(lex)) {
        case WORD:
            lex->at++;
            break;
        case ESCAPE:
            if (!skip_escape(lex))
                return "a backslash with nothing after it";
            break;
        case QUOTE:
            lex->at++;
            why = skip_quoted(lex);
            break;
        default:
            return NULL;
        }
        if (why != NULL)
            return why;
    }
    return NULL;
}

static struct zone_token *token_add(struct zone_entry *entry)
{
    void *tokens = list_reserve(entry->tokens, &entry->cap, entry->n, 1, sizeof *entry->tokens);

    if (tokens == NULL)
        return NULL;
    entry->tokens = tokens;
    return &entry->tokens[entry->n++];
}

static const char no_memory[] = "out of memory";
static const char too_long[] = "more text than a record can have";

/* NULL, or what is wrong. */
static const char *read_token(struct zone_lex *lex, struct zone_entry *entry)
{
    bool is_quoted = *lex->at == '"';
    const char *from = lex->at += is_quoted;
    const char *why = is_quoted ? skip_quoted(lex) : skip_word(lex);

    if (why != NULL)
        return why;
    if (entry->n == ZONE_ENTRY_TOKENS_MAX)
        return "more words than a record can have";
    struct zone_token *t = token_add(entry);
    if (t == NULL)
        return no_memory;
    *t = (struct zone_token){ .text = from,
                              .len = (uint32_t)(lex->at - from) - is_quoted,
                              .is_quoted = is_quoted };
    return NULL;
}

/* A parenthesis was left open: continuation lines are indented, so a record begins at the next line
 * that is not. */
static void recover_from_open(struct zone_lex *lex, const char *from, int line)
{
    lex->at = from;
    lex->line = line;
    do
        skip_line(lex);
    while (lex->at < lex->end && (kind_at(lex) != WORD && kind_at(lex) != ESCAPE));
}

/* Trouble within parentheses: if they are closed, go on after them. */
static void recover_within(struct zone_lex *lex)
{
    struct zone_lex ahead = *lex;

    while (ahead.at < ahead.end && kind_at(&ahead) != OPEN && kind_at(&ahead) != CLOSE) {
        ahead.line += *ahead.at == '\n';
        ahead.at++;
    }
    if (ahead.at < ahead.end && kind_at(&ahead) == CLOSE)
        *lex = ahead;
    skip_line(lex);
}

static const char left_open[] = "an opening parenthesis that is not closed";

/* How far the entry under construction is. */
struct cut {
    const char *from;
    int from_line;
    int open_line; /* of the open parenthesis; 0: none */
    bool is_whole;
};

static void begin(struct zone_lex *lex, struct zone_entry *entry, struct cut *cut)
{
    *cut = (struct cut){ .from = lex->at, .from_line = lex->line };
    entry->n = 0;
    entry->line = lex->line;
    entry->is_continuation = lex->at < lex->end && kind_at(lex) == BLANK;
}

static void end_line(struct zone_lex *lex, struct zone_entry *entry, struct cut *cut)
{
    lex->at++;
    lex->line++;
    if (cut->open_line != 0)
        return;
    if (entry->n > 0)
        cut->is_whole = true;
    else
        begin(lex, entry, cut);
}

/* One blank, comment, word or sign; NULL, or what is wrong. */
static const char *step(struct zone_lex *lex, struct zone_entry *entry, struct cut *cut)
{
    switch (kind_at(lex)) {
    case BLANK:
        lex->at++;
        return NULL;
    case COMMENT:
        skip_comment(lex);
        return NULL;
    case NEWLINE:
        end_line(lex, entry, cut);
        return NULL;
    case OPEN:
        if (cut->open_line != 0)
            return left_open;
        cut->open_line = lex->line;
        lex->at++;
        return NULL;
    case CLOSE:
        if (cut->open_line == 0)
            return "a closing parenthesis without an opening one";
        cut->open_line = 0;
        lex->at++;
        return NULL;
    case CONTROL:
        return *lex->at == '\0' ? "a NUL octet: this is no text" : "a control character";
    default:
        return read_token(lex, entry);
    }
}

static enum zone_lex_verdict give_up(struct zone_lex *lex, const struct cut *cut, const char *why,
                                     struct zone_lex_trouble *trouble)
{
    if (why == no_memory)
        return ZONE_LEX_NO_MEMORY;
    if (why == too_long && cut->open_line != 0)
        why = left_open;
    *trouble = (struct zone_lex_trouble){ why == left_open ? cut->open_line : lex->line, why };
    if (why == left_open)
        recover_from_open(lex, cut->from, cut->from_line);
    else if (cut->open_line != 0)
        recover_within(lex);
    else
        skip_line(lex);
    return ZONE_LEX_BAD;
}

enum zone_lex_verdict zone_lex_next(struct zone_lex *lex, struct zone_entry *entry,
                                    struct zone_lex_trouble *trouble)
{
    struct cut cut;
    const char *why = NULL;

    begin(lex, entry, &cut);
    while (lex->at < lex->end && !cut.is_whole && why == NULL) {
        why = step(lex, entry, &cut);
        if (why == NULL && !cut.is_whole && lex->at - cut.from > ZONE_ENTRY_TEXT_MAX &&
            entry->n > 0)
            why = too_long;
    }
    if (why == NULL && cut.open_line != 0)
        why = left_open;
    if (why != NULL)
        return give_up(lex, &cut, why, trouble);
    return entry->n > 0 ? ZONE_LEX_ENTRY : ZONE_LEX_END;
}
