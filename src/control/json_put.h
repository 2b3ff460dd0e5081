/* json_put.h - members in and out of JSON objects, without a thought for foreign octets.
 *
 * What cannot be represented (text that is no UTF-8, a number that is none) is still put, escaped
 * or as null; when memory runs out the member is missing. Getters never fail: they have a default.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Integers beyond are no numbers that every reader of JSON understands (RFC 8259 6). */
#define JSON_INT_MAX (INT64_C(1) << 53)

json_t *json_text(const char *text); /* NULL becomes null; foreign octets as escape.h has it */

void put_text(json_t *object, const char *key, const char *text);
void put_int(json_t *object, const char *key, int64_t value);
void put_real(json_t *object, const char *key, double value);
void put_bool(json_t *object, const char *key, bool value);
void put(json_t *object, const char *key, json_t *value); /* takes the value over */

/* What the object lacks, or has in another type, is the default. `object` may be NULL. */
const json_t *get(const json_t *object, const char *key); /* NULL: not there */
const char *get_text(const json_t *object, const char *key, const char *otherwise);
int64_t get_int(const json_t *object, const char *key, int64_t otherwise); /* cut to JSON_INT_MAX */
double get_real(const json_t *object, const char *key, double otherwise);  /* integers too */
bool get_bool(const json_t *object, const char *key, bool otherwise);
