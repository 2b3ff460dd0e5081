/* text.h - plain text for a terminal: headings, columns, lines that wrap. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_WIDTH = 96, TEXT_LINE_LEN = 1024 };

/* As fprintf, but nothing in the texts can steer the terminal. */
void text_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A heading; bold when `out` is a terminal. */
void text_heading(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "  label         text": long texts go on under their own column. */
void text_field(FILE *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `text` from column `column` on, wrapped at blanks; what follows the first line is indented. */
void text_wrapped(FILE *out, int column, const char *text);

/* Adds `between`, unless the line is empty, and `text`, unless it is NULL; what is too long is cut.
 */
void text_append(char line[static TEXT_LINE_LEN], const char *between, const char *text);

/* As many columns as the text takes on a terminal: UTF-8 sequences count as one. */
int text_columns(const char *text);
/* The text, filled with blanks to `width` columns. */
void text_padded(FILE *out, const char *text, int width);

enum { NUMBER_TEXT_LEN = 32 };
const char *number_format(int64_t n, char out[static NUMBER_TEXT_LEN]); /* "1,234,567" */
const char *octets_format(int64_t n, char out[static NUMBER_TEXT_LEN]); /* "16.2 MiB" */
