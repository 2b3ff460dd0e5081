/* http_field.c - the names we know, and lists of fields. Pure.
 */
#include "http_field.h"

#include <assert.h>
#include <string.h>

static const char *const names[HTTP_N_IDS] = {
    [HTTP_OTHER] = "",
    [HTTP_ACCEPT_RANGES] = "Accept-Ranges",
    [HTTP_AGE] = "Age",
    [HTTP_AUTHORIZATION] = "Authorization",
    [HTTP_CACHE_CONTROL] = "Cache-Control",
    [HTTP_CACHE_STATUS] = "Cache-Status",
    [HTTP_CACHE_TAG] = "Cache-Tag",
    [HTTP_CDN_CACHE_CONTROL] = "CDN-Cache-Control",
    [HTTP_CDN_LOOP] = "CDN-Loop",
    [HTTP_CONNECTION] = "Connection",
    [HTTP_CONTENT_ENCODING] = "Content-Encoding",
    [HTTP_CONTENT_LENGTH] = "Content-Length",
    [HTTP_CONTENT_LOCATION] = "Content-Location",
    [HTTP_CONTENT_RANGE] = "Content-Range",
    [HTTP_CONTENT_TYPE] = "Content-Type",
    [HTTP_COOKIE] = "Cookie",
    [HTTP_DATE] = "Date",
    [HTTP_ETAG] = "ETag",
    [HTTP_EXPECT] = "Expect",
    [HTTP_EXPIRES] = "Expires",
    [HTTP_FORWARDED] = "Forwarded",
    [HTTP_HOST] = "Host",
    [HTTP_IF_MATCH] = "If-Match",
    [HTTP_IF_MODIFIED_SINCE] = "If-Modified-Since",
    [HTTP_IF_NONE_MATCH] = "If-None-Match",
    [HTTP_IF_RANGE] = "If-Range",
    [HTTP_IF_UNMODIFIED_SINCE] = "If-Unmodified-Since",
    [HTTP_KEEP_ALIVE] = "Keep-Alive",
    [HTTP_LAST_MODIFIED] = "Last-Modified",
    [HTTP_LOCATION] = "Location",
    [HTTP_PRAGMA] = "Pragma",
    [HTTP_PROXY_AUTHENTICATE] = "Proxy-Authenticate",
    [HTTP_PROXY_AUTHENTICATION_INFO] = "Proxy-Authentication-Info",
    [HTTP_PROXY_AUTHORIZATION] = "Proxy-Authorization",
    [HTTP_PROXY_CONNECTION] = "Proxy-Connection",
    [HTTP_RANGE] = "Range",
    [HTTP_REFERER] = "Referer",
    [HTTP_SERVER] = "Server",
    [HTTP_SET_COOKIE] = "Set-Cookie",
    [HTTP_SURROGATE_KEY] = "Surrogate-Key",
    [HTTP_TE] = "TE",
    [HTTP_TRAILER] = "Trailer",
    [HTTP_TRANSFER_ENCODING] = "Transfer-Encoding",
    [HTTP_UPGRADE] = "Upgrade",
    [HTTP_USER_AGENT] = "User-Agent",
    [HTTP_VARY] = "Vary",
    [HTTP_VIA] = "Via",
    [HTTP_WARNING] = "Warning",
    [HTTP_X_CACHE] = "X-Cache",
    [HTTP_X_FORWARDED_FOR] = "X-Forwarded-For",
};

