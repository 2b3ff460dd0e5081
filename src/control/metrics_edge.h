/* metrics_edge.h - the figures of the edges, as Prometheus reads them. */
#pragma once

#include <stdio.h>

struct edges;

void metrics_write_edges(FILE *out, const struct edges *edges); /* NULL, or none: writes nothing */
