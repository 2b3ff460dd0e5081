/* key.c - URLs, chosen fields and cookies into one text. Pure.
 */
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include "http_list.h"

enum { PARAMS_MAX = 64 }; /* chosen ones in one query */

/* Text that is being written; too_long when it did not fit. */
struct writer {
    char *at;
    size_t len, room;
    bool too_long;
};

static void put(struct writer *w, struct http_text t)
{
    if (t.len > w->room - w->len) {
        w->too_long = true;
    } else if (t.len > 0) {
        memcpy(w->at + w->len, t.at, t.len);
        w->len += t.len;
    }
}

static void put_char(struct writer *w, char c)
{
    put(w, (struct http_text){ &c, 1 });
}

static void put_lower(struct writer *w, struct http_text t)
{
    for (size_t i = 0; i < t.len; i++)
        put_char(w, http_lower(t.at[i]));
}

static bool is_unreserved(int c)
{
    char l = http_lower((char)c);

    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* RFC 3986 6.2.2.1 and 6.2.2.2. */
static void put_unescaped(struct writer *w, struct http_text path)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.len; i++) {
        int high = path.at[i] == '%' && path.len - i > 2 ? http_hex((unsigned char)path.at[i + 1]) : -1;
        int low = high >= 0 ? http_hex((unsigned char)path.at[i + 2]) : -1;

        if (low < 0) {
            put_char(w, path.at[i]);
            continue;
        }
        if (is_unreserved(high << 4 | low))
            put_char(w, (char)(high << 4 | low));
        else
            put(w, (struct http_text){ (char[]){ '%', hex[high], hex[low] }, 3 });
        i += 2;
    }
}

/* Resolves . and .. in place, in a path that begins with '/'; returns its new length (RFC 3986
 * 5.2.4). Above the root there is only the root. */
static size_t resolve_dots(char *at, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len;) {
        size_t end = i + 1;

        while (end < len && at[end] != '/')
            end++;
        size_t segment = end - i - 1;
        bool is_dot = segment == 1 && at[i + 1] == '.';
        bool is_up = segment == 2 && at[i + 1] == '.' && at[i + 2] == '.';
        if (is_up)
            while (out > 0 && at[--out] != '/')
                ;
        if (!is_dot && !is_up) {
            memmove(at + out, at + i, end - i);
            out += end - i;
        } else if (end == len) {
            at[out++] = '/';
        }
        i = end;
    }
    return out;
}

static void put_path(struct writer *w, struct http_text path)
{
    size_t start = w->len;

    put_unescaped(w, path);
    if (!w->too_long && path.len > 0 && path.at[0] == '/')
        w->len = start + resolve_dots(w->at + start, w->len - start);
}

static struct http_text param_name(struct http_text param)
{
    const char *equals = param.len == 0 ? NULL : memchr(param.at, '=', param.len);

    return equals == NULL ? param : (struct http_text){ param.at, (size_t)(equals - param.at) };
}

