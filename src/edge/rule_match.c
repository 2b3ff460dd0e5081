/* rule_match.c - entity tags, conditions, ranges. Pure.
 */
#include "rule_match.h"

#include <string.h>

#include "http_date.h"
#include "http_list.h"

/* The opaque part with its quotes; empty: it is no entity tag. */
static struct http_text opaque(struct http_text tag, bool *is_weak)
{
    *is_weak = tag.len >= 2 && memcmp(tag.at, "W/", 2) == 0; /* case-sensitive, RFC 9110 8.8.3 */
    if (*is_weak) {
        tag.at += 2;
        tag.len -= 2;
    }
    if (tag.len < 2 || tag.at[0] != '"' || tag.at[tag.len - 1] != '"')
        return (struct http_text){ NULL, 0 };
    for (size_t i = 1; i < tag.len - 1; i++) {
        unsigned char c = (unsigned char)tag.at[i];

        if (c <= 0x20 || c == '"' || c == 0x7f)
            return (struct http_text){ NULL, 0 };
    }
    return tag;
}

bool rule_etag_is_valid(struct http_text tag)
{
    bool is_weak;

    return opaque(tag, &is_weak).len > 0;
}

bool rule_etag_is_weak_match(struct http_text a, struct http_text b)
{
    bool is_weak;
    struct http_text x = opaque(a, &is_weak), y = opaque(b, &is_weak);

    return x.len > 0 && http_text_is(x, y);
}

bool rule_etag_is_strong_match(struct http_text a, struct http_text b)
{
    bool a_is_weak, b_is_weak;
    struct http_text x = opaque(a, &a_is_weak), y = opaque(b, &b_is_weak);

    return x.len > 0 && !a_is_weak && !b_is_weak && http_text_is(x, y);
}

/* The next tag of a list. Not http_list: a backslash in a tag is no escape. false: the end, or
 * something that is no tag, behind which nothing is read. */
static bool next_tag(struct http_text *rest, struct http_text *tag)
{
    size_t i = 0, start;

    while (i < rest->len && (rest->at[i] == ' ' || rest->at[i] == '\t' || rest->at[i] == ','))
        i++;
    start = i;
    if (rest->len - i >= 2 && memcmp(rest->at + i, "W/", 2) == 0)
        i += 2;
    if (i == rest->len || rest->at[i] != '"')
        return false;
    const char *end = memchr(rest->at + i + 1, '"', rest->len - i - 1);
    if (end == NULL)
        return false;
    *tag = (struct http_text){ rest->at + start, (size_t)(end + 1 - rest->at) - start };
    rest->len -= (size_t)(end + 1 - rest->at);
    rest->at = end + 1;
    return true;
}

static bool some_tag_matches(const struct http_fields *request, struct http_text stored)
{
    const struct http_field *line = http_field_first(request, HTTP_IF_NONE_MATCH);
    struct http_text tag;

    for (; line != NULL; line = http_field_next(request, line)) {
        struct http_text rest = line->value;

        if (http_text_is_word(rest, "*"))
            return true;
        while (next_tag(&rest, &tag))
            if (rule_etag_is_weak_match(tag, stored))
                return true;
    }
    return false;
}

bool rule_is_not_modified(const struct http_fields *request, const struct http_fields *stored,
                          unsigned stored_status, int64_t now_s)
{
    int64_t since_s, modified_s;

    if (stored_status != 200)
        return false;
    if (http_field_has(request, HTTP_IF_NONE_MATCH)) /* decides alone, RFC 9110 13.1.3 */
        return some_tag_matches(request, http_field_value(stored, HTTP_ETAG));
    if (http_field_count(request, HTTP_IF_MODIFIED_SINCE) != 1 ||
        !http_date_parse(http_field_value(request, HTTP_IF_MODIFIED_SINCE), now_s, &since_s))
        return false;
    enum http_id id = http_field_has(stored, HTTP_LAST_MODIFIED) ? HTTP_LAST_MODIFIED : HTTP_DATE;
    return http_date_parse(http_field_value(stored, id), now_s, &modified_s) &&
           modified_s <= since_s;
}

