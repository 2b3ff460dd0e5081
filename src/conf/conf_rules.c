/* conf_rules.c - reads the rules of the stage `region`, each with its own fallback.
 *
 * A fallback is a list of targets, or another rule by its region: then that rule's targets follow, and
 * its fallback. What steering gets is one order a rule. */
#include "conf_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_name.h"
#include "conf_order.h"
#include "conf_parts.h"

/* A rule while its fallback is unknown. */
struct draft {
    const config_setting_t *setting;
    struct conf_rule *rule;
    int then_region; /* CONF_NONE: no other rule */
    int then;        /* index of that rule */
    bool is_on_path; /* while a circle is looked for */
};

struct drafts {
    struct conf_reader *r;
    const struct conf_service *service;
    struct draft *items;
    size_t n;
};

/* ---- reading ---- */

static void read_fallback(struct drafts *d, struct draft *draft)
{
    struct conf_reader *r = d->r;
    const config_setting_t *list = conf_member(draft->setting, OPT_rule_fallback);
    const config_setting_t *region = conf_member(draft->setting, OPT_rule_fallback_region);
    struct conf_order fallback =
        conf_read_order(r, draft->setting, OPT_rule_fallback, d->service);

    draft->then = CONF_NONE;
    draft->then_region =
        conf_read_ref(r, draft->setting, OPT_rule_fallback_region, r->regions, "region");
    if (list != NULL && region != NULL)
        conf_error(r, region, "expected fallback or fallback_region, got both");
    if (list == NULL)
        return;
    for (size_t i = 0; i < fallback.n; i++)
        if (conf_order_has(&draft->rule->order, fallback.targets[i]))
            conf_error(r, list, "\"%s\" is among the targets of the rule already",
                       r->conf->targets[fallback.targets[i]].name);
    draft->rule->order = conf_order_join(r, &draft->rule->order, &fallback);
    draft->rule->is_closed = true;
}

static bool read_rule(struct drafts *d, const config_setting_t *s, struct conf_rule *rule)
{
    struct conf_reader *r = d->r;
    struct draft *draft = &d->items[d->n];

    if (!conf_check_group(r, s, CONF_SET(rule) | CONF_SET(match) | CONF_SET(member)))
        return false;
    rule->where = conf_where(r, s);
    if (!conf_read_match(r, s, true, &rule->match))
        conf_error(r, s,
                   "the rule names nobody: expected region, continents, countries, "
                   "subdivisions, asns or prefixes");
    rule->order = conf_read_order(r, s, OPT_rule_targets, d->service);
    *draft = (struct draft){ .setting = s, .rule = rule };
    read_fallback(d, draft);
    d->n++;
    return true;
}

/* ---- fallbacks to other rules ---- */

static int rule_of_region(const struct drafts *d, int region)
{
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < d->items[i].rule->match.n_regions; k++)
            if (d->items[i].rule->match.regions[k] == region)
                return (int)i;
    return CONF_NONE;
}

static void find_fallbacks(struct drafts *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct draft *draft = &d->items[i];
        if (draft->then_region == CONF_NONE)
            continue;
        draft->then = rule_of_region(d, draft->then_region);
        if (draft->then == CONF_NONE)
            conf_error(d->r, conf_member(draft->setting, OPT_rule_fallback_region),
                       "no rule of this stage is for the region \"%s\"",
                       d->r->conf->regions[draft->then_region].name);
    }
}

static const char *name_of(const struct drafts *d, int i)
{
    const struct conf_match *m = &d->items[i].rule->match;

    return m->n_regions > 0 ? d->r->conf->regions[m->regions[0]].name : "this rule";
}

/* "apac -> europe -> apac" */
static void complain_of_circle(struct drafts *d, int start)
{
    char path[400];
    size_t used = (size_t)snprintf(path, sizeof path, "%s", name_of(d, start));
    int i = start;

    do {
        i = d->items[i].then;
        used += (size_t)snprintf(path + used, sizeof path - used, " -> %s", name_of(d, i));
    } while (i != start && used < sizeof path);
    conf_error(d->r, conf_member(d->items[start].setting, OPT_rule_fallback_region),
               "the fallbacks go in a circle: %s", path);
}

/* Every circle once, at the rule that closes it; it is cut there. */
static void refuse_circles(struct drafts *d)
{
    for (size_t i = 0; i < d->n; i++) {
        int at = (int)i;
        for (size_t k = 0; k < d->n; k++)
            d->items[k].is_on_path = false;
        while (at != CONF_NONE && !d->items[at].is_on_path) {
            d->items[at].is_on_path = true;
            at = d->items[at].then;
        }
        if (at != CONF_NONE) {
            complain_of_circle(d, at);
            d->items[at].then = CONF_NONE;
        }
    }
}

enum { FALLBACKS_MAX = 16 }; /* in a row */

/* The targets of the rules that follow, then what the last of them says of everybody else. */
static void follow_fallback(struct drafts *d, struct draft *draft,
                            const struct conf_order own[], const bool closed[])
{
    int n = 0;

    for (int at = draft->then; at != CONF_NONE; at = d->items[at].then) {
        if (n++ == FALLBACKS_MAX) {
            conf_error(d->r, draft->setting, "more than %d fallbacks in a row", FALLBACKS_MAX);
            return;
        }
        draft->rule->order = conf_order_join(d->r, &draft->rule->order, &own[at]);
        draft->rule->is_closed = closed[at];
    }
}

