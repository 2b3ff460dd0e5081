/* rule_vary.c - the names a Vary lists, and the mark they give a request. Pure.
 */
#include "rule_vary.h"

#include <stdlib.h>
#include <string.h>

#include "http_list.h"

/* Text that is being written; too_long when it did not fit. */
struct mark {
    char *at;
    size_t len, room;
    bool too_long;
};

static void put(struct mark *m, struct http_text t, bool lower)
{
    if (t.len > m->room - m->len) {
        m->too_long = true;
        return;
    }
    for (size_t i = 0; i < t.len; i++)
        m->at[m->len++] = lower ? http_lower(t.at[i]) : t.at[i];
}

static void put_char(struct mark *m, char c)
{
    put(m, (struct http_text){ &c, 1 }, false);
}

static int compare(const void *a, const void *b)
{
    const struct http_text *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;

    for (size_t i = 0; i < len; i++) {
        int diff = http_lower(x->at[i]) - http_lower(y->at[i]);

        if (diff != 0)
            return diff;
    }
    return x->len < y->len ? -1 : x->len > y->len;
}

int rule_vary_names(const struct http_fields *response, char out[static RULE_VARY_LIST_MAX])
{
    struct http_text names[RULE_VARY_NAMES_MAX];
    struct mark m = { out, 0, RULE_VARY_LIST_MAX, false };
    struct http_list list;
    struct http_text name;
    size_t n = 0;

    http_list_begin(&list, response, HTTP_VARY);
    while (http_list_next(&list, &name)) {
        /* '*' is a token too, and matches nothing wherever it stands (RFC 9111 4.1). */
        if (!http_is_token(name) || http_text_is_word(name, "*") || n == RULE_VARY_NAMES_MAX)
            return -1;
        names[n++] = name;
    }
    if (n > 1)
        qsort(names, n, sizeof names[0], compare);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && http_text_is_like(names[i], names[i - 1]))
            continue;
        if (m.len > 0)
            put_char(&m, ',');
        put(&m, names[i], true);
    }
    return m.too_long ? -1 : (int)m.len;
}

/* These hold nothing whose case means anything (RFC 9110 12.5.3, 12.5.4). */
static bool is_caseless(struct http_text name)
{
    return http_text_is_word(name, "accept-encoding") || http_text_is_word(name, "accept-language");
}

/* "name:member,member\n"; "name\n" for a field that is not there. */
static void put_field(struct mark *m, struct http_text name, const struct http_fields *request)
{
    bool lower = is_caseless(name), is_first = true;
    struct http_list list;
    struct http_text member;

    put(m, name, true);
    if (http_field_named(request, name) != NULL)
        put_char(m, ':');
    http_list_begin_named(&list, request, name);
    while (http_list_next(&list, &member)) {
        if (!is_first)
            put_char(m, ',');
        put(m, member, lower);
        is_first = false;
    }
    put_char(m, '\n');
}

int rule_vary_mark(struct http_text names, const struct http_fields *request,
                   char out[static RULE_VARY_MARK_MAX])
{
    struct mark m = { out, 0, RULE_VARY_MARK_MAX, false };
    struct http_list list;
    struct http_text name;

    http_list_begin_text(&list, names);
    while (http_list_next(&list, &name))
        put_field(&m, name, request);
    return m.too_long ? -1 : (int)m.len;
}
