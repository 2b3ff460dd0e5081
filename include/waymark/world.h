/* world.h - everything an answer needs, frozen, behind one pointer.
 *
 * A base is what only a reload changes: configuration, zones, geography, plans, which service sits at
 * which name. A world is a base with one snapshot of inputs and the tables compiled from them. A new
 * verdict makes a new world that shares all else.
 *
 * Threads: readers take the current world under rcu.h and let it go before they go offline;
 *          world_load and world_set_verdicts may be called from any other thread: the writer lock is
 *          inside, and a load holds it only for its last step.
 * Owner:   the hub owns the worlds; parts are counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/hash.h>
#include <waymark/siphash.h>
#include <waymark/steer.h>
#include <waymark/zone.h>

struct counter_names;
struct report;

/* What server cookies are made with (the first) and known by (all), RFC 9018 5. None: no cookies. */
enum { WORLD_COOKIES_MAX = 4 };

struct world_cookies {
    size_t n;
    struct siphash_key keys[WORLD_COOKIES_MAX];
};

struct world_base {
    struct conf *conf;
    struct zone_set *zones;
    struct geo *geo;
    struct steer_plans *plans;
    const uint32_t *service_at;          /* by zone_node.id, see world_service */
    const uint32_t *zone_slots;          /* counter slot of each zone */
    const uint32_t *const *answer_slots; /* by service, then by site in its list */
    struct hash_key draw_key;
    struct world_cookies cookies;
    int64_t loaded_ms; /* wall clock */
    uint32_t load_ms;
};

struct world {
    const struct world_base *base;
    const struct steer_inputs *inputs;
    uint64_t version;
    bool is_ready; /* first results are in, or were waited for: steered names are answered */
    const struct steer_table *tables[]; /* by plan */
};

/* What service_at holds: 0 where nothing is steered, else the service's index + 1; with the flag where
 * the answer can be a CNAME, so that every type is steered. */
#define WORLD_EVERY_TYPE 0x80000000u

static inline size_t world_service(uint32_t entry) /* not 0 */
{
    return (entry & ~WORLD_EVERY_TYPE) - 1;
}

struct world_hub;

struct world_hub *world_hub_new(void);       /* NULL: out of memory */
void world_hub_free(struct world_hub *hub);  /* no reader may be online; NULL is fine */

/* Before the first load: for worlds that serve nobody, whose troubles are no alarm. */
void world_hub_quiet(struct world_hub *hub);

/* What readers hand to rcu_read. */
void *const *world_hub_slot(const struct world_hub *hub);

/* Builds everything from the configuration and publishes it; what is published stays when this fails
 * (false, and the report says why). Verdicts of targets that stay are kept. The conf is referenced. */
bool world_load(struct world_hub *hub, struct conf *conf, struct report *report);

/* The same in two steps, for who has more to make ready than a world: nothing is published in between.
 * NULL: the report says why. world_publish takes over what was built; false: out of memory, the
 * report says so, and nothing has changed. These two count no failure: world_count_failure does. */
struct world_base_box;
struct world_base_box *world_build(struct world_hub *hub, struct conf *conf,
                                   struct report *report);
bool world_publish(struct world_hub *hub, struct world_base_box *built, struct report *report);
void world_drop(struct world_base_box *built); /* instead; NULL is fine */

/* A configuration was refused. */
void world_count_failure(struct world_hub *hub);

/* One address of one target, by name: it may have gone since the probe began. */
struct world_verdict {
    const char *target;
    uint8_t address; /* index in conf_target.addresses; 0 for a CNAME */
    bool is_up;
    uint32_t horizon_s; /* of the whole target */
    const struct conf_target *probed; /* that the index is of: a reload may have moved the address,
                                       * or put another in its place. NULL: the current world's */
};

/* New inputs, tables of the plans concerned, publish. 0 or -ENOMEM (the old world stays).
 * `us`, if not NULL: how long it took. */
int world_set_verdicts(struct world_hub *hub, const struct world_verdict *verdicts, size_t n,
                       uint32_t *us);

/* From now on steered names are answered. */
int world_set_ready(struct world_hub *hub);

/* For threads that are no RCU readers (control, health): the current world, held until released. */
struct world_hold;
const struct world *world_hold(struct world_hub *hub, struct world_hold **out);
void world_release(struct world_hold *hold);

/* The held world as it would be if those targets were down, for questions: never published. To be
 * released like a hold. NULL: out of memory. */
const struct world *world_without(struct world_hold *hold, const int *targets, size_t n,
                                  struct world_hold **out);

/* Figures of the writer side, for metrics. */
struct world_figures {
    uint64_t loads, failed_loads, rebuilds;
    uint64_t last_rebuild_us, max_rebuild_us, sum_rebuild_us;
};
struct world_figures world_hub_figures(struct world_hub *hub);

/* The register of counter slots; families "zone" (label: its name) and "answer" (label:
 * "service\ttarget"). The pointer is good for calls under world_names_lock only. */
const struct counter_names *world_names_lock(struct world_hub *hub);
void world_names_unlock(struct world_hub *hub);
