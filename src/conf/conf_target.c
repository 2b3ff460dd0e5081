/* conf_target.c - reads `pops` and `providers`: what can be chosen. */
#include "conf_parts.h"

#include <string.h>

#include <waymark/report.h>

#include "conf_name.h"
#include "conf_url.h"

/* ---- coordinates ---- */

/* Not "x < -limit || x > limit", which lets a NaN through. */
static bool read_degrees(struct conf_reader *r, const config_setting_t *s, const char *what,
                         double limit, double *out)
{
    char found[CONF_GOT_LEN];

    bool is_number = conf_is_number(s);

    *out = is_number ? conf_number_of(s) : 0;
    if (is_number && *out >= -limit && *out <= limit)
        return true;
    conf_error(r, s, "expected a %s from -%g to %g degrees, got %s", what, limit, limit,
               conf_got(s, found));
    return false;
}

bool conf_read_point(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                     double *latitude, double *longitude)
{
    size_t n;
    const config_setting_t *at = conf_read_list(r, group, id, &n);

    if (at == NULL)
        return false;
    bool is_sound = read_degrees(r, config_setting_get_elem(at, 0), "latitude", 90, latitude);
    is_sound &= read_degrees(r, config_setting_get_elem(at, 1), "longitude", 180, longitude);
    return is_sound;
}

static void read_place(struct conf_reader *r, const config_setting_t *s, struct conf_target *t)
{
    if (conf_member(s, OPT_target_at) == NULL && t->kind == CONF_POP)
        conf_error(r, s, "at is missing: expected [latitude, longitude] of the PoP in degrees");
    t->has_place = conf_read_point(r, s, OPT_target_at, &t->latitude, &t->longitude);
}

/* ---- addresses ---- */

/* What no client can connect to. */
static bool is_unfit(const struct addr *a)
{
    static const uint8_t zero[16];

    if (memcmp(a->octets, zero, sizeof zero) == 0)
        return true;
    /* IPv4: multicast, reserved, broadcast; IPv6: multicast */
    return a->octets[0] >= (a->family == 4 ? 224 : 0xff);
}

static bool read_address(struct conf_reader *r, const config_setting_t *s, void *out)
{
    static const struct conf_option element = { .type = CONF_TYPE_TEXT, .least = 1, .most = 64 };
    char shown[CONF_SHOW_LEN];
    const char *text = conf_text_of(r, s, &element);

    if (text == NULL)
        return false;
    if (!addr_parse(text, out)) {
        conf_error(r, s, "\"%s\" is no address: expected \"192.0.2.1\" or \"2001:db8::1\"",
                   conf_show(text, shown));
        return false;
    }
    if (is_unfit(out)) {
        conf_error(r, s, "\"%s\" is no address that a client can reach", conf_show(text, shown));
        return false;
    }
    return !conf_refuse_mapped(r, s, out);
}

static bool read_probe_address(struct conf_reader *r, const config_setting_t *s, void *out)
{
    return conf_endpoint_of(r, s, 0, out);
}

static int count_family(const struct conf_target *t, int family)
{
    int n = 0;

    for (size_t i = 0; i < t->n_addresses; i++)
        n += t->addresses[i].family == family;
    return n;
}

static void check_min_up(struct conf_reader *r, const config_setting_t *s,
                         const struct conf_target *t)
{
    const config_setting_t *at = conf_member(s, OPT_target_min_up);
    int v4 = count_family(t, 4), v6 = count_family(t, 6);

    if (at == NULL)
        return;
    if (t->cname != NULL && t->min_up > 1)
        conf_error(r, at, "a cname counts as one address: expected 1");
    else if ((v4 > 0 && t->min_up > v4) || (v6 > 0 && t->min_up > v6))
        conf_error(r, at,
                   "%d is more than the target has (IPv4: %d, IPv6: %d): it could never be up",
                   t->min_up, v4, v6);
}

static void read_addresses(struct conf_reader *r, const config_setting_t *s, struct conf_target *t)
{
    const void *items;
    bool has_addresses = conf_member(s, OPT_target_addresses) != NULL;
    bool has_cname = conf_member(s, OPT_target_cname) != NULL;
    size_t errors = report_errors(r->report);

    t->n_addresses =
        conf_read_elements(r, s, OPT_target_addresses, sizeof(struct addr), read_address, &items);
    t->addresses = items;
    t->cname = conf_read_host(r, s, OPT_target_cname, CONF_HOST_PLAIN);
    /* One for each address: both families of a PoP may be probed at one place. */
    t->n_probe_addresses = (has_addresses ? conf_read_repeatable : conf_read_elements)(
        r, s, OPT_target_probe_addresses, sizeof(struct endpoint), read_probe_address, &items);
    t->probe_addresses = items;
    t->min_up = conf_read_int(r, s, OPT_target_min_up);
    if (!has_addresses && !has_cname)
        conf_error(r, s, "expected addresses or a cname, got neither");
    if (has_addresses && has_cname)
        conf_error(r, s, "expected addresses or a cname, got both");
    if (report_errors(r->report) > errors)
        return; /* what follows would complain about the same once more */
    check_min_up(r, s, t);
    if (has_addresses && t->n_probe_addresses > 0 && t->n_probe_addresses != t->n_addresses)
        conf_error(r, conf_member(s, OPT_target_probe_addresses),
                   "expected one for each address, %zu of them, got %zu", t->n_addresses,
                   t->n_probe_addresses);
}

