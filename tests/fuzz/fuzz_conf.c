/* fuzz_conf.c - any text as a configuration. What is refused is refused with a sentence of ours,
 * before libconfig finds fault; what is accepted keeps the promises of the door. */
#include "fuzz.h"

#include <string.h>

#include <waymark/conf.h>
#include <waymark/report.h>

static bool is_index(int i, size_t n)
{
    return i >= 0 && (size_t)i < n;
}

static void check_report(const struct report *report)
{
    for (size_t i = 0; i < report_count(report); i++) {
        const struct report_line *l = report_at(report, i);
        assert(l->line >= 0 && l->text[0] != '\0');
        assert(strncmp(l->text, "libconfig ", strlen("libconfig ")) != 0);
    }
}

static void check_match(const struct conf *c, const struct conf_match *m)
{
    for (size_t i = 0; i < m->n_continents; i++)
        assert(strlen(m->continents[i]) == 2);
    for (size_t i = 0; i < m->n_countries; i++)
        assert(strlen(m->countries[i]) == 2);
    for (size_t i = 0; i < m->n_subdivisions; i++)
        assert(m->subdivisions[i][2] == '-');
    for (size_t i = 0; i < m->n_asns; i++)
        assert(m->asns[i] > 0);
    for (size_t i = 0; i < m->n_prefixes; i++)
        assert(m->prefixes[i].bits <= addr_width(&m->prefixes[i].addr));
    for (size_t i = 0; i < m->n_regions; i++)
        assert(is_index(m->regions[i], c->n_regions));
}

static void check_target(const struct conf *c, const struct conf_target *t)
{
    assert(t->name[0] != '\0' && strlen(t->name) < 64);
    assert((t->n_addresses > 0) != (t->cname != NULL));
    assert(t->n_addresses <= CONF_ADDRESSES_MAX);
    assert(t->kind == CONF_PROVIDER || t->has_place);
    assert(t->latitude >= -90 && t->latitude <= 90);
    assert(t->longitude >= -180 && t->longitude <= 180);
    assert(t->check == CONF_NONE || is_index(t->check, c->n_checks));
    assert(t->weight >= 0 && t->min_up >= 1 && t->bias > -100 && t->bias < 100);
    check_match(c, &t->serves);
}

static void check_order(const struct conf_service *s, const struct conf_order *o)
{
    for (size_t i = 0; i < o->n; i++) {
        bool is_found = false;
        for (size_t j = 0; j < s->n_targets; j++)
            is_found |= s->targets[j] == o->targets[i];
        assert(is_found);
        assert(i == 0 || o->tiers[i] >= o->tiers[i - 1]);
    }
}

static void check_stage(const struct conf *c, const struct conf_service *s,
                        const struct conf_stage *stage)
{
    check_order(s, &stage->order);
    for (size_t i = 0; i < stage->n_rules; i++) {
        check_match(c, &stage->rules[i].match);
        check_order(s, &stage->rules[i].order);
        assert(stage->rules[i].order.n > 0);
    }
    assert(stage->kind != CONF_STAGE_REGION || stage->n_rules > 0);
    assert(stage->kind != CONF_STAGE_WITHIN || stage->km >= 1);
    assert(stage->kind != CONF_STAGE_NEAREST || stage->depth >= 1);
    assert(stage->kind != CONF_STAGE_TAKE || stage->take >= 1);
}

static void check_service(const struct conf *c, const struct conf_service *s)
{
    assert(s->n_hosts > 0 && s->n_targets > 0 && s->n_stages > 0);
    assert(s->n_stages <= CONF_STAGES_MAX && s->n_targets <= CONF_SERVICE_TARGETS_MAX);
    assert(s->ttl_s >= 1 && s->window_s >= 1);
    for (size_t i = 0; i < s->n_hosts; i++)
        assert(strlen(s->hosts[i]) <= 253);
    for (size_t i = 0; i < s->n_targets; i++)
        assert(is_index(s->targets[i], c->n_targets));
    for (size_t i = 0; i < s->n_stages; i++)
        check_stage(c, s, &s->stages[i]);
}

static void check_conf(const struct conf *c)
{
    assert(c->server.n_listen > 0 && c->server.state != NULL && c->server.control != NULL);
    assert(c->n_targets <= CONF_TARGETS_MAX);
    for (size_t i = 0; i < c->n_zones; i++)
        assert(c->zones[i].name[0] != '\0' && c->zones[i].file[0] != '\0');
    for (size_t i = 0; i < c->n_regions; i++)
        check_match(c, &c->regions[i].match);
    for (size_t i = 0; i < c->n_checks; i++)
        assert(c->checks[i].url != NULL && c->checks[i].timeout_ms < c->checks[i].every_s * 1000 &&
               c->checks[i].n_status > 0);
    for (size_t i = 0; i < c->n_targets; i++)
        check_target(c, &c->targets[i]);
    for (size_t i = 0; i < c->n_services; i++)
        check_service(c, &c->services[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report *report = report_new();

    assert(report != NULL);
    struct conf *conf = conf_parse((const char *)data, size, "fuzz.conf", report);
    assert((conf == NULL) == (report_errors(report) > 0));
    check_report(report);
    if (conf != NULL)
        check_conf(conf);
    conf_unref(conf);
    report_free(report);
    return 0;
}