bool rule_is_for_304(const struct http_fields *stored, const struct http_field *field)
{
    switch (field->id) {
    case HTTP_CACHE_CONTROL:
    case HTTP_CDN_CACHE_CONTROL:
    case HTTP_CONTENT_LOCATION:
    case HTTP_DATE:
    case HTTP_ETAG:
    case HTTP_EXPIRES:
    case HTTP_VARY:
    case HTTP_VIA:
    case HTTP_CACHE_STATUS:
        return true;
    case HTTP_LAST_MODIFIED:
        return !http_field_has(stored, HTTP_ETAG);
    default:
        return false;
    }
}

/* RFC 9110 13.1.5: an entity tag by strong comparison, or a date that is exactly Last-Modified and
 * old enough to be a strong validator. Without If-Range: true. */
static bool if_range_holds(const struct http_fields *request, const struct http_fields *stored,
                           int64_t now_s)
{
    struct http_text value = http_field_value(request, HTTP_IF_RANGE);
    int64_t asked_s, modified_s, date_s;

    if (value.at == NULL)
        return true;
    if (http_field_count(request, HTTP_IF_RANGE) > 1)
        return false;
    if (rule_etag_is_valid(value))
        return rule_etag_is_strong_match(value, http_field_value(stored, HTTP_ETAG));
    return http_date_parse(value, now_s, &asked_s) &&
           http_date_parse(http_field_value(stored, HTTP_LAST_MODIFIED), now_s, &modified_s) &&
           http_date_parse(http_field_value(stored, HTTP_DATE), now_s, &date_s) &&
           asked_s == modified_s && date_s > modified_s;
}

/* "first-", "first-last" or "-suffix" within `size`. */
static enum rule_range read_spec(struct http_text spec, uint64_t size, uint64_t *first,
                                 uint64_t *last)
{
    const char *dash = memchr(spec.at, '-', spec.len);
    uint64_t a = 0, b = UINT64_MAX;

    if (dash == NULL)
        return RULE_WHOLE;
    struct http_text left = { spec.at, (size_t)(dash - spec.at) };
    struct http_text right = { dash + 1, spec.len - left.len - 1 };
    if ((left.len > 0 && !http_text_number(left, UINT64_MAX, &a)) ||
        (right.len > 0 && !http_text_number(right, UINT64_MAX, &b)) ||
        (left.len == 0 && right.len == 0) || (left.len > 0 && b < a))
        return RULE_WHOLE;
    if (left.len == 0) {
        a = b < size ? size - b : 0;
        if (b == 0)
            return RULE_UNSATISFIABLE;
        b = UINT64_MAX;
    }
    if (a >= size)
        return RULE_UNSATISFIABLE;
    *first = a;
    *last = b < size ? b : size - 1;
    return RULE_PART;
}

enum rule_range rule_range(const struct http_fields *request, const struct http_fields *stored,
                           uint64_t size, int64_t now_s, uint64_t *first, uint64_t *last)
{
    struct http_text value = http_field_value(request, HTTP_RANGE);
    struct http_text spec, another;
    struct http_list list;

    if (value.at == NULL || http_field_count(request, HTTP_RANGE) != 1 || value.len < 7 ||
        strncasecmp(value.at, "bytes=", 6) != 0 || !if_range_holds(request, stored, now_s))
        return RULE_WHOLE;
    http_list_begin_text(&list, (struct http_text){ value.at + 6, value.len - 6 });
    if (!http_list_next(&list, &spec) || http_list_next(&list, &another))
        return RULE_WHOLE; /* several ranges: the whole costs us least, and is allowed */
    return read_spec(spec, size, first, last);
}
