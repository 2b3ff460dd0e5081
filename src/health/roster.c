/* roster.c - every unit of a configuration, in its order. */
#include "roster.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct addr no_address;

static const struct addr *address_of(const struct unit *unit)
{
    return unit->target->cname != NULL ? &no_address : &unit->target->addresses[unit->address];
}

static int compare_key(const char *target, const struct addr *address, const struct unit *unit)
{
    int order = strcmp(target, unit->target->name);

    return order != 0 ? order : memcmp(address, address_of(unit), sizeof *address);
}

static int compare_units(const void *a, const void *b)
{
    const struct unit *unit = *(struct unit *const *)a;

    return compare_key(unit->target->name, address_of(unit), *(struct unit *const *)b);
}

static void name_siblings(struct roster *r)
{
    for (size_t i = 0; i < r->n;) {
        size_t n = conf_n_verdicts(r->units[i]->target);
        for (size_t j = i; j < i + n; j++) {
            r->units[j]->siblings = &r->units[i];
            r->units[j]->n_siblings = n;
            r->units[j]->place = j;
        }
        i += n;
    }
}

static void sort(struct roster *r)
{
    memcpy(r->sorted, r->units, r->n * sizeof *r->sorted);
    qsort(r->sorted, r->n, sizeof *r->sorted, compare_units);
    name_siblings(r);
}

struct roster *roster_new(struct health *health, struct conf *conf)
{
    struct roster *r = calloc(1, sizeof *r);
    size_t n = 0;

    if (r == NULL)
        return NULL;
    for (size_t t = 0; t < conf->n_targets; t++)
        n += conf_n_verdicts(&conf->targets[t]);
    r->units = calloc(n + 1, sizeof(struct unit *));
    r->sorted = calloc(n + 1, sizeof(struct unit *));
    if (r->units == NULL || r->sorted == NULL)
        goto fail;
    for (size_t t = 0; t < conf->n_targets; t++) {
        for (size_t a = 0; a < conf_n_verdicts(&conf->targets[t]); a++) {
            r->units[r->n] = unit_new(health, conf, &conf->targets[t], a);
            if (r->units[r->n] == NULL)
                goto fail;
            r->n++;
        }
    }
    sort(r);
    return r;
fail:
    roster_free(r);
    return NULL;
}

void roster_free(struct roster *roster)
{
    if (roster == NULL)
        return;
    for (size_t i = 0; i < roster->n; i++)
        unit_stop_waiting(roster->units[i]); /* or the sockets of one would go to the next */
    for (size_t i = 0; i < roster->n; i++)
        unit_free(roster->units[i]);
    free(roster->units);
    free(roster->sorted);
    free(roster);
}

/* The first of those that compare equal; SIZE_MAX: none. */
static size_t find_first(const struct roster *r, const char *target, const struct addr *address)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(target, address, r->sorted[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n && compare_key(target, address, r->sorted[low]) == 0 ? low : SIZE_MAX;
}

struct unit *roster_find(const struct roster *roster, const char *target,
                         const struct addr *address)
{
    size_t at = find_first(roster, target, address);

    return at == SIZE_MAX ? NULL : roster->sorted[at];
}

void roster_take_over(struct roster *roster, struct roster *old)
{
    for (size_t i = 0; i < roster->n; i++) {
        struct unit *unit = roster->units[i];
        struct unit *kept = roster_find(old, unit->target->name, address_of(unit));
        if (kept == NULL || strcmp(kept->identity, unit->identity) != 0)
            continue;
        if (kept->conf == unit->conf)
            continue; /* an address written twice: taken already */
        roster->units[i] = kept;
        old->units[kept->place] = unit;
        unit_move(kept, unit->conf, unit->target, unit->address);
    }
    sort(roster);
}
