/* conf_service.c - reads `services`: hosts, targets, and how they are answered. */
#include "conf_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_name.h"

static void read_service_targets(struct conf_reader *r, const config_setting_t *s,
                                 struct conf_service *service)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, s, OPT_service_targets, &len);
    int *targets = conf_alloc(r, len, sizeof *targets);

    for (size_t i = 0; targets != NULL && i < len; i++) {
        const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
        int target = conf_ref_of(r, at, r->targets, "target");
        size_t j = 0;
        while (j < n && targets[j] != target)
            j++;
        if (target != CONF_NONE && j < n)
            conf_error(r, at, "\"%s\" is given twice", config_setting_get_string(at));
        else if (target != CONF_NONE)
            targets[n++] = target;
    }
    service->targets = targets;
    service->n_targets = n;
}

static void read_times(struct conf_reader *r, const config_setting_t *s,
                       struct conf_service *service)
{
    service->ttl_s = conf_read_int(r, s, OPT_service_ttl_s);
    service->window_s = 4 * service->ttl_s;
    if (conf_member(s, OPT_service_window_s) != NULL)
        service->window_s = conf_read_int(r, s, OPT_service_window_s);
}

static bool has_addresses(const struct conf_reader *r, const struct conf_service *service)
{
    for (size_t i = 0; i < service->n_targets; i++)
        if (r->conf->targets[service->targets[i]].n_addresses > 0)
            return true;
    return false;
}

static void read_answer(struct conf_reader *r, const config_setting_t *s,
                        struct conf_service *service)
{
    const config_setting_t *https = conf_member(s, OPT_service_https);

    service->draw = (enum conf_draw)conf_read_word(r, s, OPT_service_draw);
    service->no_target = (enum conf_no_target)conf_read_word(r, s, OPT_service_no_target);
    service->addresses = conf_read_int(r, s, OPT_service_addresses);
    service->has_https = https != NULL;
    conf_read_https(r, https, false, &service->https);
    if (conf_is_clean(r) && !has_addresses(r, service)) {
        if (https != NULL)
            conf_warning(r, https, "no target of the service has addresses, so there are no HTTPS "
                                   "records: a cname leads to those of the provider");
        if (service->addresses > 0)
            conf_warning(r, conf_member(s, OPT_service_addresses),
                         "no target of the service has addresses");
    }
}

/* Dropping a stage that was refused would make the others look wrong: count what was written. */
static bool read_service(struct conf_reader *r, const config_setting_t *s,
                         struct conf_service *service)
{
    if (!conf_check_group(r, s, CONF_SET(service)))
        return false;
    service->where = conf_where(r, s);
    service->name = conf_read_text(r, s, OPT_service_name);
    if (service->name == NULL)
        service->name = "";
    else
        conf_check_name(r, conf_member(s, OPT_service_name), service->name);
    service->n_hosts =
        conf_read_hosts(r, s, OPT_service_hosts, CONF_HOST_WILDCARD_TOO, &service->hosts);
    read_service_targets(r, s, service);
    read_times(r, s, service);
    read_answer(r, s, service);
    conf_read_policy(r, s, service);
    return true;
}

/* ---- what two services cannot share ---- */

struct claim {
    const char *text; /* a service's name, or a host */
    const struct conf_service *service;
    const config_setting_t *at;
};

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = strcasecmp(x->text, y->text);

    if (order != 0)
        return order;
    return x->service < y->service ? -1 : x->service > y->service;
}

static void check_claims(struct conf_reader *r, struct claim *claims, size_t n, const char *what)
{
    char shown[CONF_SHOW_LEN];

    if (n > 1)
        qsort(claims, n, sizeof *claims, compare_claims);
    for (size_t i = 1; i < n; i++)
        if (strcasecmp(claims[i - 1].text, claims[i].text) == 0)
            conf_error(r, claims[i].at, "%s \"%s\" is given twice, first by the service on line %d",
                       what, conf_show(claims[i].text, shown), claims[i - 1].service->where.line);
}

static void check_names(struct conf_reader *r, const config_setting_t *const *settings)
{
    size_t n = r->conf->n_services;
    struct claim *claims = calloc(n + 1, sizeof *claims);

    if (claims == NULL) {
        r->is_out_of_memory = true;
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (r->conf->services[i].name[0] != '\0')
            claims[used++] = (struct claim){ r->conf->services[i].name, &r->conf->services[i],
                                             conf_member(settings[i], OPT_service_name) };
    check_claims(r, claims, used, "the name");
    free(claims);
}

static void check_hosts(struct conf_reader *r, const config_setting_t *const *settings)
{
    size_t n = 0, used = 0;

    for (size_t i = 0; i < r->conf->n_services; i++)
        n += r->conf->services[i].n_hosts;
    struct claim *claims = calloc(n + 1, sizeof *claims);
    if (claims == NULL) {
        r->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < r->conf->n_services; i++) {
        const struct conf_service *service = &r->conf->services[i];
        for (size_t j = 0; j < service->n_hosts; j++)
            claims[used++] = (struct claim){ service->hosts[j], service,
                                             conf_member(settings[i], OPT_service_hosts) };
    }
    check_claims(r, claims, used, "the host");
    free(claims);
}

void conf_read_services(struct conf_reader *r, const config_setting_t *top)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, top, OPT_top_services, &len);
    struct conf_service *services = conf_alloc(r, len, sizeof *services);
    const config_setting_t **settings = conf_alloc(r, len, sizeof *settings);

    for (size_t i = 0; services != NULL && settings != NULL && i < len; i++) {
        settings[n] = config_setting_get_elem(list, (unsigned)i);
        n += read_service(r, settings[n], &services[n]);
    }
    r->conf->services = services;
    r->conf->n_services = n;
    check_names(r, settings);
    check_hosts(r, settings);
}