/* By name, and where names are the same by place, so that their order stays. */
static int compare_params(const void *a, const void *b)
{
    const struct http_text *x = a, *y = b;
    struct http_text m = param_name(*x), n = param_name(*y);
    size_t len = m.len < n.len ? m.len : n.len;
    int diff = len == 0 ? 0 : memcmp(m.at, n.at, len);

    if (diff != 0)
        return diff;
    if (m.len != n.len)
        return m.len < n.len ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool is_chosen(const struct key_rule *rule, struct http_text param)
{
    struct http_text name = param_name(param);

    for (unsigned i = 0; i < rule->n_params; i++)
        if (http_text_is(name, http_text_of(rule->params[i])))
            return true;
    return false;
}

static void put_chosen(struct writer *w, struct http_text query, const struct key_rule *rule)
{
    struct http_text chosen[PARAMS_MAX];
    size_t n = 0;

    while (query.len > 0) {
        const char *amp = memchr(query.at, '&', query.len);
        struct http_text param = { query.at, amp == NULL ? query.len : (size_t)(amp - query.at) };
        size_t taken = param.len + (amp != NULL);

        query.at += taken;
        query.len -= taken;
        if (!is_chosen(rule, param))
            continue;
        if (n == PARAMS_MAX) {
            w->too_long = true;
            return;
        }
        chosen[n++] = param;
    }
    if (n > 1)
        qsort(chosen, n, sizeof chosen[0], compare_params);
    for (size_t i = 0; i < n; i++) {
        put_char(w, i == 0 ? '?' : '&');
        put(w, chosen[i]);
    }
}

static void put_query(struct writer *w, struct http_text query, bool has_query,
                      const struct key_rule *rule)
{
    if (!has_query || rule->query == KEY_QUERY_NONE)
        return;
    if (rule->query == KEY_QUERY_ONLY) {
        put_chosen(w, query, rule);
        return;
    }
    put_char(w, '?');
    put(w, query);
}

static void put_host(struct writer *w, struct http_text scheme, struct http_text host, uint16_t port)
{
    char digits[6];
    size_t n = sizeof digits;

    if (host.len > 1 && host.at[host.len - 1] == '.')
        host.len--;
    put_lower(w, host);
    if (port == 0 || port == (scheme.len == 5 ? 443 : 80))
        return;
    for (; port > 0; port /= 10)
        digits[--n] = (char)('0' + port % 10);
    digits[--n] = ':';
    put(w, (struct http_text){ digits + n, sizeof digits - n });
}

/* "\nname: value, value"; "\nname" when it is not there. */
static void put_header(struct writer *w, const char *name, const struct http_fields *fields)
{
    struct http_text text = http_text_of(name);
    const struct http_field *f = http_field_named(fields, text);

    put_char(w, '\n');
    put_lower(w, text);
    for (bool first = true; f != NULL; f = http_field_next(fields, f), first = false) {
        put(w, http_text_of(first ? ": " : ", "));
        put(w, f->value);
    }
}

/* "\n;name=value"; "\n;name" when it is not there, and every value when it is there twice, behind a
 * ';', which no value holds: c=1 and c=2 are not c=1=2. */
static void put_cookie(struct writer *w, const char *name, const struct http_fields *fields)
{
    const struct http_field *f = http_field_first(fields, HTTP_COOKIE);

    put(w, http_text_of("\n;"));
    put(w, http_text_of(name));
    for (bool is_first = true; f != NULL; f = http_field_next(fields, f)) {
        struct http_text rest = f->value;

        while (rest.len > 0) {
            const char *semicolon = memchr(rest.at, ';', rest.len);
            size_t len = semicolon == NULL ? rest.len : (size_t)(semicolon - rest.at);
            struct http_text pair = http_text_trim((struct http_text){ rest.at, len });
            struct http_text own = param_name(pair);

            if (http_text_is(own, http_text_of(name)) && own.len < pair.len) {
                put(w, http_text_of(is_first ? "" : ";"));
                put(w, (struct http_text){ pair.at + own.len, pair.len - own.len });
                is_first = false;
            }
            rest.at += len + (semicolon != NULL);
            rest.len -= len + (semicolon != NULL);
        }
    }
}

bool key_build(const struct http_request_head *request, struct http_text scheme,
               const struct key_rule *rule, char *out, size_t room, struct key *key)
{
    struct writer w = { out, 0, room, false };

    put_lower(&w, scheme);
    put(&w, http_text_of("://"));
    key->host_at = w.len;
    put_host(&w, scheme, request->host, request->port);
    key->host_len = w.len - key->host_at;
    key->path_at = w.len;
    put_path(&w, request->path);
    put_query(&w, request->query, request->has_query, rule);
    key->url_len = w.len;
    for (unsigned i = 0; i < rule->n_headers; i++)
        put_header(&w, rule->headers[i], &request->fields);
    for (unsigned i = 0; i < rule->n_cookies; i++)
        put_cookie(&w, rule->cookies[i], &request->fields);
    key->text = (struct http_text){ out, w.len };
    return !w.too_long;
}

/* Visible octets only: a line end would forge the parts behind the URL. */
static bool is_clean(struct http_text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] <= 0x20 || (unsigned char)t.at[i] >= 0x7f)
            return false;
    return true;
}

