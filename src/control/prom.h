/* prom.h - the Prometheus text format, 0.0.4. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct prom_label {
    const char *name, *value; /* any octets in the value */
};

/* The two comment lines before a metric's samples; `type` is "counter", "gauge" or "summary". */
void prom_head(FILE *out, const char *name, const char *type, const char *help);

void prom_int(FILE *out, const char *name, const struct prom_label *labels, size_t n_labels,
              uint64_t value);
void prom_real(FILE *out, const char *name, const struct prom_label *labels, size_t n_labels,
               double value);
