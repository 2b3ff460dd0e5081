/* status_text.h - the status for a terminal, from status_json's object. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* What is wrong comes first. What the object lacks is left out. */
void status_text(const json_t *status, FILE *out);
