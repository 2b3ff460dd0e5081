/* key.h - under which name a response is stored. Pure.
 *
 * The key is a text: the URL, normalised, and behind it, each on a line of its own, the chosen
 * fields and cookies. It is compared whole on a hit, never by its hash alone; the URL part is what a
 * purge names. The method is no part of it: HEAD is answered from GET's response. */
#pragma once

#include "http_head.h"

enum { KEY_MAX = HTTP_HEAD_MAX + 1024 };

enum key_query {
    KEY_QUERY_WHOLE, /* as it was sent: order matters */
    KEY_QUERY_NONE,
    KEY_QUERY_ONLY, /* the named parameters, sorted by name (same names keep their order) */
};

/* A route's choice; all zero: scheme, host, path, whole query. Frozen configuration. */
struct key_rule {
    enum key_query query;
    unsigned n_params, n_headers, n_cookies;
    const char *const *params;
    const char *const *headers; /* in the order of the configuration, names as they are there */
    const char *const *cookies;
};

struct key {
    struct http_text text;    /* all of it, in the caller's buffer */
    size_t url_len;           /* it begins with the URL: "http://host:port/path?query" */
    size_t host_at, host_len; /* with ":port" unless it is the scheme's own */
    size_t path_at;           /* from here to url_len: path and query as the key has them. These go to
                               * the origin, so that what was fetched is what the key says */
};

/* `scheme` is the connection's, "http" or "https". false: it does not fit, which KEY_MAX octets of
 * room rule out but for 64 parameters of one name. The host is lower case, without the final dot and
 * the scheme's own port; in the path, %XX of unreserved characters are decoded, other hex digits are
 * upper case, and . and .. are resolved (RFC 3986 6.2.2); double slashes stay. */
bool key_build(const struct http_request_head *request, struct http_text scheme,
               const struct key_rule *rule, char *out, size_t room, struct key *key);

/* The URL part of the key that a GET of this URL has, for a purge: "http://host/path?query". A URL
 * without a path has "/". The length, or -1: it is no http or https URL, or does not fit. For a
 * prefix, pass a rule of zeros. */
int key_of_url(struct http_text url, const struct key_rule *rule, char *out, size_t room);

/* The URL part for a Location or Content-Location (a URL, a path, a relative path) that came with
 * the response to a request of key `like`. -1: another scheme or host, no URL, or does not fit. */
int key_of_location(const struct key *like, struct http_text location, const struct key_rule *rule,
                    char *out, size_t room);
