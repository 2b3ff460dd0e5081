/* roster.h - every unit of a configuration, in its order.
 *
 * Thread: built by one thread, then the health thread's; health.lock guards which roster it is. */
#pragma once

#include <stddef.h>

#include <waymark/addr.h>

struct conf;
struct health;
struct unit;

struct roster {
    size_t n;
    struct unit **units;
    struct unit **sorted; /* by target's name and address */
};

/* NULL: out of memory. */
struct roster *roster_new(struct health *health, struct conf *conf);
void roster_free(struct roster *roster); /* with its units; NULL is fine */

/* Puts units of `old` in the place of those that are the same thing, probed the same way; theirs
 * stay in `old`. */
void roster_take_over(struct roster *roster, struct roster *old);

/* NULL: no such unit. `address` of family 0: a CNAME. */
struct unit *roster_find(const struct roster *roster, const char *target,
                         const struct addr *address);