/* Cuts off a fragment, and splits at the '?'. */
static bool split(struct http_text target, struct http_text *path, struct http_text *query)
{
    const char *hash = target.len == 0 ? NULL : memchr(target.at, '#', target.len);

    if (hash != NULL)
        target.len = (size_t)(hash - target.at);
    const char *mark = target.len == 0 ? NULL : memchr(target.at, '?', target.len);
    *path = target;
    *query = (struct http_text){ NULL, 0 };
    if (mark == NULL)
        return false;
    path->len = (size_t)(mark - target.at);
    *query = (struct http_text){ mark + 1, target.len - path->len - 1 };
    return true;
}

/* 4 or 5 when it begins with http:// or https://, else 0. */
static size_t scheme_len(struct http_text url)
{
    if (url.len > 7 && strncasecmp(url.at, "http://", 7) == 0)
        return 4;
    return url.len > 8 && strncasecmp(url.at, "https://", 8) == 0 ? 5 : 0;
}

/* The URL up to its path; *target is what follows. */
static bool put_origin(struct writer *w, struct http_text url, struct http_text *target)
{
    size_t n = scheme_len(url), end = n + 3;
    struct http_text scheme = { url.at, n }, host;
    uint16_t port;

    if (n == 0)
        return false;
    while (end < url.len && memchr("/?#", url.at[end], 3) == NULL)
        end++;
    if (!http_host_parse((struct http_text){ url.at + n + 3, end - n - 3 }, &host, &port))
        return false;
    put_lower(w, scheme);
    put(w, http_text_of("://"));
    put_host(w, scheme, host, port);
    *target = (struct http_text){ url.at + end, url.len - end };
    return true;
}

static void put_target(struct writer *w, struct http_text target, const struct key_rule *rule)
{
    struct http_text path, query;
    bool has_query = split(target, &path, &query);

    put_path(w, path.len == 0 ? http_text_of("/") : path);
    put_query(w, query, has_query, rule);
}

int key_of_url(struct http_text url, const struct key_rule *rule, char *out, size_t room)
{
    struct writer w = { out, 0, room, false };
    struct http_text target;

    if (!is_clean(url) || !put_origin(&w, url, &target))
        return -1;
    put_target(&w, target, rule);
    return w.too_long ? -1 : (int)w.len;
}

/* A path that does not begin with '/' stands beside the request's own (RFC 3986 5.2.3). */
static void put_relative(struct writer *w, const struct key *like, struct http_text target,
                         const struct key_rule *rule)
{
    struct http_text base, base_query, path, query;
    bool has_query = split(target, &path, &query);
    size_t start = w->len;

    split((struct http_text){ like->text.at + like->path_at, like->url_len - like->path_at }, &base,
          &base_query);
    if (path.len > 0)
        while (base.len > 0 && base.at[base.len - 1] != '/')
            base.len--;
    put_unescaped(w, base);
    put_unescaped(w, path);
    if (!w->too_long && w->len > start && w->at[start] == '/')
        w->len = start + resolve_dots(w->at + start, w->len - start);
    put_query(w, query, has_query, rule);
}

int key_of_location(const struct key *like, struct http_text location, const struct key_rule *rule,
                    char *out, size_t room)
{
    struct writer w = { out, 0, room, false };
    struct http_text own = { like->text.at, like->path_at }, target;

    if (!is_clean(location))
        return -1;
    if (put_origin(&w, location, &target)) {
        if (!http_text_is((struct http_text){ w.at, w.len }, own))
            return -1;
        put_target(&w, target, rule);
        return w.too_long ? -1 : (int)w.len;
    }
    /* Another scheme or another host without one. */
    struct http_text path, query;
    split(location, &path, &query);
    const char *slash = path.len == 0 ? NULL : memchr(path.at, '/', path.len);
    const char *colon = path.len == 0 ? NULL : memchr(path.at, ':', path.len);
    if ((colon != NULL && (slash == NULL || colon < slash)) ||
        (path.len >= 2 && memcmp(path.at, "//", 2) == 0))
        return -1;
    w.len = 0;
    put(&w, own);
    if (path.len > 0 && path.at[0] == '/')
        put_target(&w, location, rule);
    else
        put_relative(&w, like, location, rule);
    return w.too_long ? -1 : (int)w.len;
}
