/* lines.c - appending. */
#include "lines.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lines_fini(struct lines *l)
{
    free(l->at);
    *l = (struct lines){ 0 };
}

static bool make_room(struct lines *l, size_t len)
{
    if (l->is_short)
        return false;
    if (l->room - l->len >= len)
        return true;
    size_t room = l->room == 0 ? 1024 : l->room * 2;
    while (room < l->len + len)
        room *= 2;
    char *at = realloc(l->at, room);
    if (at == NULL) {
        l->is_short = true;
        return false;
    }
    l->at = at;
    l->room = room;
    return true;
}

void lines_put(struct lines *l, const char *at, size_t len)
{
    if (len == 0 || !make_room(l, len))
        return;
    memcpy(l->at + l->len, at, len);
    l->len += len;
}

void lines_field(struct lines *l, struct http_text name, struct http_text value)
{
    lines_put(l, name.at, name.len);
    lines_put(l, ": ", 2);
    lines_put(l, value.at, value.len);
    lines_put(l, "\r\n", 2);
}

void lines_format(struct lines *l, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof text);
    lines_put(l, text, (size_t)len);
}
