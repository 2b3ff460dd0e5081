/* rule_control.c - Cache-Control and CDN-Cache-Control into one struct. Pure.
 */
#include "rule_control.h"

#include <stddef.h>
#include <string.h>

#include "http_list.h"

enum kind {
    FLAG,
    SECONDS,
    MAX_STALE, /* seconds, or nothing: however stale */
    NAMES,     /* a flag, or the field names it is about */
};

struct meaning {
    const char *name;
    enum kind kind;
    size_t at; /* of the member it sets */
};

#define MEMBER(name) offsetof(struct rule_control, name)

static const struct meaning in_request[] = {
    { "no-cache", FLAG, MEMBER(no_cache) },
    { "max-age", SECONDS, MEMBER(max_age_s) },
    { "no-store", FLAG, MEMBER(no_store) },
    { "no-transform", FLAG, MEMBER(no_transform) },
    { "only-if-cached", FLAG, MEMBER(only_if_cached) },
    { "min-fresh", SECONDS, MEMBER(min_fresh_s) },
    { "max-stale", MAX_STALE, MEMBER(max_stale_s) },
    { "stale-if-error", SECONDS, MEMBER(stale_if_error_s) },
    { NULL, FLAG, 0 },
};

static const struct meaning in_response[] = {
    { "max-age", SECONDS, MEMBER(max_age_s) },
    { "s-maxage", SECONDS, MEMBER(s_maxage_s) },
    { "public", FLAG, MEMBER(is_public) },
    { "no-cache", NAMES, MEMBER(no_cache) },
    { "no-store", FLAG, MEMBER(no_store) },
    { "private", NAMES, MEMBER(is_private) },
    { "must-revalidate", FLAG, MEMBER(must_revalidate) },
    { "proxy-revalidate", FLAG, MEMBER(proxy_revalidate) },
    { "must-understand", FLAG, MEMBER(must_understand) },
    { "immutable", FLAG, MEMBER(immutable) },
    { "no-transform", FLAG, MEMBER(no_transform) },
    { "stale-while-revalidate", SECONDS, MEMBER(stale_while_s) },
    { "stale-if-error", SECONDS, MEMBER(stale_if_error_s) },
    { NULL, FLAG, 0 },
};

static void init(struct rule_control *c)
{
    memset(c, 0, sizeof *c);
    c->max_age_s = c->s_maxage_s = c->stale_while_s = c->stale_if_error_s = RULE_NOT_GIVEN;
    c->min_fresh_s = c->max_stale_s = RULE_NOT_GIVEN;
}

static const struct meaning *find(const struct meaning *table, struct http_text name)
{
    for (; table->name != NULL; table++)
        if (http_text_is_word(name, table->name))
            return table;
    return NULL;
}

static bool *flag_of(struct rule_control *c, const struct meaning *m)
{
    return (bool *)((char *)c + m->at);
}

static int64_t *seconds_of(struct rule_control *c, const struct meaning *m)
{
    return (int64_t *)((char *)c + m->at);
}

/* Digits only; -1: something else. */
static int64_t read_seconds(struct http_text t)
{
    int64_t n = 0;

    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return -1;
        n = n * 10 + (t.at[i] - '0');
        if (n > RULE_SECONDS_MAX)
            n = RULE_SECONDS_MAX;
    }
    return t.len == 0 ? -1 : n;
}

/* Field names into the list. false: none, too many, or something that is no name; then the directive
 * is about the whole response, which is the safe side. */
static bool read_names(struct rule_control *c, struct http_text text, bool is_private)
{
    unsigned before = c->n_named;
    struct http_list list;
    struct http_text name;

    http_list_begin_text(&list, text);
    while (http_list_next(&list, &name)) {
        if (!http_is_token(name) || c->n_named == RULE_NAMED_MAX)
            return false;
        c->named[c->n_named++] = (struct rule_named){ name, is_private };
    }
    return c->n_named > before;
}

static void apply(struct rule_control *c, const struct meaning *m, const struct http_directive *d,
                  bool is_response)
{
    if (m->kind == FLAG) {
        *flag_of(c, m) = true;
        return;
    }
    if (m->kind == NAMES) {
        if (!d->has_value || !read_names(c, d->value, m->at == MEMBER(is_private)))
            *flag_of(c, m) = true;
        return;
    }
    int64_t *s = seconds_of(c, m);
    if (*s != RULE_NOT_GIVEN)
        return;
    if (m->kind == MAX_STALE && !d->has_value)
        *s = RULE_SECONDS_MAX;
    else
        *s = read_seconds(d->value);
    /* A response's lifetime that cannot be read: stale. A request's wish: not heard. */
    if (*s < 0)
        *s = is_response ? 0 : RULE_NOT_GIVEN;
}

static void read_field(const struct http_fields *fields, const struct meaning *table,
                       struct rule_control *out)
{
    struct http_list list;
    struct http_text member;
    struct http_directive d;

    http_list_begin(&list, fields, HTTP_CACHE_CONTROL);
    while (http_list_next(&list, &member)) {
        bool is_well = http_directive_parse(member, &d);
        const struct meaning *m = find(table, d.name);

        /* A known name with a broken value still counts, read as one that has none, unless it would
         * allow something. */
        if (m != NULL && (is_well || (d.has_value && m->at != MEMBER(is_public))))
            apply(out, m, &d, table == in_response);
    }
}

void rule_control_request(const struct http_fields *fields, struct rule_control *out)
{
    init(out);
    read_field(fields, in_request, out);
    if (!http_field_has(fields, HTTP_CACHE_CONTROL))
        out->no_cache = http_list_has(fields, HTTP_PRAGMA, "no-cache"); /* RFC 9111 5.4 */
}

/* One member of a targeted field. false: a type that does not go with its name. */
static bool apply_targeted(struct rule_control *c, const struct http_sf_member *member)
{
    const struct meaning *m = find(in_response, member->key);

    if (m == NULL)
        return true;
    if (m->kind == SECONDS) {
        if (member->type != HTTP_SF_INTEGER || member->integer < 0)
            return false;
        *seconds_of(c, m) =
            member->integer > RULE_SECONDS_MAX ? RULE_SECONDS_MAX : member->integer;
        return true;
    }
    if (member->type != HTTP_SF_BOOLEAN && m->kind != NAMES)
        return false;
    *flag_of(c, m) = member->type != HTTP_SF_BOOLEAN || member->integer != 0;
    return true;
}

/* RFC 9213 2.1. false: absent, empty or broken. */
static bool read_targeted(const struct http_fields *fields, struct rule_control *out)
{
    const struct http_field *line = http_field_first(fields, HTTP_CDN_CACHE_CONTROL);
    struct http_sf_member member;
    unsigned n = 0;

    init(out);
    for (; line != NULL; line = http_field_next(fields, line)) {
        struct http_text rest = line->value;
        int status;

        while ((status = http_sf_next(&rest, &member)) > 0) {
            n++;
            if (!apply_targeted(out, &member))
                return false;
        }
        if (status < 0)
            return false;
    }
    out->is_targeted = true;
    return n > 0;
}

void rule_control_response(const struct http_fields *fields, struct rule_control *out)
{
    if (read_targeted(fields, out))
        return;
    init(out);
    read_field(fields, in_response, out);
}
