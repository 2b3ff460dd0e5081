/* http_list.h - comma lists, parameters, quoted strings; a subset of structured fields. Pure.
 *
 * A list field may stand on several lines and counts as one list (RFC 9110 5.3). Commas in quoted
 * strings do not part members; empty members are skipped. */
#pragma once

#include "http_field.h"

/* A walk over all members of all lines of one field. The caller's storage. */
struct http_list {
    const struct http_fields *fields;
    const struct http_field *field; /* the line we are in; NULL: a single text, or the end */
    struct http_text rest;
};

void http_list_begin(struct http_list *list, const struct http_fields *fields, enum http_id id);
void http_list_begin_named(struct http_list *list, const struct http_fields *fields,
                           struct http_text name);
void http_list_begin_text(struct http_list *list, struct http_text text);
bool http_list_next(struct http_list *list, struct http_text *member); /* blanks around removed */

/* Is `word` (case ignored) a member of the list, parameters after ';' disregarded? */
bool http_list_has(const struct http_fields *fields, enum http_id id, const char *word);

/* A member `name`, `name=token` or `name="quoted"`, as directives have it. Blanks around '=' are not
 * allowed (such a directive is another, unknown name). `value` is what stands between the quotes,
 * backslashes still in it; has_value false: no '='. false: no name, or rubbish behind a quoted
 * string. */
struct http_directive {
    struct http_text name;
    struct http_text value;
    bool has_value;
    bool is_quoted;
};
bool http_directive_parse(struct http_text member, struct http_directive *out);

/* Structured fields (RFC 8941), as far as a targeted Cache-Control needs them: a dictionary whose
 * values are integers, booleans, strings, tokens; decimals, inner lists and byte sequences are
 * checked but come out as SF_OTHER; parameters are checked and dropped. */
enum http_sf_type { HTTP_SF_INTEGER, HTTP_SF_BOOLEAN, HTTP_SF_STRING, HTTP_SF_TOKEN, HTTP_SF_OTHER };

struct http_sf_member {
    struct http_text key;
    enum http_sf_type type;
    int64_t integer; /* also 0 or 1 of a boolean */
    struct http_text text; /* of a string (between the quotes) or token */
};

/* Reads the next member and moves *rest behind it. 1: a member; 0: the end; -1: the dictionary is
 * broken, and must be disregarded whole (RFC 9213 2.1). Call with the lines of the field joined. */
int http_sf_next(struct http_text *rest, struct http_sf_member *out);
