/* origin_trouble.c - a change of mind about an origin is written down, each failure is not. */
#include "origin_trouble.h"

#include <stdio.h>

#include <waymark/log.h>

void origin_trouble_init(struct origin_trouble *t)
{
    *t = (struct origin_trouble){ 0 };
    pthread_mutex_init(&t->lock, NULL);
}

void origin_trouble_fini(struct origin_trouble *t)
{
    pthread_mutex_destroy(&t->lock);
}

void origin_failed(struct origin_trouble *t, const char *pop, const char *why, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    if (t->n_failed++ == 0)
        t->since_ms = now_ms;
    snprintf(t->text, sizeof t->text, "%s", why);
    pthread_mutex_unlock(&t->lock);
    if (t->is_told || (t->told_ms != 0 && now_ms - t->told_ms < (int64_t)ORIGIN_TOLD_S * 1000))
        return;
    t->is_told = true;
    t->told_ms = now_ms;
    log_line(LOG_LEVEL_WARNING, "edge %s: its origin fails: %s", pop, why);
}

void origin_answered(struct origin_trouble *t, const char *pop)
{
    if (t->n_failed == 0)
        return;
    pthread_mutex_lock(&t->lock);
    t->n_failed = 0;
    pthread_mutex_unlock(&t->lock);
    if (t->is_told)
        log_line(LOG_LEVEL_NOTICE, "edge %s: its origin answers again", pop);
    t->is_told = false;
}

void origin_trouble_copy(struct origin_trouble *t, uint64_t *n_failed, int64_t *since_ms,
                         char text[static ORIGIN_TEXT_LEN])
{
    pthread_mutex_lock(&t->lock);
    *n_failed = t->n_failed;
    if (t->n_failed > 0) {
        *since_ms = t->since_ms;
        snprintf(text, ORIGIN_TEXT_LEN, "%s", t->text);
    }
    pthread_mutex_unlock(&t->lock);
}
