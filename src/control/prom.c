/* prom.c - the Prometheus text format, 0.0.4. Pure.
 *
 * A label value may come from the configuration or a zone: quotes, backslashes and line feeds are
 * escaped as the format says, and octets that are no UTF-8, which would spoil the whole page,
 * become question marks. */
#include "prom.h"

#include <inttypes.h>
#include <stdbool.h>

void prom_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Octets of the UTF-8 sequence at `at`; 0 when there is none. */
static size_t sequence_len(const unsigned char *at)
{
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;

    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool is_beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : len;
}

static void write_value(FILE *out, const char *value)
{
    const unsigned char *at = (const unsigned char *)value;

    while (*at != '\0') {
        size_t len = sequence_len(at);
        if (len == 0)
            putc('?', out);
        else if (*at == '\n')
            fputs("\\n", out);
        else if (*at == '\\' || *at == '"')
            fprintf(out, "\\%c", *at);
        else
            fwrite(at, 1, len, out);
        at += len == 0 ? 1 : len;
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
