/* zone_lex.h - the text of a master file as entries: the tokens of one record or directive.
 *
 * Threads: one owner. Source: RFC 1035 5.1.
 * Tokens point into the text, escapes as written; parentheses, comments and quotes are gone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ZONE_ENTRY_TEXT_MAX = 512 * 1024, /* of one entry: 65535 octets as \DDD, and room to spare */
    ZONE_ENTRY_TOKENS_MAX = 66000     /* a TXT of 65535 empty strings */
};

struct zone_token {
    const char *text;
    uint32_t len;
    bool is_quoted; /* "as a whole" */
};

struct zone_entry {
    struct zone_token *tokens;
    size_t n, cap;
    int line;             /* where it begins */
    bool is_continuation; /* begins with a blank: the owner is the last one */
};

struct zone_lex {
    const char *at, *end;
    int line;
};

enum zone_lex_verdict { ZONE_LEX_END, ZONE_LEX_ENTRY, ZONE_LEX_BAD, ZONE_LEX_NO_MEMORY };

struct zone_lex_trouble {
    int line;
    const char *what; /* static */
};

void zone_lex_init(struct zone_lex *lex, const char *text, size_t len);

/* The next entry that is not blank. After BAD `entry` holds the tokens before the trouble, and the
 * next call goes on where a record most likely begins. */
enum zone_lex_verdict zone_lex_next(struct zone_lex *lex, struct zone_entry *entry,
                                    struct zone_lex_trouble *trouble);
void zone_entry_fini(struct zone_entry *entry);

/* Is it this word, in any case, without quotes? */
bool zone_token_is(const struct zone_token *token, const char *word);
