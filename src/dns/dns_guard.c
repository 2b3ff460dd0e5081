/* dns_guard.c - clients whose address may be forged: over UDP, without a cookie of ours. They may be
 * told to fetch one, get no answer that would make them a weapon, and only so many. Pure. */
#include "dns_answer.h"

#include "dns_rates.h"

const char *dns_kind_name(size_t i)
{
    static const char *const names[CONF_KINDS] = { "answer", "nodata", "nxdomain", "referral",
                                                   "error" };

    return names[i];
}

static const struct conf_server *server_of(const struct dns_answer *a)
{
    return &a->world->base->conf->server;
}

static bool may_be_forged(const struct dns_answer *a)
{
    return a->in->transport == DNS_UDP && a->cookie != DNS_COOKIE_GOOD;
}

/* RFC 7873 5.2.3 and 5.2.4. Who sends no cookie at all cannot learn ours. */
bool dns_guard_turns_away(struct dns_answer *a)
{
    if (server_of(a)->cookies != CONF_COOKIES_REQUIRED || a->cookie == DNS_COOKIE_NONE ||
        !may_be_forged(a))
        return false;
    a->rcode = WIRE_BADCOOKIE;
    counter_bump(&a->desk->counts.bad_cookie_answers, 1);
    return true;
}

/* A name for the server, which could be long, is left out then. With a factor of 2 at least, what is
 * in every answer fits. */
void dns_guard_cut(struct dns_answer *a)
{
    size_t room = a->in->len * (size_t)server_of(a)->abuse_factor;

    a->is_cut = room != 0 && room < a->writer.cap && may_be_forged(a);
    if (!a->is_cut)
        return;
    a->writer.cap = room;
    a->opt_len -= wire_opt_len(&a->query.edns, a->nsid) - wire_opt_len(&a->query.edns, NULL);
    a->nsid = NULL;
}

/* ---- the rate limit ---- */

static enum conf_kind kind_of(const struct dns_answer *a)
{
    if (a->rcode == WIRE_NXDOMAIN)
        return CONF_KIND_NXDOMAIN;
    if (a->rcode != WIRE_NOERROR)
        return CONF_KIND_ERROR;
    if (a->writer.n_answer > 0 || (a->flags & WIRE_TC) != 0)
        return CONF_KIND_ANSWER;
    return (a->flags & WIRE_AA) != 0 ? CONF_KIND_NODATA : CONF_KIND_REFERRAL;
}

static bool is_exempt(const struct conf_rate_limit *limit, const struct addr *from)
{
    for (size_t i = 0; i < limit->n_exempt; i++)
        if (prefix_contains(&limit->exempt[i], from))
            return true;
    return false;
}

static void make_empty(struct dns_answer *a)
{
    a->writer.len = WIRE_HEADER_LEN + a->query.question_len;
    a->writer.n_suffixes = 0;
    a->writer.n_answer = a->writer.n_authority = a->writer.n_additional = 0;
    a->flags |= WIRE_TC;
}

void dns_guard_limit(struct dns_answer *a)
{
    const struct conf_rate_limit *limit = &server_of(a)->rate_limit;
    struct dns_counts *counts = &a->desk->counts;
    enum conf_kind kind = kind_of(a);

    if (limit->per_s[kind] == 0 || a->desk->rates == NULL || !may_be_forged(a))
        return;
    struct dns_rate rate = { .per_s = (uint32_t)limit->per_s[kind],
                             .burst_s = (uint32_t)limit->burst_s,
                             .slip = (uint32_t)limit->slip };
    int bits = a->in->from.family == 4 ? limit->ipv4_bits : limit->ipv6_bits;
    struct addr network = addr_mask(&a->in->from, (unsigned)bits);
    enum dns_rate_verdict verdict =
        dns_rates_take(a->desk->rates, &network, kind, &rate, a->desk->now_ms);
    if (verdict == DNS_RATE_PASS)
        return;
    if (is_exempt(limit, &a->in->from)) { /* looked for only here: most never get here */
        counter_bump(&counts->rate_exempt, 1);
    } else if (verdict == DNS_RATE_SLIP) {
        make_empty(a);
        counter_bump(&counts->rate_slipped[kind], 1);
    } else {
        a->is_silent = true;
        counter_bump(&counts->rate_dropped[kind], 1);
    }
}
