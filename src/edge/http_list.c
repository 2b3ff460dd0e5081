/* http_list.c - comma lists over all lines of a field, directives, quoted strings. Pure.
 */
#include "http_list.h"

#include <string.h>

static const struct http_text nothing = { NULL, 0 };

static void begin_at(struct http_list *list, const struct http_fields *fields,
                     const struct http_field *field)
{
    *list = (struct http_list){ fields, field, field == NULL ? nothing : field->value };
}

void http_list_begin(struct http_list *list, const struct http_fields *fields, enum http_id id)
{
    begin_at(list, fields, http_field_first(fields, id));
}

void http_list_begin_named(struct http_list *list, const struct http_fields *fields,
                           struct http_text name)
{
    begin_at(list, fields, http_field_named(fields, name));
}

void http_list_begin_text(struct http_list *list, struct http_text text)
{
    *list = (struct http_list){ NULL, NULL, text };
}

/* Octets up to the next comma outside of quotes. A quote that never closes takes all. */
static size_t member_len(struct http_text t)
{
    bool quoted = false;

    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '"')
            quoted = !quoted;
        else if (t.at[i] == '\\' && quoted)
            i++;
        else if (t.at[i] == ',' && !quoted)
            return i;
    }
    return t.len;
}

bool http_list_next(struct http_list *list, struct http_text *member)
{
    for (;;) {
        while (list->rest.len == 0) {
            if (list->field == NULL)
                return false;
            list->field = http_field_next(list->fields, list->field);
            list->rest = list->field == NULL ? nothing : list->field->value;
        }
        size_t len = member_len(list->rest);
        size_t skip = len < list->rest.len ? len + 1 : len;

        *member = http_text_trim((struct http_text){ list->rest.at, len });
        list->rest.at += skip;
        list->rest.len -= skip;
        if (member->len > 0)
            return true;
    }
}

bool http_list_has(const struct http_fields *fields, enum http_id id, const char *word)
{
    struct http_list list;
    struct http_text member;

    http_list_begin(&list, fields, id);
    while (http_list_next(&list, &member)) {
        const char *semicolon = memchr(member.at, ';', member.len);

        if (semicolon != NULL)
            member.len = (size_t)(semicolon - member.at);
        if (http_text_is_word(http_text_trim(member), word))
            return true;
    }
    return false;
}

/* Where a quoted string that begins at t.at[0] ends: the index behind its last quote; 0: nowhere. */
static size_t quoted_len(struct http_text t)
{
    for (size_t i = 1; i < t.len; i++) {
        if (t.at[i] == '"')
            return i + 1;
        if (t.at[i] == '\\')
            i++;
    }
    return 0;
}

bool http_directive_parse(struct http_text member, struct http_directive *out)
{
    const char *equals = member.len == 0 ? NULL : memchr(member.at, '=', member.len);

    *out = (struct http_directive){ .name = member };
    if (equals == NULL)
        return http_is_token(member);
    out->has_value = true;
    out->name.len = (size_t)(equals - member.at);
    out->value = (struct http_text){ equals + 1, member.len - out->name.len - 1 };
    if (out->value.len > 0 && out->value.at[0] == '"') {
        if (quoted_len(out->value) != out->value.len)
            return false;
        out->is_quoted = true;
        out->value.at++;
        out->value.len -= 2;
    }
    return http_is_token(out->name);
}
