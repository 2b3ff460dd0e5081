/* rule_status.c - the fields that caches write about themselves: Cache-Status, CDN-Loop, Via. Pure.
 */
#include "rule_pass.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http_list.h"

enum { NAME_MAX_LEN = 64 };

struct writer {
    char *at;
    size_t len, room;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(w->at + w->len, w->room - w->len, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < w->room - w->len); /* all parts are bounded */
    w->len += (size_t)n;
}

/* A token as it is, anything else in quotes (RFC 8941 3.3.3). */
static void put_name(struct writer *w, const char *name)
{
    bool is_token = (name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z');

    assert(strlen(name) <= NAME_MAX_LEN);
    for (const char *c = name; *c != '\0'; c++)
        is_token = is_token && (http_is_tchar((unsigned char)*c) || *c == ':' || *c == '/');
    if (is_token) {
        put(w, "%s", name);
        return;
    }
    put(w, "\"");
    for (const char *c = name; *c != '\0'; c++)
        if (*c >= 0x20 && *c < 0x7f)
            put(w, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    put(w, "\"");
}

static const char *const forwards[] = {
    [RULE_HIT] = "hit",
    [RULE_FWD_MISS] = "fwd=uri-miss",
    [RULE_FWD_VARY] = "fwd=vary-miss",
    [RULE_FWD_STALE] = "fwd=stale",
    [RULE_FWD_PARTIAL] = "fwd=partial",
    [RULE_FWD_REQUEST] = "fwd=request",
    [RULE_FWD_METHOD] = "fwd=method",
    [RULE_FWD_BYPASS] = "fwd=bypass",
};

size_t rule_cache_status(const struct rule_cache_status *s, char out[static RULE_CACHE_STATUS_MAX])
{
    struct writer w = { out, 0, RULE_CACHE_STATUS_MAX };

    put_name(&w, s->cache);
    put(&w, "; %s", forwards[s->forward]);
    if (s->fwd_status != 0)
        put(&w, "; fwd-status=%u", s->fwd_status % 1000);
    if (s->stored)
        put(&w, "; stored");
    if (s->collapsed)
        put(&w, "; collapsed");
    if (s->has_ttl)
        put(&w, "; ttl=%lld", (long long)s->ttl_s);
    if (s->detail != NULL)
        put(&w, "; detail=%.32s", s->detail);
    return w.len;
}

int rule_loops(const struct http_fields *request, const char *id)
{
    struct http_list list;
    struct http_text member;
    int n = 0;

    http_list_begin(&list, request, HTTP_CDN_LOOP);
    while (http_list_next(&list, &member)) {
        const char *semicolon = memchr(member.at, ';', member.len);

        if (semicolon != NULL)
            member.len = (size_t)(semicolon - member.at);
        member = http_text_trim(member);
        if (member.len == 0)
            return -1;
        n += http_text_is_word(member, id);
    }
    return n;
}

size_t rule_via(bool is_http_10, const char *name, char out[static RULE_VIA_MAX])
{
    struct writer w = { out, 0, RULE_VIA_MAX };

    assert(strlen(name) <= NAME_MAX_LEN);
    put(&w, "1.%d %s", is_http_10 ? 0 : 1, name);
    return w.len;
}
