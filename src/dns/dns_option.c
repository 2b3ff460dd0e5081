/* dns_option.c - the options of an answer that few queries ask for: the cookie (RFC 7873) and the
 * keepalive of TCP (RFC 7828). Client subnet and NSID are written with the OPT record itself. Pure. */
#include "dns_answer.h"

enum { OPTION_HEAD = 4, OPTION_COOKIE = 10, OPTION_KEEPALIVE = 11, KEEPALIVE_LEN = 2 };

const char *dns_cookie_name(size_t i)
{
    static const char *const names[DNS_COOKIES] = { "none", "new", "bad", "good" };

    return names[i];
}

/* On UDP it means nothing and is ignored (RFC 7828 3.2.1). */
static bool has_keepalive(const struct dns_answer *a)
{
    const struct wire_edns *edns = &a->query.edns;

    return edns->is_present && edns->has_options && edns->wants_keepalive &&
           a->in->transport == DNS_TCP;
}

void dns_options_judge(struct dns_answer *a)
{
    const struct world_cookies *secrets = &a->world->base->cookies;
    const struct wire_edns *edns = &a->query.edns;

    a->cookie = DNS_COOKIE_NONE;
    if (has_keepalive(a))
        a->opt_len += OPTION_HEAD + KEEPALIVE_LEN;
    if (!wire_has_cookie(edns) || secrets->n == 0)
        return;
    a->cookie = dns_cookie_judge(secrets, edns->cookie, edns->cookie_len, &a->in->from,
                                 (uint32_t)(a->desk->now_ms / 1000), a->own_cookie);
    counter_bump(&a->desk->counts.cookies[a->cookie], 1);
    a->opt_len += OPTION_HEAD + DNS_COOKIE_LEN;
}

void dns_options_put(struct dns_answer *a, size_t opt_at)
{
    if (a->cookie != DNS_COOKIE_NONE)
        wire_write_option(&a->writer, opt_at, OPTION_COOKIE, a->own_cookie, DNS_COOKIE_LEN);
    if (has_keepalive(a)) {
        uint8_t timeout[KEEPALIVE_LEN];
        wire_put16(timeout, a->in->keepalive_ds);
        wire_write_option(&a->writer, opt_at, OPTION_KEEPALIVE, timeout, sizeof timeout);
    }
}

/* RFC 7873 5.4. Without cookies it is what it is for everybody else: no query. */
void dns_options_answer(struct dns_answer *a)
{
    if (a->cookie == DNS_COOKIE_NONE)
        a->rcode = WIRE_FORMERR;
    else if (a->cookie == DNS_COOKIE_BAD)
        a->rcode = WIRE_BADCOOKIE;
}
