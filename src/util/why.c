/* why.c - sentences beside error numbers. */
#include <waymark/why.h>

#include <stdarg.h>
#include <stdio.h>

#include <waymark/escape.h>

int why_set(char why[static WHY_LEN], int err, const char *format, ...)
{
    /* Longer, so that a character which does not fit is left out, and not cut and taken for foreign. */
    char text[WHY_LEN + ESCAPE_CHAR_MAX] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    escape_text(why, WHY_LEN, text);
    return err;
}
