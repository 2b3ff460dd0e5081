/* conf_check.c - reads `checks`. Whether a check fits a target is asked when targets are read. */
#include "conf_parts.h"

#include "conf_name.h"
#include "conf_url.h"

static void check_url(struct conf_reader *r, const config_setting_t *s, struct conf_check *check)
{
    struct conf_url url = { 0 };
    char shown[CONF_SHOW_LEN];

    if (check->url == NULL)
        return;
    const char *trouble = conf_url_parse(check->url, &url);
    check->kind = url.kind;
    if (trouble != NULL)
        conf_error(r, conf_member(s, OPT_check_url), "\"%s\": %s", conf_show(check->url, shown),
                   trouble);
    else if (!url.has_address && !url.has_cname)
        conf_warning(r, conf_member(s, OPT_check_url),
                     "neither {address} nor {cname}: every target gets the same result");
    else if (check->kind == CONF_CHECK_HTTPS && url.is_bare &&
             conf_member(s, OPT_check_host) == NULL)
        conf_warning(r, s, "the certificate will be held against a bare address; give host");
}

/* Options that the URL's scheme gives no meaning to. */
static void check_fit(struct conf_reader *r, const config_setting_t *s,
                      const struct conf_check *check)
{
    static const enum conf_option_id http_only[] = { OPT_check_host, OPT_check_status,
                                                     OPT_check_body };

    if (check->url == NULL)
        return;
    for (size_t i = 0; i < sizeof http_only / sizeof *http_only; i++)
        if (check->kind == CONF_CHECK_TCP && conf_member(s, http_only[i]) != NULL)
            conf_error(r, conf_member(s, http_only[i]),
                       "has no meaning for a tcp:// URL, which only connects");
    if (check->kind != CONF_CHECK_HTTPS && conf_member(s, OPT_check_ca_file) != NULL)
        conf_error(r, conf_member(s, OPT_check_ca_file), "has a meaning for an https:// URL only");
}

static void read_status(struct conf_reader *r, const config_setting_t *s, struct conf_check *check)
{
    static const int preset[] = { 200 };

    check->n_status = conf_read_ints(r, s, OPT_check_status, 100, 599, &check->status);
    if (check->n_status == 0) {
        check->status = preset;
        check->n_status = 1;
    }
}

static void read_times(struct conf_reader *r, const config_setting_t *s, struct conf_check *check)
{
    check->every_s = conf_read_int(r, s, OPT_check_every_s);
    check->timeout_ms = conf_read_int(r, s, OPT_check_timeout_ms);
    check->fall = conf_read_int(r, s, OPT_check_fall);
    check->rise = conf_read_int(r, s, OPT_check_rise);
    if (check->timeout_ms < check->every_s * 1000)
        return;
    const config_setting_t *at = conf_member(s, OPT_check_timeout_ms);
    conf_error(
        r, at == NULL ? s : at,
        "a timeout of %d ms is not shorter than the interval of %d s: a probe would overtake "
        "the one before",
        check->timeout_ms, check->every_s);
}

static void read_check(struct conf_reader *r, const config_setting_t *s, struct conf_check *check)
{
    check->name = conf_keep(r, config_setting_name(s));
    check->where = conf_where(r, s);
    conf_check_name(r, s, check->name);
    if (!conf_check_group(r, s, CONF_SET(check)))
        return;
    check->url = conf_read_text(r, s, OPT_check_url);
    check->host = conf_read_host(r, s, OPT_check_host, CONF_HOST_PLAIN);
    check->body = conf_read_text(r, s, OPT_check_body);
    check->ca_file = conf_read_text(r, s, OPT_check_ca_file);
    read_status(r, s, check);
    read_times(r, s, check);
    check_url(r, s, check);
    check_fit(r, s, check);
}

void conf_read_checks(struct conf_reader *r, const config_setting_t *top)
{
    size_t n;
    const config_setting_t *group = conf_read_named(r, top, OPT_top_checks, &n);
    struct conf_check *checks = conf_alloc(r, n, sizeof *checks);

    r->checks = conf_index_new(r, n);
    for (size_t i = 0; checks != NULL && i < n; i++) {
        read_check(r, config_setting_get_elem(group, (unsigned)i), &checks[i]);
        conf_index_add(r->checks, checks[i].name, (int)i);
    }
    conf_index_sort(r->checks);
    r->conf->checks = checks;
    r->conf->n_checks = checks == NULL ? 0 : n;
}
