/* metrics_guard.c - who proved his address, and what those who did not were spared. */
#include "metrics_guard.h"

#include <waymark/dns.h>

#include "prom.h"

static void write_cookies(FILE *out, const struct dns_counts *n)
{
    static const char name[] = "waymark_cookies_total";

    prom_head(out, name, "counter", "Queries with a DNS cookie, by what it proves.");
    for (size_t i = DNS_COOKIE_NONE + 1; i < DNS_COOKIES; i++) {
        struct prom_label label = { "cookie", dns_cookie_name(i) };
        prom_int(out, name, &label, 1, n->cookies[i]);
    }
}

static void write_limited(FILE *out, const struct dns_counts *n)
{
    static const char name[] = "waymark_rate_limited_total";
    const struct {
        const char *action;
        const uint64_t *values;
    } actions[] = { { "dropped", n->rate_dropped }, { "slipped", n->rate_slipped } };

    prom_head(out, name, "counter", "Answers over the rate limit, by kind and what became of them.");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        for (size_t kind = 0; kind < CONF_KINDS; kind++) {
            struct prom_label labels[] = { { "action", actions[i].action },
                                           { "kind", dns_kind_name(kind) } };
            prom_int(out, name, labels, 2, actions[i].values[kind]);
        }
}

static void plain(FILE *out, const char *name, const char *help, uint64_t value)
{
    prom_head(out, name, "counter", help);
    prom_int(out, name, NULL, 0, value);
}

void metrics_write_guard(FILE *out, const struct dns_counts *n)
{
    write_cookies(out, n);
    plain(out, "waymark_bad_cookie_answers_total",
          "Clients told to come back with our cookie, which is required.", n->bad_cookie_answers);
    write_limited(out, n);
    plain(out, "waymark_rate_exempt_total", "Answers over the rate limit to exempt networks.",
          n->rate_exempt);
    plain(out, "waymark_strict_truncated_total",
          "Answers cut since they were too large for their question.", n->strict_truncated);
}
