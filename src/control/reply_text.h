/* reply_text.h - answers of the control socket for a terminal. Pure. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* As JSON where that was asked for, else as `text` writes it. */
void reply_print(const json_t *reply, bool is_json, void (*text)(const json_t *reply, FILE *out),
                 FILE *out);

/* How a reload went: the report's lines, then a sentence. */
void reload_text(const json_t *reply, FILE *out);

/* What a purge reached. */
void purge_text(const json_t *reply, FILE *out);
