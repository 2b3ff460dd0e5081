/* fetch_text.h - a delivery for a terminal, from fetch.c's object. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

void fetch_text(const json_t *delivery, FILE *out);
