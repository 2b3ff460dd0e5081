/* health_json.c - what the health thread believes, copied for the main thread. */
#include "health_json.h"

#include <stdlib.h>

#include "json_put.h"

struct health_status *health_copy(struct health *health, size_t *n)
{
    size_t room = health == NULL ? 0 : health_statuses(health, NULL, 0);
    struct health_status *all = room == 0 ? NULL : calloc(room, sizeof *all);

    *n = 0;
    if (all == NULL)
        return NULL;
    size_t there = health_statuses(health, all, room); /* a reload may have changed how many */
    *n = there < room ? there : room;
    return all;
}

const char *health_verdict_word(const struct health_status *status)
{
    if (!status->is_checked)
        return "unchecked";
    switch (status->verdict) {
    case HEALTH_UP:
        return "up";
    case HEALTH_DOWN:
        return "down";
    case HEALTH_UNKNOWN:
        break;
    }
    return "unknown";
}

static void put_moment(json_t *o, const char *key, int64_t wall_ms)
{
    put(o, key, wall_ms == 0 ? json_null() : json_integer(wall_ms));
}

json_t *health_status_json(const struct health_status *status)
{
    json_t *o = json_object();
    char text[ENDPOINT_TEXT_LEN];
    const struct endpoint *at = &status->address;

    put_text(o, "target", status->target);
    put_text(o, "address",
             at->addr.family == 0 ? NULL
             : at->port == 0      ? addr_format(&at->addr, text)
                                  : endpoint_format(at, text));
    put_text(o, "verdict", health_verdict_word(status));
    put_moment(o, "since_ms", status->since_ms);
    put_moment(o, "last_probe_ms", status->last_probe_ms);
    put(o, "rtt_us", status->rtt_us == 0 ? json_null() : json_integer(status->rtt_us));
    put_int(o, "contrary", status->contrary);
    put_text(o, "error", status->error[0] == '\0' ? NULL : status->error);
    return o;
}

json_t *health_json(struct health *health)
{
    json_t *all = json_array();
    size_t n;
    struct health_status *statuses = health_copy(health, &n);

    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, health_status_json(&statuses[i]));
    free(statuses);
    return all;
}
