/* rule_pass.c - which fields go on, and what a 304 changes. Pure.
 */
#include "rule_pass.h"

#include <assert.h>
#include <string.h>

#include "http_date.h"
#include "http_list.h"

static bool ends_here(enum http_id id)
{
    switch (id) {
    case HTTP_CONNECTION:
    case HTTP_KEEP_ALIVE:
    case HTTP_PROXY_AUTHENTICATE:
    case HTTP_PROXY_AUTHENTICATION_INFO:
    case HTTP_PROXY_AUTHORIZATION:
    case HTTP_PROXY_CONNECTION:
    case HTTP_TE:
    case HTTP_TRAILER:
    case HTTP_TRANSFER_ENCODING:
    case HTTP_UPGRADE:
        return true;
    default:
        return false;
    }
}

/* What Connection may not take away: it would hide where a request has been, or whom it is for. */
static bool is_ours_to_keep(enum http_id id)
{
    return id == HTTP_HOST || id == HTTP_CONTENT_LENGTH || id == HTTP_CDN_LOOP || id == HTTP_VIA ||
           id == HTTP_FORWARDED || id == HTTP_X_FORWARDED_FOR;
}

void rule_strip_hop_by_hop(struct http_fields *fields)
{
    bool gone[HTTP_FIELDS_MAX] = { false };
    struct http_list list;
    struct http_text name;
    uint32_t n = fields->n;

    http_list_begin(&list, fields, HTTP_CONNECTION);
    while (http_list_next(&list, &name)) {
        const struct http_field *f = http_field_named(fields, name);

        for (; f != NULL && !is_ours_to_keep(f->id); f = http_field_next(fields, f))
            gone[f - fields->list] = true;
    }
    http_fields_init(fields);
    for (uint32_t i = 0; i < n; i++) {
        struct http_field f = fields->list[i];

        if (!gone[i] && !ends_here(f.id))
            http_fields_add(fields, f.name, f.value);
    }
}

bool rule_goes_to_origin(const struct http_field *field, bool for_cache)
{
    switch (field->id) {
    case HTTP_HOST:
    case HTTP_CONTENT_LENGTH:
    case HTTP_EXPECT:
        return false;
    case HTTP_IF_MATCH:
    case HTTP_IF_MODIFIED_SINCE:
    case HTTP_IF_NONE_MATCH:
    case HTTP_IF_RANGE:
    case HTTP_IF_UNMODIFIED_SINCE:
    case HTTP_RANGE:
        return !for_cache;
    default:
        return true;
    }
}

bool rule_is_kept(const struct http_field *field, const struct rule_control *control, bool to_store)
{
    if (field->id == HTTP_CONTENT_LENGTH || (to_store && field->id == HTTP_AGE))
        return false;
    for (unsigned i = 0; to_store && i < control->n_named; i++)
        if (http_text_is_like(control->named[i].name, field->name))
            return false;
    return true;
}

/* Fields of the stored head that a 304 leaves alone. */
static bool describes_body(const struct http_field *f)
{
    return f->id == HTTP_CONTENT_LENGTH || f->id == HTTP_CONTENT_ENCODING ||
           f->id == HTTP_CONTENT_RANGE || f->id == HTTP_ETAG ||
           http_text_is_word(f->name, "content-md5");
}

bool rule_merge_304(const struct http_fields *stored, const struct http_fields *update,
                    struct http_fields *out)
{
    assert(out != stored && out != update);
    http_fields_init(out);
    for (uint32_t i = 0; i < stored->n; i++) {
        const struct http_field *f = &stored->list[i];

        /* A 304 without Date is of now (RFC 9110 6.6.1), not of when the first answer came. */
        if (!describes_body(f) &&
            (f->id == HTTP_DATE || http_field_named(update, f->name) != NULL))
            continue;
        if (!http_fields_add(out, f->name, f->value))
            return false;
    }
    for (uint32_t i = 0; i < update->n; i++) {
        const struct http_field *f = &update->list[i];

        if (!describes_body(f) && !http_fields_add(out, f->name, f->value))
            return false;
    }
    return true;
}

bool rule_304_fits(const struct http_fields *stored, const struct http_fields *update, int64_t now_s)
{
    int64_t ours_s, theirs_s;

    /* Only where the date was what we asked by. */
    if (http_field_has(stored, HTTP_ETAG) ||
        !http_date_parse(http_field_value(stored, HTTP_LAST_MODIFIED), now_s, &ours_s) ||
        !http_date_parse(http_field_value(update, HTTP_LAST_MODIFIED), now_s, &theirs_s))
        return true;
    return ours_s == theirs_s;
}

bool rule_invalidates(const struct http_request_head *request, unsigned status)
{
    return !http_method_is_safe(request->method) && status >= 200 && status < 400;
}
