/* json_put.c - members in and out of JSON objects. Pure. */
#include "json_put.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/escape.h>

json_t *json_text(const char *text)
{
    if (text == NULL)
        return json_null();
    size_t room = strlen(text) * 4 + 1; /* each octet escaped */
    char *clean = malloc(room);
    if (clean == NULL)
        return NULL;
    escape_text(clean, room, text);
    json_t *string = json_string(clean);
    free(clean);
    return string;
}

void put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

void put_text(json_t *object, const char *key, const char *text)
{
    put(object, key, json_text(text));
}

void put_int(json_t *object, const char *key, int64_t value)
{
    put(object, key, json_integer(value));
}

void put_real(json_t *object, const char *key, double value)
{
    put(object, key, isfinite(value) ? json_real(value) : json_null());
}

void put_bool(json_t *object, const char *key, bool value)
{
    put(object, key, json_boolean(value));
}

const json_t *get(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const char *get_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : otherwise;
}

int64_t get_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    int64_t n = json_is_integer(value) ? json_integer_value(value) : otherwise;

    return n > JSON_INT_MAX ? JSON_INT_MAX : n < -JSON_INT_MAX ? -JSON_INT_MAX : n;
}

double get_real(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

bool get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