/* The ids of each length, most used first; a name is compared with those of its length only. */
enum { LENGTH_MAX = 25, PER_LENGTH = 7 };
static const uint8_t by_length[LENGTH_MAX + 1][PER_LENGTH] = {
    [2] = { HTTP_TE },
    [3] = { HTTP_AGE, HTTP_VIA },
    [4] = { HTTP_HOST, HTTP_DATE, HTTP_ETAG, HTTP_VARY },
    [5] = { HTTP_RANGE },
    [6] = { HTTP_COOKIE, HTTP_SERVER, HTTP_EXPECT, HTTP_PRAGMA },
    [7] = { HTTP_EXPIRES, HTTP_REFERER, HTTP_UPGRADE, HTTP_TRAILER, HTTP_WARNING, HTTP_X_CACHE },
    [8] = { HTTP_IF_MATCH, HTTP_IF_RANGE, HTTP_LOCATION, HTTP_CDN_LOOP },
    [9] = { HTTP_CACHE_TAG, HTTP_FORWARDED },
    [10] = { HTTP_CONNECTION, HTTP_USER_AGENT, HTTP_SET_COOKIE, HTTP_KEEP_ALIVE },
    [12] = { HTTP_CONTENT_TYPE, HTTP_CACHE_STATUS },
    [13] = { HTTP_CACHE_CONTROL, HTTP_LAST_MODIFIED, HTTP_IF_NONE_MATCH, HTTP_AUTHORIZATION,
             HTTP_ACCEPT_RANGES, HTTP_CONTENT_RANGE, HTTP_SURROGATE_KEY },
    [14] = { HTTP_CONTENT_LENGTH },
    [15] = { HTTP_X_FORWARDED_FOR },
    [16] = { HTTP_CONTENT_ENCODING, HTTP_CONTENT_LOCATION, HTTP_PROXY_CONNECTION },
    [17] = { HTTP_IF_MODIFIED_SINCE, HTTP_TRANSFER_ENCODING, HTTP_CDN_CACHE_CONTROL },
    [18] = { HTTP_PROXY_AUTHENTICATE },
    [19] = { HTTP_IF_UNMODIFIED_SINCE, HTTP_PROXY_AUTHORIZATION },
    [25] = { HTTP_PROXY_AUTHENTICATION_INFO },
};

enum http_id http_id_of(struct http_text name)
{
    if (name.len > LENGTH_MAX)
        return HTTP_OTHER;
    for (unsigned i = 0; i < PER_LENGTH && by_length[name.len][i] != HTTP_OTHER; i++) {
        enum http_id id = by_length[name.len][i];

        if (http_text_is_like(name, (struct http_text){ names[id], name.len }))
            return id;
    }
    return HTTP_OTHER;
}

struct http_text http_id_name(enum http_id id)
{
    return http_text_of(names[id]);
}

void http_fields_init(struct http_fields *f)
{
    f->n = 0;
    memset(f->first, 0, sizeof f->first);
}

bool http_fields_add(struct http_fields *f, struct http_text name, struct http_text value)
{
    struct http_field *field = &f->list[f->n];

    if (f->n == HTTP_FIELDS_MAX)
        return false;
    *field = (struct http_field){ name, value, http_id_of(name) };
    f->n++;
    if (field->id != HTTP_OTHER && f->first[field->id] == 0)
        f->first[field->id] = (uint8_t)f->n;
    return true;
}

const struct http_field *http_field_first(const struct http_fields *f, enum http_id id)
{
    assert(id != HTTP_OTHER);
    return f->first[id] == 0 ? NULL : &f->list[f->first[id] - 1];
}

const struct http_field *http_field_next(const struct http_fields *f, const struct http_field *last)
{
    for (const struct http_field *i = last + 1; i < f->list + f->n; i++) {
        if (i->id != last->id)
            continue;
        if (i->id != HTTP_OTHER || http_text_is_like(i->name, last->name))
            return i;
    }
    return NULL;
}

bool http_field_has(const struct http_fields *f, enum http_id id)
{
    return f->first[id] != 0;
}

struct http_text http_field_value(const struct http_fields *f, enum http_id id)
{
    const struct http_field *field = http_field_first(f, id);

    return field == NULL ? (struct http_text){ NULL, 0 } : field->value;
}

unsigned http_field_count(const struct http_fields *f, enum http_id id)
{
    unsigned n = 0;

    for (const struct http_field *i = http_field_first(f, id); i != NULL; i = http_field_next(f, i))
        n++;
    return n;
}

const struct http_field *http_field_named(const struct http_fields *f, struct http_text name)
{
    enum http_id id = http_id_of(name);

    if (id != HTTP_OTHER)
        return http_field_first(f, id);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->list[i].id == HTTP_OTHER && http_text_is_like(f->list[i].name, name))
            return &f->list[i];
    return NULL;
}
