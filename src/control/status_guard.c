/* status_guard.c - cookies, rate limit, strictness and TCP connections, as figures and as lines for a
 * terminal. Pure. */
#include "status_guard.h"

#include <waymark/dns.h>
#include <waymark/net.h>

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

/* ---- TCP ---- */

json_t *tcp_json(const struct net_counts *n)
{
    json_t *o = json_object();

    put_int(o, "clients", (int64_t)(n->tcp_accepted > n->tcp_closed
                                        ? n->tcp_accepted - n->tcp_closed
                                        : 0));
    put_int(o, "accepted", (int64_t)n->tcp_accepted);
    put_int(o, "queries", (int64_t)n->tcp_queries);
    put_int(o, "timeouts", (int64_t)n->tcp_timeouts);
    put_int(o, "expired", (int64_t)n->tcp_expired);
    put_int(o, "exhausted", (int64_t)n->tcp_exhausted);
    put_int(o, "evicted", (int64_t)n->tcp_evicted);
    put_int(o, "client_evicted", (int64_t)n->tcp_client_evicted);
    put_int(o, "overfull", (int64_t)n->tcp_overfull);
    put_int(o, "refused", (int64_t)n->tcp_refused);
    return o;
}

void tcp_text(const json_t *tcp, FILE *out)
{
    if (!json_is_object(tcp))
        return;
    text_field(out, "TCP", "%lld connections, %lld accepted, %lld queries", figure(tcp, "clients"),
               figure(tcp, "accepted"), figure(tcp, "queries"));
    text_field(out, "TCP, closed",
               "%lld idle or slow, %lld old, %lld after tcp_queries; for others: %lld, for the same "
               "client's next: %lld, for memory: %lld; %lld not let in",
               figure(tcp, "timeouts"), figure(tcp, "expired"), figure(tcp, "exhausted"),
               figure(tcp, "evicted"), figure(tcp, "client_evicted"), figure(tcp, "overfull"),
               figure(tcp, "refused"));
}
