/* why.c - sentences beside error numbers. */
#include <waymark/why.h>

#include <stdarg.h>
#include <stdio.h>

int why_set(char why[static WHY_LEN], int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, WHY_LEN, format, args);
    va_end(args);
    return err;
}
