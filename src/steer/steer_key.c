/* steer_key.c - writes all that a view or a plan depends on; equal texts mean equal tables. Pure. */
#include "steer_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_match(FILE *f, const struct conf *conf, const struct conf_match *m)
{
    char text[PREFIX_TEXT_LEN];

    for (size_t i = 0; i < m->n_continents; i++)
        fprintf(f, "+%s", m->continents[i]);
    for (size_t i = 0; i < m->n_countries; i++)
        fprintf(f, ",%s", m->countries[i]);
    for (size_t i = 0; i < m->n_subdivisions; i++)
        fprintf(f, ";%zu:%s", strlen(m->subdivisions[i]), m->subdivisions[i]);
    for (size_t i = 0; i < m->n_asns; i++)
        fprintf(f, "#%u", m->asns[i]);
    for (size_t i = 0; i < m->n_prefixes; i++)
        fprintf(f, "/%s", prefix_format(&m->prefixes[i], text));
    for (size_t i = 0; i < m->n_regions; i++) {
        fprintf(f, "{%d", m->regions[i]);
        put_match(f, conf, &conf->regions[m->regions[i]].match);
        fputc('}', f);
    }
}

static int site_of(const struct steer_policy *p, int target)
{
    int i = 0;

    while (p->sites[i].target != target)
        i++;
    return i;
}

static void put_order(FILE *f, const struct steer_policy *p, const struct conf_order *o)
{
    for (size_t i = 0; i < o->n; i++)
        fprintf(f, " %d@%d", site_of(p, o->targets[i]), o->tiers[i]);
}

static void put_stage(FILE *f, const struct steer_policy *p, const struct conf_stage *s)
{
    fprintf(f, "[%d %d %a %a", s->kind, s->is_hard, s->km, s->tie_pct);
    for (size_t i = 0; i < s->n_rules; i++) {
        fputs(" rule", f);
        put_match(f, p->conf, &s->rules[i].match);
        put_order(f, p, &s->rules[i].order);
        fputs(s->rules[i].is_closed ? " closed" : "", f);
    }
    fputs(" order", f);
    put_order(f, p, &s->order);
    fputc(']', f);
}

static void put_site(FILE *f, const struct steer_policy *p, const struct steer_site *s)
{
    const struct conf_target *t = &p->conf->targets[s->target];

    fprintf(f, "(%d %a %a %a %d%d%d", s->has_place, t->latitude, t->longitude, s->stretch,
            t->cname != NULL, steer_has_family(t, 4), steer_has_family(t, 6));
    if (p->depth > 0 && s->floor_ppm > 0) /* it is kept whatever the depth */
        fputs(" standby", f);
    if (t->has_serves)
        put_match(f, p->conf, &t->serves);
    fputc(')', f);
}

static void put_view(FILE *f, const struct steer_policy *p)
{
    fprintf(f, "depth %d groups %u place %d", p->depth, p->n_groups, p->sees_place);
    for (size_t i = 0; i < p->n_stages; i++)
        if (steer_is_static(&p->stages[i]))
            put_stage(f, p, &p->stages[i]);
    for (size_t i = 0; i < p->n_sites; i++)
        put_site(f, p, &p->sites[i]);
}

typedef void put_cb(FILE *f, const struct steer_policy *p);

static char *text_of(put_cb *put, const struct steer_policy *policy)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return NULL;
    put(f, policy);
    bool failed = ferror(f) != 0;
    if (fclose(f) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

static void put_plan(FILE *f, const struct steer_policy *p)
{
    put_view(f, p);
    fprintf(f, " healthy %d draw %d sticky %d floor %d take %d stages %zu", p->healthy, p->draw,
            p->is_sticky, p->floor, p->take, p->n_stages);
    for (size_t i = 0; i < p->n_sites; i++)
        fprintf(f, " %d/%u", p->sites[i].target, p->sites[i].floor_ppm);
}

char *steer_view_key(const struct steer_policy *policy)
{
    return text_of(put_view, policy);
}

char *steer_plan_key(const struct steer_policy *policy)
{
    return text_of(put_plan, policy);
}
