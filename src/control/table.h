/* table.h - aligned columns for a terminal. Cells are gathered, then written as wide as they need.
 */
#pragma once

#include <stdio.h>

struct table;

enum { TABLE_COLUMNS_MAX = 12 };

/* `heads` ends with NULL; `align` has an 'l' or 'r' per column. NULL: out of memory, which the
 * other functions take as a table of nothing. */
struct table *table_new(const char *const *heads, const char *align);
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line below the row whose cells were put last. */
void table_note(struct table *t, const char *text);
/* Writes it, unless it has no row, under `title`; frees it. */
void table_end(struct table *t, const char *title, FILE *out);
