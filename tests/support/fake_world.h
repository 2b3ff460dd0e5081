/* fake_world.h - a hub that only takes notes, in the place of world/, for tests of health alone.
 *
 * Threads: any. It also stands in for the counting of confs, so that a test sees who forgot one. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/world.h>

enum { FAKE_HEARD_MAX = 2048 };

struct fake_conf {
    struct conf conf; /* first */
    int n_refs;
};

struct fake_heard {
    char target[64];
    uint8_t address;
    bool is_up;
    uint32_t horizon_s;
    size_t n; /* how often */
};

struct world_hub {
    pthread_mutex_t lock;
    struct fake_conf *conf;
    struct world_base base;
    struct world *world;
    bool is_ready;
    size_t n_before_ready; /* verdicts heard until then */
    size_t n_calls, n_failures_wanted;
    size_t n_heard;
    struct fake_heard heard[FAKE_HEARD_MAX];
};

void fake_world_init(struct world_hub *hub, struct fake_conf *conf);
void fake_world_fini(struct world_hub *hub);
void fake_world_change(struct world_hub *hub, struct fake_conf *conf);

/* What was last said of it; n 0: nothing. */
struct fake_heard fake_world_heard(struct world_hub *hub, const char *target, uint8_t address);
bool fake_world_is_ready(struct world_hub *hub);
