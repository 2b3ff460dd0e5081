/* text.c - plain text for a terminal: headings, columns, lines that wrap. */
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELD_COLUMN = 16, LINE_MAX_LEN = 4096 };

/* Error texts quote strangers: no control character (C0, DEL, C1) may reach the terminal. */
static void write_clean(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        bool is_control = (*at < 0x20 && *at != '\n') || *at == 0x7f || is_c1;
        putc(is_control ? '?' : *at, out);
        at += is_c1;
    }
}

static void write_formatted(FILE *out, const char *format, va_list args)
{
    char line[LINE_MAX_LEN];

    vsnprintf(line, sizeof line, format, args);
    write_clean(out, line);
}

void text_print(FILE *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_formatted(out, format, args);
    va_end(args);
}

static bool is_terminal(FILE *out)
{
    int fd = fileno(out);

    return fd >= 0 && isatty(fd) && getenv("NO_COLOR") == NULL;
}

void text_heading(FILE *out, const char *format, ...)
{
    bool is_bold = is_terminal(out);
    va_list args;

    fputs(is_bold ? "\n\033[1m" : "\n", out);
    va_start(args, format);
    write_formatted(out, format, args);
    va_end(args);
    fputs(is_bold ? "\033[0m\n" : "\n", out);
}

void text_append(char line[static TEXT_LINE_LEN], const char *between, const char *text)
{
    if (text == NULL)
        return;
    if (line[0] != '\0')
        strncat(line, between, TEXT_LINE_LEN - 1 - strlen(line));
    strncat(line, text, TEXT_LINE_LEN - 1 - strlen(line));
}

int text_columns(const char *text)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void text_padded(FILE *out, const char *text, int width)
{
    int n = text_columns(text);

    write_clean(out, text);
    fprintf(out, "%*s", n < width ? width - n : 0, "");
}

/* One word at a time; a word longer than the line stands alone in it. */
void text_wrapped(FILE *out, int column, const char *text)
{
    int at = column;

    while (*text != '\0') {
        int len = (int)strcspn(text, " ");
        char word[LINE_MAX_LEN];
        snprintf(word, sizeof word, "%.*s", len, text);
        int width = text_columns(word);
        if (at > column && at + 1 + width > TEXT_WIDTH) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', out);
            at++;
        }
        write_clean(out, word);
        at += width;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

void text_field(FILE *out, const char *label, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fputs("  ", out);
    text_padded(out, label, FIELD_COLUMN - 2);
    text_wrapped(out, FIELD_COLUMN, line);
}

const char *number_format(int64_t n, char out[static NUMBER_TEXT_LEN])
{
    char plain[NUMBER_TEXT_LEN];
    int len = snprintf(plain, sizeof plain, "%lld", (long long)n);
    int digits = plain[0] == '-' ? len - 1 : len;
    char *to = out;

    for (const char *from = plain; *from != '\0'; from++) {
        *to++ = *from;
        if (*from != '-' && --digits > 0 && digits % 3 == 0)
            *to++ = ',';
    }
    *to = '\0';
    return out;
}

const char *octets_format(int64_t n, char out[static NUMBER_TEXT_LEN])
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    double value = (double)n / 1024;
    size_t unit = 0;

    if (n < 1024) {
        snprintf(out, NUMBER_TEXT_LEN, "%lld B", (long long)n);
        return out;
    }
    for (; value >= 1024 && unit < 3; unit++)
        value /= 1024;
    snprintf(out, NUMBER_TEXT_LEN, value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}
