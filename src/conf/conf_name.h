/* conf_name.h - names: of our things, and of hosts; how one finds what it refers to.
 *
 * Threads: one loader. Memory: an index is the arena's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf_read.h"

enum conf_host_kind { CONF_HOST_PLAIN, CONF_HOST_WILDCARD_TOO, CONF_HOST_ZONE };

/* A domain name without its trailing dot, in the arena; NULL after an error. */
const char *conf_read_host(struct conf_reader *r, const config_setting_t *group,
                           enum conf_option_id id, enum conf_host_kind kind);
size_t conf_read_hosts(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                       enum conf_host_kind kind, const char *const **out);

/* Letters, digits, '-' and '_', at most 63: what names of pops, services and so on consist of. */
bool conf_check_name(struct conf_reader *r, const config_setting_t *at, const char *name);

/* Names with numbers, sorted for look-ups. */
struct conf_index;
struct conf_index *conf_index_new(struct conf_reader *r, size_t cap);        /* NULL: no memory */
void conf_index_add(struct conf_index *index, const char *name, int number); /* NULL is fine */
void conf_index_sort(struct conf_index *index);

/* The number, or CONF_NONE after an error at `at`: `no target "x"`. */
int conf_index_find(struct conf_reader *r, const struct conf_index *index,
                    const config_setting_t *at, const char *what, const char *name);
/* The same for the name that stands in a setting. */
int conf_ref_of(struct conf_reader *r, const config_setting_t *s, const struct conf_index *index,
                const char *what);
/* The same for the name that an option gives; CONF_NONE when it is not given. */
int conf_read_ref(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                  const struct conf_index *index, const char *what);
