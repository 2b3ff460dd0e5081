/* report.h - what is wrong with the operator's files: all of it, in one go.
 *
 * Threads: one owner at a time. Every loader that reads a file appends its findings and goes on,
 * so that one run shows every mistake with its file and line. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum report_level { REPORT_WARNING, REPORT_ERROR };

enum { REPORT_LINES_MAX = 500 }; /* further findings are counted, not kept */

struct report_line {
    enum report_level level;
    const char *file; /* "" when no file is to blame */
    int line;         /* 0 when the whole file is */
    const char *text;
};

struct report;

struct report *report_new(void); /* NULL: out of memory */
void report_free(struct report *report);

void report_error(struct report *report, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_add(struct report *report, enum report_level level, const char *file, int line,
                const char *format, va_list args);

size_t report_errors(const struct report *report);
size_t report_warnings(const struct report *report);

/* The kept lines, in the order they were found. */
size_t report_count(const struct report *report);
const struct report_line *report_at(const struct report *report, size_t i);

/* As a compiler would: "file:line: error: text". */
void report_print(const struct report *report, FILE *out);
