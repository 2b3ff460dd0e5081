/* status_edges.h - the edges in the status for a terminal, from status_json's object. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

void status_write_edges(const json_t *status, FILE *out); /* nothing where there is no edge */
