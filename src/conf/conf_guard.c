/* conf_guard.c - reads what `server` says of clients that may be forged: cookies, strictness, rates. */
#include "conf_parts.h"

enum { ABUSE_NORMAL, ABUSE_STRICT };

/* Kinds that say nothing have the rate of answers. */
static void read_rates(struct conf_reader *r, const config_setting_t *group,
                       int per_s[static CONF_KINDS])
{
    static const enum conf_option_id ids[CONF_KINDS] = {
        [CONF_KIND_ANSWER] = OPT_rate_limit_answers_per_s,
        [CONF_KIND_NODATA] = OPT_rate_limit_nodata_per_s,
        [CONF_KIND_NXDOMAIN] = OPT_rate_limit_nxdomain_per_s,
        [CONF_KIND_REFERRAL] = OPT_rate_limit_referrals_per_s,
        [CONF_KIND_ERROR] = OPT_rate_limit_errors_per_s,
    };

    per_s[0] = conf_read_int(r, group, ids[0]);
    for (int i = 1; i < CONF_KINDS; i++)
        per_s[i] = conf_member(group, ids[i]) == NULL ? per_s[0] : conf_read_int(r, group, ids[i]);
}

static void read_rate_limit(struct conf_reader *r, const config_setting_t *group,
                            struct conf_rate_limit *out)
{
    if (group != NULL && !conf_check_group(r, group, CONF_SET(rate_limit)))
        group = NULL;
    read_rates(r, group, out->per_s);
    out->burst_s = conf_read_int(r, group, OPT_rate_limit_burst_s);
    out->slip = conf_read_int(r, group, OPT_rate_limit_slip);
    out->ipv4_bits = conf_read_int(r, group, OPT_rate_limit_ipv4_bits);
    out->ipv6_bits = conf_read_int(r, group, OPT_rate_limit_ipv6_bits);
    out->n_exempt = conf_read_prefixes(r, group, OPT_rate_limit_exempt, &out->exempt);
}

void conf_read_guard(struct conf_reader *r, const config_setting_t *server)
{
    struct conf_server *out = &r->conf->server;
    int factor = conf_read_int(r, server, OPT_server_abuse_factor);

    out->cookies = (enum conf_cookies)conf_read_word(r, server, OPT_server_cookies);
    if (conf_read_word(r, server, OPT_server_abuse) == ABUSE_STRICT)
        out->abuse_factor = factor;
    read_rate_limit(r, conf_member(server, OPT_server_rate_limit), &out->rate_limit);
    out->has_guard = out->cookies == CONF_COOKIES_REQUIRED || out->abuse_factor > 0;
    for (int i = 0; i < CONF_KINDS; i++)
        out->has_guard |= out->rate_limit.per_s[i] > 0;
}
