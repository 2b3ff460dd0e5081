/* conf_token.h - the tokens of libconfig's language, as libconfig itself cuts them.
 *
 * Pure. Tokens point into the text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct report;

enum conf_token_kind {
    CONF_TOKEN_END,
    CONF_TOKEN_BAD, /* reported; what follows cannot be understood */
    CONF_TOKEN_NAME,
    CONF_TOKEN_TEXT,
    CONF_TOKEN_INTEGER,
    CONF_TOKEN_NUMBER, /* with a point or an exponent */
    CONF_TOKEN_BOOL,
    CONF_TOKEN_OPEN,   /* ( [ { */
    CONF_TOKEN_CLOSE,  /* ) ] } */
    CONF_TOKEN_ASSIGN, /* = : */
    CONF_TOKEN_SEMICOLON,
    CONF_TOKEN_COMMA
};

struct conf_token {
    enum conf_token_kind kind;
    const char *text;
    size_t len;
    int line; /* it begins on */
};

struct conf_lexer {
    const char *at, *end; /* *end is a NUL, and no other octet is */
    int line;
    const char *file;
    struct report *report;
};

/* Comments that never end, integers beyond 31 bits and odd characters are reported. */
struct conf_token conf_token_next(struct conf_lexer *lexer);