/* ---- the check ---- */

static void check_placeholder(struct conf_reader *r, const config_setting_t *at,
                              const struct conf_target *t)
{
    const struct conf_check *check = &r->conf->checks[t->check];
    struct conf_url url;

    if (check->url == NULL || conf_url_parse(check->url, &url) != NULL)
        return;
    if (url.has_address && t->cname != NULL)
        conf_error(
            r, at,
            "the URL of check \"%s\" (line %d) names {address}, but this target has a cname: "
            "expected {cname}",
            check->name, check->where.line);
    if (url.has_cname && t->n_addresses > 0)
        conf_error(
            r, at,
            "the URL of check \"%s\" (line %d) names {cname}, but this target has addresses: "
            "expected {address}",
            check->name, check->where.line);
}

static void read_target_check(struct conf_reader *r, const config_setting_t *s,
                              struct conf_target *t)
{
    const config_setting_t *at = conf_member(s, OPT_target_check);

    t->check = conf_read_ref(r, s, OPT_target_check, r->checks, "check");
    if (t->check != CONF_NONE)
        check_placeholder(r, at, t);
    if (at == NULL && conf_member(s, OPT_target_probe_addresses) != NULL)
        conf_warning(r, conf_member(s, OPT_target_probe_addresses),
                     "the target has no check, so nothing is probed");
}

/* ---- the whole target ---- */

static void read_serves(struct conf_reader *r, const config_setting_t *s, struct conf_target *t)
{
    const config_setting_t *serves = conf_member(s, OPT_target_serves);

    if (serves == NULL || !conf_check_group(r, serves, CONF_SET(match) | CONF_SET(member)))
        return;
    t->has_serves = true;
    if (!conf_read_match(r, serves, true, &t->serves))
        conf_error(r, serves,
                   "it names nobody: expected region, continents, countries, "
                   "subdivisions, asns or prefixes");
}

static void read_target(struct conf_reader *r, const config_setting_t *s,
                        enum conf_target_kind kind, struct conf_target *t)
{
    t->kind = kind;
    t->name = conf_keep(r, config_setting_name(s));
    t->where = conf_where(r, s);
    t->check = CONF_NONE;
    conf_check_name(r, s, t->name);
    if (!conf_check_group(r, s, CONF_SET(target)))
        return;
    read_place(r, s, t);
    read_addresses(r, s, t);
    t->weight = conf_read_int(r, s, OPT_target_weight);
    t->bias = conf_read_int(r, s, OPT_target_bias);
    read_target_check(r, s, t);
    read_serves(r, s, t);
    conf_read_https(r, conf_member(s, OPT_target_https), true, &t->https);
    if (t->cname != NULL && conf_member(s, OPT_target_https) != NULL)
        conf_error(r, conf_member(s, OPT_target_https),
                   "a cname leads to HTTPS records of its own: expected addresses beside https");
}

/* Within one group the scan finds names given twice; this finds a provider called like a PoP. */
static void check_names(struct conf_reader *r, const config_setting_t *providers, size_t n)
{
    const config_setting_t *pops =
        config_setting_get_member(config_setting_parent(providers), "pops");

    for (size_t i = 0; pops != NULL && i < n; i++) {
        const config_setting_t *s = config_setting_get_elem(providers, (unsigned)i);
        const config_setting_t *pop = config_setting_get_member(pops, config_setting_name(s));
        if (pop != NULL)
            conf_error(r, s, "the name is given twice: a PoP has it too, on line %d",
                       conf_where(r, pop).line);
    }
}

void conf_read_targets(struct conf_reader *r, const config_setting_t *top)
{
    size_t n_pops, n_providers;
    const config_setting_t *pops = conf_read_named(r, top, OPT_top_pops, &n_pops);
    const config_setting_t *providers = conf_read_named(r, top, OPT_top_providers, &n_providers);
    size_t n = n_pops + n_providers;

    if (n > CONF_TARGETS_MAX) {
        conf_error(r, providers, "expected at most %d PoPs and providers together, got %zu",
                   CONF_TARGETS_MAX, n);
        return;
    }
    struct conf_target *targets = conf_alloc(r, n, sizeof *targets);
    r->targets = conf_index_new(r, n);
    for (size_t i = 0; targets != NULL && i < n; i++) {
        bool is_pop = i < n_pops;
        const config_setting_t *group = is_pop ? pops : providers;
        const config_setting_t *s =
            config_setting_get_elem(group, (unsigned)(is_pop ? i : i - n_pops));
        read_target(r, s, is_pop ? CONF_POP : CONF_PROVIDER, &targets[i]);
        conf_index_add(r->targets, targets[i].name, (int)i);
    }
    if (providers != NULL && pops != NULL)
        check_names(r, providers, n_providers);
    conf_index_sort(r->targets);
    r->conf->targets = targets;
    r->conf->n_targets = targets == NULL ? 0 : n;
}
