/* fake_world.c - a hub that only takes notes. */
#include "fake_world.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf *conf_ref(struct conf *conf)
{
    __atomic_add_fetch(&((struct fake_conf *)conf)->n_refs, 1, __ATOMIC_SEQ_CST);
    return conf;
}

void conf_unref(struct conf *conf)
{
    if (conf != NULL)
        assert(__atomic_sub_fetch(&((struct fake_conf *)conf)->n_refs, 1, __ATOMIC_SEQ_CST) >= 0);
}

void fake_world_init(struct world_hub *hub, struct fake_conf *conf)
{
    memset(hub, 0, sizeof *hub);
    pthread_mutex_init(&hub->lock, NULL);
    hub->world = calloc(1, sizeof *hub->world);
    assert(hub->world != NULL);
    hub->world->base = &hub->base;
    fake_world_change(hub, conf);
}

void fake_world_fini(struct world_hub *hub)
{
    free(hub->world);
    pthread_mutex_destroy(&hub->lock);
}

void fake_world_change(struct world_hub *hub, struct fake_conf *conf)
{
    pthread_mutex_lock(&hub->lock);
    hub->conf = conf;
    hub->base.conf = &conf->conf;
    pthread_mutex_unlock(&hub->lock);
}

const struct world *world_hold(struct world_hub *hub, struct world_hold **out)
{
    pthread_mutex_lock(&hub->lock); /* until released */
    *out = (struct world_hold *)hub;
    return hub->world;
}

void world_release(struct world_hold *hold)
{
    pthread_mutex_unlock(&((struct world_hub *)hold)->lock);
}

static struct fake_heard *find(struct world_hub *hub, const char *target, uint8_t address)
{
    for (size_t i = 0; i < hub->n_heard; i++) {
        if (strcmp(hub->heard[i].target, target) == 0 && hub->heard[i].address == address)
            return &hub->heard[i];
    }
    return NULL;
}

static void note(struct world_hub *hub, const struct world_verdict *v)
{
    struct fake_heard *heard = find(hub, v->target, v->address);

    if (heard == NULL) {
        assert(hub->n_heard < FAKE_HEARD_MAX);
        heard = &hub->heard[hub->n_heard++];
        snprintf(heard->target, sizeof heard->target, "%s", v->target);
        heard->address = v->address;
    }
    heard->is_up = v->is_up;
    heard->horizon_s = v->horizon_s;
    heard->n++;
}

int world_set_verdicts(struct world_hub *hub, const struct world_verdict *verdicts, size_t n,
                       uint32_t *us)
{
    int err = 0;

    pthread_mutex_lock(&hub->lock);
    hub->n_calls++;
    if (hub->n_failures_wanted > 0) {
        hub->n_failures_wanted--;
        err = -ENOMEM;
    }
    for (size_t i = 0; i < n && err == 0; i++)
        note(hub, &verdicts[i]);
    pthread_mutex_unlock(&hub->lock);
    return err;
}

int world_set_ready(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->is_ready = true;
    hub->n_before_ready = hub->n_heard;
    pthread_mutex_unlock(&hub->lock);
    return 0;
}

struct fake_heard fake_world_heard(struct world_hub *hub, const char *target, uint8_t address)
{
    pthread_mutex_lock(&hub->lock);
    struct fake_heard *heard = find(hub, target, address);
    struct fake_heard copy = heard == NULL ? (struct fake_heard){ 0 } : *heard;
    pthread_mutex_unlock(&hub->lock);
    return copy;
}

bool fake_world_is_ready(struct world_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    bool is_ready = hub->is_ready;
    pthread_mutex_unlock(&hub->lock);
    return is_ready;
}
