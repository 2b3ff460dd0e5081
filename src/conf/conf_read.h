/* conf_read.h - what all readers of the configuration share.
 *
 * A reader takes a setting, checks it against the table of options and returns a plain value. A
 * mistake is reported and the default returned, so that reading goes on and finds the next one.
 *
 * Threads: one loader. Memory: the configuration's arena; when it is out, lists become empty and
 * conf_parse reports it once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libconfig.h>

#include <waymark/conf.h>

#include "conf_options.h"
#include "conf_say.h"

/* Zeroed; NULL when memory is out or n is 0. */
void *conf_alloc(struct conf_reader *r, size_t n, size_t size);
const char *conf_keep(struct conf_reader *r, const char *text); /* never NULL */

/* Is `s` a group, and are its names options of these groups, the required ones among them? */
#define CONF_SET(group) (1UL << CONF_GROUP_##group)
bool conf_check_group(struct conf_reader *r, const config_setting_t *s, conf_groups groups);

/* NULL when the option is not given. `group` may be NULL: nothing is given. */
const config_setting_t *conf_member(const config_setting_t *group, enum conf_option_id id);

int conf_read_int(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id);
double conf_read_number(struct conf_reader *r, const config_setting_t *group,
                        enum conf_option_id id);
bool conf_read_bool(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id);
int conf_read_word(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id);

/* The default, or NULL when there is none. Control characters are refused. */
const char *conf_read_text(struct conf_reader *r, const config_setting_t *group,
                           enum conf_option_id id);

bool conf_is_number(const config_setting_t *s); /* with a point or without */
double conf_number_of(const config_setting_t *s);

/* The value of a setting as text, checked like conf_read_text; NULL after an error. */
const char *conf_text_of(struct conf_reader *r, const config_setting_t *s,
                         const struct conf_option *option);

/* A list ( ) or array [ ] within the option's limits; NULL: not given, or an error. */
const config_setting_t *conf_read_list(struct conf_reader *r, const config_setting_t *group,
                                       enum conf_option_id id, size_t *n);

/* Each returns how many there are; an element that is wrong is reported and left out. */
size_t conf_read_texts(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                       const char *const **out);
size_t conf_read_ints(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                      int least, int most, const int **out);

/* Any list of elements that can be compared octet by octet: `read` fills one, or reports and
 * returns false. One that occurs twice is reported. Size 0: pointers to texts, of either case. */
typedef bool conf_element_cb(struct conf_reader *r, const config_setting_t *element, void *out);
size_t conf_read_elements(struct conf_reader *r, const config_setting_t *group,
                          enum conf_option_id id, size_t size, conf_element_cb *read,
                          const void **out);
/* The same where one may occur twice. */
size_t conf_read_repeatable(struct conf_reader *r, const config_setting_t *group,
                            enum conf_option_id id, size_t size, conf_element_cb *read,
                            const void **out);
