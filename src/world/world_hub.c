/* world_hub.c - the one published pointer, and the writer lock before it. Readers never come here. */
#include "world_box.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/counters.h>
#include <waymark/rcu.h>
#include <waymark/report.h>

#include "world_alarm.h"
#include "world_key.h"

struct world_hub {
    pthread_mutex_t lock;
    void *current;          /* struct world *, published; the box is counted once for it */
    uint64_t version;
    bool is_ready;
    bool is_quiet; /* serves nobody: no alarms */
    bool has_key;
    struct hash_key key;
    struct counter_names *names;
    struct world_figures figures;
};

struct world_hub *world_hub_new(void)
{
    struct world_hub *hub = calloc(1, sizeof *hub);

    if (hub == NULL)
        return NULL;
    hub->names = counter_names_new();
    if (hub->names == NULL) {
        free(hub);
        return NULL;
    }
    pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void world_hub_free(struct world_hub *hub)
{
    if (hub == NULL)
        return;
    if (hub->current != NULL)
        world_box_unref(world_box_of(hub->current));
    rcu_drain();
    counter_names_free(hub->names);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

void world_hub_quiet(struct world_hub *hub)
{
    hub->is_quiet = true;
}

void *const *world_hub_slot(const struct world_hub *hub)
{
    return &hub->current;
}

static void on_no_reader(void *object)
{
    world_box_unref(object);
}

/* Two worlds, one published after the other; both held. */
struct change {
    struct world_hold *was, *is;
};

/* Under the lock. The hub's own count moves to the new box. */
static void publish(struct world_hub *hub, struct world_hold *box, struct change *change)
{
    box->world.is_ready = hub->is_ready;
    change->is = world_box_ref(box);
    struct world *old = rcu_swap(&hub->current, &box->world);
    if (old == NULL)
        return;
    change->was = world_box_ref(world_box_of(old));
    rcu_defer(world_box_of(old), on_no_reader);
}

/* Outside the lock. */
static void tell_change(const struct world_hub *hub, struct change *change)
{
    if (change->is != NULL && !hub->is_quiet)
        world_alarm(change->was, change->is);
    world_box_unref(change->was);
    world_box_unref(change->is);
}

/* ---- load ---- */

/* Nothing is known of a target that has a check: at the first load it counts as up and steered names
 * wait for results, at a reload it is unused until its first one. */
static struct steer_health fresh_health(const struct conf_target *t, bool is_first_load)
{
    bool is_up = t->check == CONF_NONE || is_first_load;

    return (struct steer_health){ .up = is_up ? UINT32_MAX : 0, .horizon_s = STEER_STEADY };
}

static int find_target(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_targets; i++)
        if (strcmp(conf->targets[i].name, name) == 0)
            return (int)i;
    return CONF_NONE;
}

/* A verdict belongs to an address, wherever it stands in the list now. */
static uint32_t carry_up(const struct conf_target *was, uint32_t was_up,
                         const struct conf_target *is)
{
    uint32_t up = 0;

    if (is->cname != NULL)
        return was->cname != NULL && strcmp(was->cname, is->cname) == 0 ? was_up & 1 : 0;
    for (size_t i = 0; i < is->n_addresses; i++)
        for (size_t k = 0; k < was->n_addresses; k++)
            if (addr_equal(&is->addresses[i], &was->addresses[k]))
                up |= (was_up >> k & 1) << i;
    return up;
}

static void carry_health(const struct conf *conf, const struct world_hold *former,
                         struct steer_health *health)
{
    for (size_t i = 0; i < conf->n_targets; i++) {
        const struct conf_target *t = &conf->targets[i];
        health[i] = fresh_health(t, former == NULL);
        if (former == NULL || t->check == CONF_NONE)
            continue;
        const struct conf *old = former->base->base.conf;
        int k = find_target(old, t->name);
        if (k == CONF_NONE || old->targets[k].check == CONF_NONE)
            continue;
        const struct steer_health *was = steer_inputs_health(former->inputs, k);
        health[i].up = carry_up(&old->targets[k], was->up, t);
        health[i].horizon_s = was->horizon_s;
    }
}

static struct world_hold *hold_current(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    struct world_hold *box = hub->current == NULL ? NULL : world_box_ref(world_box_of(hub->current));
    pthread_mutex_unlock(&hub->lock);
    return box;
}

/* Under the lock: what verdicts changed while the world was built is folded in, then it goes out. */
static int publish_load(struct world_hub *hub, struct world_hold *built,
                        struct steer_health *health, struct change *change)
{
    struct world_hold *now = hub->current == NULL ? NULL : world_box_of(hub->current);
    struct world_base_box *base = built->base;
    int err = world_base_set_slots(base, hub->names);

    if (err != 0)
        return err;
    carry_health(base->base.conf, now, health);
    struct world_hold *box = world_box_new(base, health, built, ++hub->version);
    if (box == NULL)
        return -ENOMEM;
    publish(hub, box, change);
    hub->figures.loads++;
    return 0;
}

static int load_key(struct world_hub *hub, const struct conf *conf, struct report *report)
{
    size_t errors = report_errors(report);

    if (!hub->has_key) {
        world_key_read(conf->server.draw_key_file, &hub->key, report);
        hub->has_key = report_errors(report) == errors;
    }
    return hub->has_key ? 0 : -EINVAL;
}

/* Outside the lock, on one snapshot of the former world. */
static struct world_hold *build(struct world_hub *hub, struct world_base_box *base,
                                struct steer_health *health)
{
    struct world_hold *former = hold_current(hub);

