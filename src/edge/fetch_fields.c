/* fetch_fields.c - a request's fields, as libcurl wants to be told of them. Edge thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch_inside.h"

static bool add_field(struct fetch *f, const char *line)
{
    struct curl_slist *list = curl_slist_append(f->fields, line);

    if (list != NULL)
        f->fields = list;
    return list != NULL;
}

/* libcurl writes "Name;" as an empty field, and "Name:" as none. */
static bool add_line(struct fetch *f, const char *at, size_t len)
{
    const char *colon = memchr(at, ':', len);
    char *line = malloc(len + 2);
    bool is_added = false;

    if (line == NULL || colon == NULL)
        goto end;
    memcpy(line, at, len);
    line[len] = '\0';
    size_t name_len = (size_t)(colon - at);
    if (strspn(line + name_len + 1, " \t") == len - name_len - 1)
        strcpy(line + name_len, ";");
    is_added = add_field(f, line);
end:
    free(line);
    return is_added;
}

static bool has_line(const struct fetch_spec *spec, const char *name)
{
    size_t len = strlen(name);
    const char *at = spec->fields, *last = spec->fields + spec->fields_len;

    while (at < last) {
        if ((size_t)(last - at) > len && strncasecmp(at, name, len) == 0 && at[len] == ':')
            return true;
        const char *end = memchr(at, '\n', (size_t)(last - at));
        at = end == NULL ? last : end + 1;
    }
    return false;
}

/* Names that libcurl adds by itself where we do not. */
static bool silence_libcurl(struct fetch *f, const struct fetch_spec *spec)
{
    static const char *const names[] = { "Accept", "User-Agent", "Content-Type" };
    char line[32];

    for (size_t i = 0; i < 3; i++) {
        snprintf(line, sizeof line, "%s:", names[i]);
        if (!has_line(spec, names[i]) && !add_field(f, line))
            return false;
    }
    return add_field(f, "Expect:");
}

bool edge_fetch_set_fields(struct fetch *f, const struct fetch_spec *spec)
{
    char host[HTTP_HOST_MAX + 16];

    snprintf(host, sizeof host, "Host: %s", spec->host);
    if (!add_field(f, host) || !silence_libcurl(f, spec))
        return false;
    for (size_t at = 0; at < spec->fields_len;) {
        const char *line = spec->fields + at;
        const char *end = memchr(line, '\r', spec->fields_len - at);
        size_t len = end == NULL ? spec->fields_len - at : (size_t)(end - line);
        if (!add_line(f, line, len))
            return false;
        at += len + 2;
    }
    if (spec->upload == FETCH_BODY_UNKNOWN && !add_field(f, "Transfer-Encoding: chunked"))
        return false;
    return curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->fields) == CURLE_OK;
}
