/* http_field.h - header fields: the names we know, and a list of fields as a head had them. Pure.
 *
 * A field whose name we know carries its id, so that the rules never compare names twice. All texts
 * point into the buffer that was parsed, or wherever the caller let them point. */
#pragma once

#include "http_text.h"

enum { HTTP_FIELDS_MAX = 100 };

enum http_id {
    HTTP_OTHER = 0, /* a name no rule cares for */
    HTTP_ACCEPT_RANGES,
    HTTP_AGE,
    HTTP_AUTHORIZATION,
    HTTP_CACHE_CONTROL,
    HTTP_CACHE_STATUS,
    HTTP_CACHE_TAG,
    HTTP_CDN_CACHE_CONTROL,
    HTTP_CDN_LOOP,
    HTTP_CONNECTION,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_LENGTH,
    HTTP_CONTENT_LOCATION,
    HTTP_CONTENT_RANGE,
    HTTP_CONTENT_TYPE,
    HTTP_COOKIE,
    HTTP_DATE,
    HTTP_ETAG,
    HTTP_EXPECT,
    HTTP_EXPIRES,
    HTTP_FORWARDED,
    HTTP_HOST,
    HTTP_IF_MATCH,
    HTTP_IF_MODIFIED_SINCE,
    HTTP_IF_NONE_MATCH,
    HTTP_IF_RANGE,
    HTTP_IF_UNMODIFIED_SINCE,
    HTTP_KEEP_ALIVE,
    HTTP_LAST_MODIFIED,
    HTTP_LOCATION,
    HTTP_PRAGMA,
    HTTP_PROXY_AUTHENTICATE,
    HTTP_PROXY_AUTHENTICATION_INFO,
    HTTP_PROXY_AUTHORIZATION,
    HTTP_PROXY_CONNECTION,
    HTTP_RANGE,
    HTTP_REFERER,
    HTTP_SERVER,
    HTTP_SET_COOKIE,
    HTTP_SURROGATE_KEY,
    HTTP_TE,
    HTTP_TRAILER,
    HTTP_TRANSFER_ENCODING,
    HTTP_UPGRADE,
    HTTP_USER_AGENT,
    HTTP_VARY,
    HTTP_VIA,
    HTTP_WARNING,
    HTTP_X_CACHE,
    HTTP_X_FORWARDED_FOR,
    HTTP_N_IDS
};

struct http_field {
    struct http_text name;  /* as it was written */
    struct http_text value; /* blanks around it removed; may be empty */
    enum http_id id;
};

/* In the order of the head; fields of one name stay in their order. About 4 KiB: on a stack, or one
 * per thread. */
struct http_fields {
    uint32_t n;
    uint8_t first[HTTP_N_IDS]; /* 1 + index of the first field with that id, 0: none */
    struct http_field list[HTTP_FIELDS_MAX];
};

enum http_id http_id_of(struct http_text name); /* case ignored */
struct http_text http_id_name(enum http_id id); /* "Cache-Control"; "" for HTTP_OTHER */

void http_fields_init(struct http_fields *f);
/* false: there are HTTP_FIELDS_MAX already. Finds the id itself. */
bool http_fields_add(struct http_fields *f, struct http_text name, struct http_text value);

/* The first field with that id (not HTTP_OTHER), and the next one with the same name. NULL: none. */
const struct http_field *http_field_first(const struct http_fields *f, enum http_id id);
const struct http_field *http_field_next(const struct http_fields *f, const struct http_field *last);
bool http_field_has(const struct http_fields *f, enum http_id id);
/* The first field's value; at == NULL when there is none, which an empty value never is. */
struct http_text http_field_value(const struct http_fields *f, enum http_id id);
unsigned http_field_count(const struct http_fields *f, enum http_id id);

/* By name, for names that a configuration or a Vary gives. */
const struct http_field *http_field_named(const struct http_fields *f, struct http_text name);