static void follow_fallbacks(struct drafts *d)
{
    struct conf_order *own = conf_alloc(d->r, d->n, sizeof *own);
    bool *closed = conf_alloc(d->r, d->n, sizeof *closed);

    if (own == NULL || closed == NULL)
        return;
    for (size_t i = 0; i < d->n; i++) {
        own[i] = d->items[i].rule->order;
        closed[i] = d->items[i].rule->is_closed;
    }
    for (size_t i = 0; i < d->n; i++)
        follow_fallback(d, &d->items[i], own, closed);
}

/* ---- rules that nobody can get ---- */

/* One thing that a rule names. */
struct element {
    enum { IS_CONTINENT, IS_COUNTRY, IS_SUBDIVISION, IS_ASN, IS_REGION, IS_PREFIX } kind;
    uint8_t octets[18];
    const char *text;
    size_t rule;
};

struct elements {
    struct element *items; /* NULL while they are counted */
    size_t n;
};

static void add(struct elements *e, int kind, size_t rule, const void *octets, size_t len,
                const char *text)
{
    if (e->items != NULL) {
        struct element *x = &e->items[e->n];
        *x = (struct element){ .text = text, .rule = rule };
        x->kind = kind;
        memcpy(x->octets, octets, len);
    }
    e->n++;
}

static void add_prefix(struct elements *e, size_t rule, const struct prefix *p)
{
    uint8_t octets[18] = { p->addr.family, p->bits };

    memcpy(octets + 2, p->addr.octets, 16);
    add(e, IS_PREFIX, rule, octets, sizeof octets, "");
}

static void add_match(struct elements *e, const struct conf *conf, size_t rule,
                      const struct conf_match *m)
{
    for (size_t i = 0; i < m->n_continents; i++)
        add(e, IS_CONTINENT, rule, m->continents[i], 3, "");
    for (size_t i = 0; i < m->n_countries; i++)
        add(e, IS_COUNTRY, rule, m->countries[i], 3, "");
    for (size_t i = 0; i < m->n_subdivisions; i++)
        add(e, IS_SUBDIVISION, rule, "", 1, m->subdivisions[i]);
    for (size_t i = 0; i < m->n_asns; i++)
        add(e, IS_ASN, rule, &m->asns[i], sizeof m->asns[i], "");
    for (size_t i = 0; i < m->n_prefixes; i++)
        add_prefix(e, rule, &m->prefixes[i]);
    for (size_t i = 0; i < m->n_regions; i++) { /* regions do not nest */
        add(e, IS_REGION, rule, &m->regions[i], sizeof m->regions[i], "");
        add_match(e, conf, rule, &conf->regions[m->regions[i]].match);
    }
}

static int compare_things(const struct element *a, const struct element *b)
{
    int order = (int)a->kind - (int)b->kind;

    if (order == 0)
        order = memcmp(a->octets, b->octets, sizeof a->octets);
    return order != 0 ? order : strcasecmp(a->text, b->text);
}

static int compare_elements(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    int order = compare_things(x, y);

    return order != 0 ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

/* Of equals the first rule wins: one whose every element an earlier one has is never reached. */
static void warn_of_idle_rules(struct drafts *d, struct elements *e)
{
    bool *is_reached = conf_alloc(d->r, d->n, sizeof *is_reached);

    if (is_reached == NULL || e->n == 0)
        return;
    qsort(e->items, e->n, sizeof *e->items, compare_elements);
    for (size_t i = 0; i < e->n; i++)
        if (i == 0 || compare_things(&e->items[i - 1], &e->items[i]) != 0)
            is_reached[e->items[i].rule] = true;
    for (size_t i = 0; i < d->n; i++)
        if (!is_reached[i])
            conf_warning(d->r, d->items[i].setting,
                         "this rule can never match: earlier rules name all that it names, and of "
                         "equals the first wins");
}

static void look_for_idle_rules(struct drafts *d)
{
    struct elements e = { 0 };

    for (size_t i = 0; i < d->n; i++)
        add_match(&e, d->r->conf, i, &d->items[i].rule->match);
    e.items = calloc(e.n + 1, sizeof *e.items);
    if (e.items == NULL) {
        d->r->is_out_of_memory = true;
        return;
    }
    e.n = 0;
    for (size_t i = 0; i < d->n; i++)
        add_match(&e, d->r->conf, i, &d->items[i].rule->match);
    warn_of_idle_rules(d, &e);
    free(e.items);
}

void conf_read_rules(struct conf_reader *r, const config_setting_t *stage_setting,
                     const struct conf_service *service, struct conf_stage *stage)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, stage_setting, OPT_region_rules, &len);
    struct conf_rule *rules = conf_alloc(r, len, sizeof *rules);
    struct drafts d = { .r = r, .service = service };

    d.items = conf_alloc(r, len, sizeof *d.items);
    for (size_t i = 0; rules != NULL && d.items != NULL && i < len; i++)
        n += read_rule(&d, config_setting_get_elem(list, (unsigned)i), &rules[n]);
    stage->rules = rules;
    stage->n_rules = n;
    find_fallbacks(&d);
    refuse_circles(&d);
    follow_fallbacks(&d);
    if (n > 1 && conf_is_clean(r))
        look_for_idle_rules(&d);
}
