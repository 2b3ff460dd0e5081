/* reuse.c - what a base was made of, to be compared at a reload. */
#include "geo/reuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/clock.h>
#include <waymark/conf.h>

static void put_text(FILE *f, const char *text)
{
    if (text == NULL)
        fputs("-;", f);
    else
        fprintf(f, "%zu:%s;", strlen(text), text);
}

static void put_settings(FILE *f, const struct conf_geo *conf)
{
    const struct conf_geo_fields *fields = &conf->fields;
    const char *const names[] = { fields->continent, fields->country,  fields->subdivision,
                                  fields->city,      fields->latitude, fields->longitude,
                                  fields->asn };

    put_text(f, conf->networks);
    put_text(f, conf->countries);
    for (size_t i = 0; i < conf->n_databases; i++)
        put_text(f, conf->databases[i]);
    fputs("asn ", f);
    for (size_t i = 0; i < conf->n_asn_databases; i++)
        put_text(f, conf->asn_databases[i]);
    fputs("fields ", f);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(f, names[i]);
    for (size_t i = 0; i < conf->n_points; i++)
        fprintf(f, "(%s %a %a)", conf->points[i].country, conf->points[i].latitude,
                conf->points[i].longitude);
}

/* NULL: out of memory. The caller frees. */
static char *settings_of(const struct conf_geo *conf)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return NULL;
    put_settings(f, conf);
    bool has_failed = ferror(f) != 0;
    if (fclose(f) == 0 && !has_failed)
        return text;
    free(text);
    return NULL;
}

static void look(struct geo_reuse *r, const char *path, struct arena *arena, int64_t now_ms)
{
    struct file_stamp *stamp = &r->files[r->n_files];
    const char *kept = path == NULL ? NULL : arena_text(arena, path);

    if (path == NULL)
        return;
    if (kept == NULL)
        r->is_firm = false;
    else
        file_stamp_look(stamp, kept);
    r->is_firm &= file_stamp_is_firm(stamp, now_ms);
    r->n_files++;
}

bool geo_reuse_init(struct geo_reuse *reuse, const struct conf_geo *conf, struct arena *arena)
{
    int64_t now_ms = clock_wall_ms();

    *reuse = (struct geo_reuse){ .is_firm = true };
    reuse->settings = settings_of(conf);
    reuse->files = calloc(conf->n_databases + conf->n_asn_databases + 2, sizeof *reuse->files);
    if (reuse->settings == NULL || reuse->files == NULL)
        return false;
    look(reuse, conf->networks, arena, now_ms);
    look(reuse, conf->countries, arena, now_ms);
    for (size_t i = 0; i < conf->n_databases; i++)
        look(reuse, conf->databases[i], arena, now_ms);
    for (size_t i = 0; i < conf->n_asn_databases; i++)
        look(reuse, conf->asn_databases[i], arena, now_ms);
    return true;
}

void geo_reuse_fini(struct geo_reuse *reuse)
{
    free(reuse->settings);
    free(reuse->files);
    *reuse = (struct geo_reuse){ .n_files = 0 };
}

bool geo_reuse_is_possible(const struct geo_reuse *reuse, const struct conf_geo *conf)
{
    if (!reuse->is_firm || reuse->settings == NULL)
        return false;
    char *settings = settings_of(conf);
    bool is_same = settings != NULL && strcmp(settings, reuse->settings) == 0;
    free(settings);
    for (size_t i = 0; is_same && i < reuse->n_files; i++)
        is_same = file_stamp_holds(&reuse->files[i]);
    return is_same;
}
