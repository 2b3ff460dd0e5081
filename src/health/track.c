/* track.c - rise and fall. Pure. */
#include "track.h"

void track_init(struct track *track, const struct track_rule *rule)
{
    *track = (struct track){ .rule = *rule, .verdict = HEALTH_UNKNOWN };
}

static enum health_verdict flip(struct track *track, enum health_verdict verdict, int64_t now_ms)
{
    track->verdict = verdict;
    track->contrary = 0;
    track->in_row = 0;
    track->since_ms = now_ms;
    return verdict;
}

void track_restore(struct track *track, bool is_up, int64_t since_ms)
{
    flip(track, is_up ? HEALTH_UP : HEALTH_DOWN, since_ms);
}

static enum health_verdict feed_while_up(struct track *track, bool is_up, int64_t now_ms)
{
    if (is_up) {
        if (track->contrary > 0 && ++track->in_row >= track->rule.rise)
            track->contrary = track->in_row = 0;
        return HEALTH_UP;
    }
    track->in_row = 0;
    if (++track->contrary >= track->rule.fall)
        return flip(track, HEALTH_DOWN, now_ms);
    return HEALTH_UP;
}

static enum health_verdict feed_while_down(struct track *track, bool is_up, int64_t now_ms)
{
    track->contrary = is_up ? track->contrary + 1 : 0;
    if (track->contrary >= track->rule.rise)
        return flip(track, HEALTH_UP, now_ms);
    return HEALTH_DOWN;
}

enum health_verdict track_feed(struct track *track, bool is_up, int64_t now_ms)
{
    switch (track->verdict) {
    case HEALTH_UP:
        return feed_while_up(track, is_up, now_ms);
    case HEALTH_DOWN:
        return feed_while_down(track, is_up, now_ms);
    default:
        return flip(track, is_up ? HEALTH_UP : HEALTH_DOWN, now_ms);
    }
}

uint32_t track_horizon_s(const struct track *track)
{
    if (track->verdict == HEALTH_UNKNOWN || track->contrary == 0)
        return TRACK_STEADY;
    int needed = track->verdict == HEALTH_UP ? track->rule.fall : track->rule.rise;
    return (uint32_t)(needed - track->contrary) * (uint32_t)track->rule.every_s;
}
