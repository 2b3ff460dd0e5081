/* table.c - aligned columns for a terminal. */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/list.h>

#include "text.h"

struct table {
    const char *const *heads;
    const char *align;
    size_t n_columns;
    char **cells; /* row by row; a note stands in the cell before it, behind a line feed */
    size_t n_cells, cap;
    int widths[TABLE_COLUMNS_MAX];
};

struct table *table_new(const char *const *heads, const char *align)
{
    struct table *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->heads = heads;
    t->align = align;
    for (; t->n_columns < TABLE_COLUMNS_MAX && heads[t->n_columns] != NULL; t->n_columns++)
        t->widths[t->n_columns] = text_columns(heads[t->n_columns]);
    return t;
}

static bool make_room(struct table *t)
{
    char **cells = list_reserve(t->cells, &t->cap, t->n_cells, 1, sizeof *cells);

    if (cells != NULL)
        t->cells = cells;
    return cells != NULL;
}

void table_cell(struct table *t, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0 || t == NULL || !make_room(t)) {
        free(len < 0 ? NULL : text);
        return;
    }
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    size_t column = t->n_cells % t->n_columns;
    int width = text_columns(text);
    t->widths[column] = width > t->widths[column] ? width : t->widths[column];
    t->cells[t->n_cells++] = text;
}

void table_note(struct table *t, const char *text)
{
    if (t == NULL || t->n_cells == 0 || t->cells[t->n_cells - 1] == NULL)
        return;
    char **cell = &t->cells[t->n_cells - 1], *joined = NULL;
    if (asprintf(&joined, "%s\n%s", *cell, text) < 0)
        return;
    free(*cell);
    *cell = joined;
}

static void write_cell(const struct table *t, size_t column, const char *text, FILE *out)
{
    int blanks = t->widths[column] - text_columns(text);
    bool is_last = column + 1 == t->n_columns;

    fputs("  ", out);
    if (t->align[column] == 'r')
        fprintf(out, "%*s", blanks > 0 ? blanks : 0, "");
    text_padded(out, text, t->align[column] == 'r' || is_last ? 0 : t->widths[column]);
    if (is_last)
        fputc('\n', out);
}

static void write_row(const struct table *t, size_t first, FILE *out)
{
    char *note = NULL;

    for (size_t c = 0; c < t->n_columns && first + c < t->n_cells; c++) {
        char *text = t->cells[first + c];
        note = text == NULL ? NULL : strchr(text, '\n');
        if (note != NULL)
            *note++ = '\0';
        write_cell(t, c, text == NULL ? "" : text, out);
    }
    if (note != NULL) {
        fputs("      ", out);
        text_wrapped(out, 6, note);
    }
}

void table_end(struct table *t, const char *title, FILE *out)
{
    if (t == NULL)
        return;
    if (t->n_cells > 0) {
        text_heading(out, "%s", title);
        for (size_t c = 0; c < t->n_columns; c++)
            write_cell(t, c, t->heads[c], out);
    }
    for (size_t i = 0; i < t->n_cells; i += t->n_columns)
        write_row(t, i, out);
    for (size_t i = 0; i < t->n_cells; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}