    carry_health(base->base.conf, former, health);
    struct world_hold *box = world_box_new(base, health, NULL, 0);
    world_box_unref(former);
    return box;
}

static bool load(struct world_hub *hub, struct world_base_box *base)
{
    struct steer_health *health = calloc(base->base.conf->n_targets + 1, sizeof *health);
    struct world_hold *built = health == NULL ? NULL : build(hub, base, health);
    struct change change = { 0 };
    int err = -ENOMEM;

    if (built != NULL) {
        pthread_mutex_lock(&hub->lock);
        err = publish_load(hub, built, health, &change);
        pthread_mutex_unlock(&hub->lock);
    }
    tell_change(hub, &change);
    world_box_unref(built);
    free(health);
    return err == 0;
}

void world_count_failure(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->figures.failed_loads++;
    pthread_mutex_unlock(&hub->lock);
}

struct world_base_box *world_build(struct world_hub *hub, struct conf *conf, struct report *report)
{
    struct world_hold *former = hold_current(hub);
    struct world_base_box *base =
        world_base_build(conf, former == NULL ? NULL : &former->base->base, report);

    world_box_unref(former);
    if (load_key(hub, conf, report) == 0 && base != NULL) {
        base->base.draw_key = hub->key;
        return base;
    }
    world_base_unref(base);
    return NULL;
}

bool world_publish(struct world_hub *hub, struct world_base_box *built, struct report *report)
{
    bool is_loaded = load(hub, built);

    if (!is_loaded)
        report_error(report, built->base.conf->file, 0,
                     "out of memory while the world was built");
    world_base_unref(built);
    return is_loaded;
}

void world_drop(struct world_base_box *built)
{
    world_base_unref(built);
}

bool world_load(struct world_hub *hub, struct conf *conf, struct report *report)
{
    struct world_base_box *built = world_build(hub, conf, report);
    bool is_loaded = built != NULL && world_publish(hub, built, report);

    if (!is_loaded)
        world_count_failure(hub);
    return is_loaded;
}

/* ---- verdicts ---- */

/* Where the verdict belongs among the target's addresses now; 0: nowhere. Of a target that lost its
 * check nobody would ever say that it is up again. */
static uint32_t bits_of(const struct world_verdict *v, const struct conf_target *now)
{
    uint32_t bit = (uint32_t)1 << v->address;

    if (v->probed == NULL || v->probed == now)
        return bit;
    return now->check == CONF_NONE ? 0 : carry_up(v->probed, bit, now);
}

static void apply(const struct conf *conf, const struct world_verdict *v,
                  struct steer_health *health)
{
    int target = find_target(conf, v->target);

    if (target == CONF_NONE || v->address >= CONF_ADDRESSES_MAX)
        return;
    uint32_t bits = bits_of(v, &conf->targets[target]);
    if (bits == 0)
        return;
    health[target].up = v->is_up ? health[target].up | bits : health[target].up & ~bits;
    health[target].horizon_s = v->horizon_s;
}

static void count_rebuild(struct world_figures *f, uint64_t us)
{
    f->rebuilds++;
    f->last_rebuild_us = us;
    f->sum_rebuild_us += us;
    if (us > f->max_rebuild_us)
        f->max_rebuild_us = us;
}

/* Under the lock. */
static int publish_verdicts(struct world_hub *hub, const struct world_verdict *verdicts, size_t n,
                            struct change *change)
{
    struct world_hold *now = world_box_of(hub->current);
    const struct conf *conf = now->base->base.conf;
    struct steer_health *health = calloc(conf->n_targets + 1, sizeof *health);

    if (health == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < conf->n_targets; i++)
        health[i] = *steer_inputs_health(now->inputs, (int)i);
    for (size_t i = 0; i < n; i++)
        apply(conf, &verdicts[i], health);
    struct world_hold *box = world_box_new(now->base, health, now, ++hub->version);
    free(health);
    if (box == NULL)
        return -ENOMEM;
    publish(hub, box, change);
    return 0;
}

int world_set_verdicts(struct world_hub *hub, const struct world_verdict *verdicts, size_t n,
                       uint32_t *us)
{
    int64_t start_us = clock_steady_us();
    struct change change = { 0 };

    pthread_mutex_lock(&hub->lock);
    int err = hub->current == NULL ? 0 : publish_verdicts(hub, verdicts, n, &change);
    uint32_t took_us = (uint32_t)(clock_steady_us() - start_us);
    if (err == 0)
        count_rebuild(&hub->figures, took_us);
    pthread_mutex_unlock(&hub->lock);
    tell_change(hub, &change);
    if (us != NULL)
        *us = took_us;
    return err;
}

int world_set_ready(struct world_hub *hub)
{
    struct change change = { 0 };
    int err = 0;

    pthread_mutex_lock(&hub->lock);
    if (!hub->is_ready) {
        hub->is_ready = true;
        err = hub->current == NULL ? 0 : publish_verdicts(hub, NULL, 0, &change);
        hub->is_ready = err == 0;
    }
    pthread_mutex_unlock(&hub->lock);
    tell_change(hub, &change);
    return err;
}

/* ---- for threads that do not read under RCU ---- */

const struct world *world_hold(struct world_hub *hub, struct world_hold **out)
{
    *out = hold_current(hub);
    return *out == NULL ? NULL : &(*out)->world;
}

void world_release(struct world_hold *hold)
{
    world_box_unref(hold);
}

struct world_figures world_hub_figures(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    struct world_figures f = hub->figures;
    pthread_mutex_unlock(&hub->lock);
    return f;
}

const struct counter_names *world_names_lock(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    return hub->names;
}

void world_names_unlock(struct world_hub *hub)
{
    pthread_mutex_unlock(&hub->lock);
}
