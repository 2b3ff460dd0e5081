/* prom.c - the Prometheus text format, 0.0.4. Pure.
 *
 * A label value may come from the configuration or a zone: quotes, backslashes and line feeds are
 * escaped as the format says, and octets that are no UTF-8, which would spoil the whole page, or
 * control characters become question marks. */
#include "prom.h"

#include <inttypes.h>
#include <string.h>

#include <waymark/escape.h>

void prom_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_value(FILE *out, const char *value)
{
    for (size_t left = strlen(value); left > 0;) {
        size_t len = escape_char_len(value, left);
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '\\' || *value == '"')
            fprintf(out, "\\%c", *value);
        else if (len == 0)
            putc('?', out);
        else
            fwrite(value, 1, len, out);
        value += len == 0 ? 1 : len;
        left -= len == 0 ? 1 : len;
    }
}

static void write_name(FILE *out, const char *name, const struct prom_label *labels, size_t n)
{
    fputs(name, out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        write_value(out, labels[i].value);
        putc('"', out);
    }
    if (n > 0)
        putc('}', out);
}

void prom_int(FILE *out, const char *name, const struct prom_label *labels, size_t n_labels,
              uint64_t value)
{
    write_name(out, name, labels, n_labels);
    fprintf(out, " %" PRIu64 "\n", value);
}

void prom_real(FILE *out, const char *name, const struct prom_label *labels, size_t n_labels,
               double value)
{
    write_name(out, name, labels, n_labels);
    fprintf(out, " %.9g\n", value);
}
