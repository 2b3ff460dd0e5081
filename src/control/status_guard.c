/* status_guard.c - cookies, rate limit and strictness, as figures and as lines for a terminal. Pure. */
#include "status_guard.h"

#include <waymark/dns.h>

#include "json_put.h"
#include "text.h"

json_t *guard_json(const struct dns_counts *n)
{
    json_t *o = json_object();
    uint64_t dropped = 0, slipped = 0;

    for (size_t i = 0; i < CONF_KINDS; i++) {
        dropped += n->rate_dropped[i];
        slipped += n->rate_slipped[i];
    }
    put_int(o, "cookies_good", (int64_t)n->cookies[DNS_COOKIE_GOOD]);
    put_int(o, "cookies_new", (int64_t)n->cookies[DNS_COOKIE_NEW]);
    put_int(o, "cookies_bad", (int64_t)n->cookies[DNS_COOKIE_BAD]);
    put_int(o, "bad_cookie_answers", (int64_t)n->bad_cookie_answers);
    put_int(o, "rate_dropped", (int64_t)dropped);
    put_int(o, "rate_slipped", (int64_t)slipped);
    put_int(o, "rate_exempt", (int64_t)n->rate_exempt);
    put_int(o, "strict_truncated", (int64_t)n->strict_truncated);
    return o;
}

static long long figure(const json_t *guard, const char *name)
{
    return (long long)get_int(guard, name, 0);
}

void guard_text(const json_t *guard, FILE *out)
{
    if (!json_is_object(guard))
        return;
    text_field(out, "cookies", "%lld good, %lld new, %lld bad; %lld sent back for ours",
               figure(guard, "cookies_good"), figure(guard, "cookies_new"),
               figure(guard, "cookies_bad"), figure(guard, "bad_cookie_answers"));
    text_field(out, "over the rate", "%lld dropped, %lld emptied, %lld exempt",
               figure(guard, "rate_dropped"), figure(guard, "rate_slipped"),
               figure(guard, "rate_exempt"));
    if (figure(guard, "strict_truncated") > 0)
        text_field(out, "strict", "%lld answers cut to their question's size",
                   figure(guard, "strict_truncated"));
}
