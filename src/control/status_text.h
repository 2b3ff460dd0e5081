/* status_text.h - the status for a terminal, from status_json's object. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* What is wrong comes first. What the object lacks is left out. */
void status_text(const json_t *status, FILE *out);

/* How a reload went: the report's lines, then a sentence. */
void reload_text(const json_t *reply, FILE *out);

/* What a purge reached. */
void purge_text(const json_t *reply, FILE *out);
