/* world_base.c - configuration, zones, geography and plans, built together and frozen. Runs on
 * whoever loads, outside the writer lock. */
#include "world_base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/clock.h>
#include <waymark/counters.h>
#include <waymark/report.h>

#include "world_cookies.h"

static void out_of_memory(const struct conf *conf, struct report *report)
{
    report_error(report, conf->file, 0, "out of memory while the world was built");
}

static bool has_region(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_regions; i++)
        if (strcmp(conf->regions[i].name, name) == 0)
            return true;
    return false;
}

/* A region of the operator's networks that the configuration does not know is most likely misspelt. */
static void check_regions(const struct world_base *b, struct report *report)
{
    for (size_t i = 0; i < geo_places(b->geo); i++) {
        const struct geo_place *p = geo_place_at(b->geo, i);
        if (p->region != NULL && !has_region(b->conf, p->region))
            report_warning(report, p->source, (int)p->line,
                           "region=%s names no region of the configuration: it changes nothing",
                           p->region);
    }
}

static void build_parts(struct world_base_box *box, const struct world_base *former,
                        struct report *report)
{
    struct world_base *b = &box->base;

    if (b->conf->server.cookies != CONF_COOKIES_OFF)
        world_cookies_read(b->conf->server.cookie_secrets_file, &b->cookies, report);
    b->zones = zone_set_load_after(former == NULL ? NULL : former->zones, b->conf, report);
    b->geo = geo_load_after(former == NULL ? NULL : former->geo, &b->conf->geo, report);
    if (b->geo != NULL)
        b->plans = steer_plans_build_after(former == NULL ? NULL : former->plans, b->conf, b->geo,
                                           report);
    if (b->zones == NULL || b->plans == NULL)
        return;
    check_regions(b, report);
    uint32_t *service_at = arena_zero(box->arena, zone_set_nodes(b->zones) + 1, sizeof *service_at);
    if (service_at == NULL)
        out_of_memory(b->conf, report);
    else
        world_hosts_bind(b, service_at, report);
    b->service_at = service_at;
}

struct world_base_box *world_base_build(struct conf *conf, const struct world_base *former,
                                        struct report *report)
{
    struct world_base_box *box = calloc(1, sizeof *box);
    int64_t start_us = clock_steady_us();
    size_t errors = report_errors(report);

    if (box == NULL) {
        out_of_memory(conf, report);
        return NULL;
    }
    atomic_init(&box->refs, 1);
    box->base.conf = conf_ref(conf);
    box->arena = arena_new();
    if (box->arena == NULL)
        out_of_memory(conf, report);
    else
        build_parts(box, former, report);
    if (report_errors(report) > errors) {
        world_base_unref(box);
        return NULL;
    }
    box->base.loaded_ms = clock_wall_ms();
    box->base.load_ms = (uint32_t)((clock_steady_us() - start_us) / 1000);
    return box;
}

struct world_base_box *world_base_ref(struct world_base_box *box)
{
    atomic_fetch_add(&box->refs, 1);
    return box;
}

void world_base_unref(struct world_base_box *box)
{
    if (box == NULL || atomic_fetch_sub(&box->refs, 1) != 1)
        return;
    steer_plans_free(box->base.plans);
    geo_free(box->base.geo);
    zone_set_free(box->base.zones);
    conf_unref(box->base.conf);
    explicit_bzero(&box->base.cookies, sizeof box->base.cookies);
    arena_free(box->arena);
    free(box);
}

static uint32_t answer_slot(struct counter_names *names, const char *service, const char *target)
{
    char label[512];

    snprintf(label, sizeof label, "%s\t%s", service, target);
    return counter_names_slot(names, "answer", label);
}

static int set_zone_slots(struct world_base_box *box, struct counter_names *names)
{
    size_t n = zone_count(box->base.zones);
    uint32_t *slots = arena_zero(box->arena, n + 1, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        slots[i] = counter_names_slot(names, "zone", zone_at(box->base.zones, i)->name);
        if (slots[i] == UINT32_MAX)
            return -ENOMEM;
    }
    box->base.zone_slots = slots;
    return 0;
}

static uint32_t *service_slots(struct world_base_box *box, const struct conf_service *s,
                               struct counter_names *names)
{
    uint32_t *slots = arena_zero(box->arena, s->n_targets + 1, sizeof *slots);

    for (size_t i = 0; slots != NULL && i < s->n_targets; i++) {
        slots[i] = answer_slot(names, s->name, box->base.conf->targets[s->targets[i]].name);
        if (slots[i] == UINT32_MAX)
            return NULL;
    }
    return slots;
}

int world_base_set_slots(struct world_base_box *box, struct counter_names *names)
{
    const struct conf *conf = box->base.conf;
    const uint32_t **slots = arena_zero(box->arena, conf->n_services + 1, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < conf->n_services; i++) {
        slots[i] = service_slots(box, &conf->services[i], names);
        if (slots[i] == NULL)
            return -ENOMEM;
    }
    box->base.answer_slots = slots;
    return set_zone_slots(box, names);
}
