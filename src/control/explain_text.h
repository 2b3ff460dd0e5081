/* explain_text.h - an explanation for a terminal, from explain_json's object. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* The object may come from another version: what it lacks is left out. */
void explain_text(const json_t *explanation, FILE *out);

/* Its parts: what the stages did (explain_stages.c), and what is sent (explain_answer.c). */
void explain_write_stages(const json_t *x, FILE *out);
void explain_write_answer(const json_t *x, FILE *out);
