/* status_guard.h - what the status says of clients that may be forged. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

struct dns_counts;

json_t *guard_json(const struct dns_counts *n);
void guard_text(const json_t *guard, FILE *out); /* NULL, from an older server: writes nothing */
