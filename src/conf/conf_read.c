/* conf_read.c - settings into plain values, with the table of options as the measure.
 *
 * Knows types, ranges and how to complain; what an option is for is the business of the files that
 * call this. One loader at a time. */
#include "conf_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <waymark/arena.h>
#include <waymark/report.h>

#include "conf_near.h"

static void complain(struct conf_reader *r, const config_setting_t *s,
                     const struct conf_option *option)
{
    char expected[CONF_EXPECTED_LEN], found[CONF_GOT_LEN];

    conf_error(r, s, "expected %s, got %s", conf_option_expected(option, expected),
               conf_got(s, found));
}

/* ---- memory ---- */

void *conf_alloc(struct conf_reader *r, size_t n, size_t size)
{
    if (n == 0)
        return NULL;
    void *p = arena_zero(r->arena, n, size);
    if (p == NULL)
        r->is_out_of_memory = true;
    return p;
}

const char *conf_keep(struct conf_reader *r, const char *text)
{
    const char *kept = arena_text(r->arena, text);

    if (kept == NULL)
        r->is_out_of_memory = true;
    return kept == NULL ? "" : kept;
}

/* ---- groups ---- */

static bool is_of(conf_groups groups, const struct conf_option *o)
{
    return (groups >> o->group & 1) != 0;
}

/* "; expected one of a, b, c" */
static void name_options(conf_groups groups, char *out, size_t size)
{
    size_t used = 0;

    for (int i = 0; i < CONF_OPTIONS && used < size; i++) {
        const struct conf_option *o = conf_option((enum conf_option_id)i);
        if (is_of(groups, o))
            used += (size_t)snprintf(out + used, size - used, "%s%s",
                                     used == 0 ? "; expected one of " : ", ", o->name);
    }
}

static void complain_unknown(struct conf_reader *r, const config_setting_t *member,
                             conf_groups groups)
{
    struct conf_near near;
    char hint[400];

    static_assert(sizeof hint >= CONF_HINT_LEN, "either sentence fits");
    conf_near_init(&near, config_setting_name(member));
    for (int i = 0; i < CONF_OPTIONS; i++)
        if (is_of(groups, conf_option((enum conf_option_id)i)))
            conf_near_offer(&near, conf_option((enum conf_option_id)i)->name);
    if (near.best != NULL)
        conf_near_hint(&near, hint);
    else
        name_options(groups, hint, sizeof hint);
    conf_error(r, member, "no such option%s", hint);
}

static void check_required(struct conf_reader *r, const config_setting_t *s, conf_groups groups)
{
    char expected[CONF_EXPECTED_LEN];

    for (int i = 0; i < CONF_OPTIONS; i++) {
        const struct conf_option *o = conf_option((enum conf_option_id)i);
        if (is_of(groups, o) && conf_option_is_required(o) &&
            config_setting_get_member(s, o->name) == NULL)
            conf_error(r, s, "%s is missing: expected %s", o->name,
                       conf_option_expected(o, expected));
    }
}

bool conf_check_group(struct conf_reader *r, const config_setting_t *s, conf_groups groups)
{
    char found[CONF_GOT_LEN];

    if (!config_setting_is_group(s)) {
        conf_error(r, s, "expected a group { }, got %s", conf_got(s, found));
        return false;
    }
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *member = config_setting_get_elem(s, (unsigned)i);
        if (conf_option_find(groups, config_setting_name(member)) == NULL)
            complain_unknown(r, member, groups);
    }
    check_required(r, s, groups);
    return true;
}

const config_setting_t *conf_member(const config_setting_t *group, enum conf_option_id id)
{
    if (group == NULL)
        return NULL;
    return config_setting_get_member(group, conf_option(id)->name);
}

/* ---- single values ---- */

static bool is_integer(const config_setting_t *s)
{
    return config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
}

/* Integers of either width; the scan has seen to it that they fit. */
static int integer_of(const config_setting_t *s)
{
    return config_setting_type(s) == CONFIG_TYPE_INT ? config_setting_get_int(s)
                                                     : (int)config_setting_get_int64(s);
}

bool conf_is_number(const config_setting_t *s)
{
    return is_integer(s) || config_setting_type(s) == CONFIG_TYPE_FLOAT;
}

double conf_number_of(const config_setting_t *s)
{
    return is_integer(s) ? integer_of(s) : config_setting_get_float(s);
}

int conf_read_int(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);
    int preset = atoi(o->preset);

    if (s == NULL)
        return preset;
    if (!is_integer(s) || integer_of(s) < o->least || integer_of(s) > o->most) {
        complain(r, s, o);
        return preset;
    }
    return integer_of(s);
}

double conf_read_number(struct conf_reader *r, const config_setting_t *group,
                        enum conf_option_id id)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);
    double preset = atof(o->preset);

    if (s == NULL)
        return preset;
    if (!conf_is_number(s) || !(conf_number_of(s) >= o->least && conf_number_of(s) <= o->most)) {
        complain(r, s, o);
        return preset;
    }
    return conf_number_of(s);
}

bool conf_read_bool(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);
    bool preset = strcmp(o->preset, "true") == 0;

    if (s == NULL)
        return preset;
    if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
        complain(r, s, o);
        return preset;
    }
    return config_setting_get_bool(s) == CONFIG_TRUE;
}

int conf_read_word(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);
    int preset = conf_option_word(o, o->preset);

    if (s == NULL)
        return preset;
    int word = config_setting_type(s) == CONFIG_TYPE_STRING
                   ? conf_option_word(o, config_setting_get_string(s))
                   : -1;
    if (word < 0) {
        complain(r, s, o);
        return preset;
    }
    return word;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

const char *conf_text_of(struct conf_reader *r, const config_setting_t *s,
                         const struct conf_option *option)
{
    char expected[CONF_EXPECTED_LEN], found[CONF_GOT_LEN];

    if (config_setting_type(s) != CONFIG_TYPE_STRING) {
        conf_error(r, s, "expected a text in quotes, got %s", conf_got(s, found));
        return NULL;
    }
    const char *text = config_setting_get_string(s);
    if (strlen(text) < option->least || strlen(text) > option->most) {
        conf_error(r, s, "expected %s, got %zu", conf_option_expected(option, expected),
                   strlen(text));
        return NULL;
    }
    if (has_control_character(text)) {
        conf_error(r, s, "a control character in \"%s\"", conf_show(text, found));
        return NULL;
    }
    return text;
}

const char *conf_read_text(struct conf_reader *r, const config_setting_t *group,
                           enum conf_option_id id)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);
    const char *text = s == NULL ? NULL : conf_text_of(r, s, o);

    if (text != NULL)
        return conf_keep(r, text);
    return o->preset[0] == '\0' || conf_option_is_required(o) ? NULL : o->preset;
}

/* ---- lists ---- */

const config_setting_t *conf_read_list(struct conf_reader *r, const config_setting_t *group,
                                       enum conf_option_id id, size_t *n)
{
    const struct conf_option *o = conf_option(id);
    const config_setting_t *s = conf_member(group, id);

    *n = 0;
    if (s == NULL)
        return NULL;
    bool is_list = config_setting_is_list(s) || config_setting_is_array(s);
    int len = is_list ? config_setting_length(s) : 0;
    if (!is_list || len < o->least || len > o->most) {
        complain(r, s, o);
        return NULL;
    }
    *n = (size_t)len;
    return s;
}

/* An element beside its setting, to find what occurs twice. Size 0: texts, of either case. */
struct seen {
    const void *item;
    const config_setting_t *at;
};

static int compare_items(const void *a, const void *b, size_t size)
{
    if (size > 0)
        return memcmp(a, b, size);
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_seen(const void *a, const void *b, void *size)
{
    const struct seen *x = a, *y = b;
    int order = compare_items(x->item, y->item, *(const size_t *)size);

    if (order != 0)
        return order;
    return x->item < y->item ? -1 : x->item > y->item;
}

static void report_twice(struct conf_reader *r, struct seen *seen, size_t n, size_t size)
{
    char found[CONF_GOT_LEN];

    if (n > 1) /* nothing to sort otherwise, and `seen` may be NULL */
        qsort_r(seen, n, sizeof *seen, compare_seen, &size);
    for (size_t i = 1; i < n; i++)
        if (compare_items(seen[i - 1].item, seen[i].item, size) == 0)
            conf_error(r, seen[i].at, "%s is given twice, first on line %d",
                       conf_got(seen[i].at, found), conf_line(seen[i - 1].at));
}

static size_t read_elements(struct conf_reader *r, const config_setting_t *group,
                            enum conf_option_id id, size_t size, conf_element_cb *read,
                            bool may_repeat, const void **out)
{
    size_t len, n = 0;
    const size_t step = size == 0 ? sizeof(const char *) : size;
    const config_setting_t *list = conf_read_list(r, group, id, &len);
    char *items = conf_alloc(r, len, step);
    struct seen *seen = items == NULL ? NULL : calloc(len, sizeof *seen);

    if (seen == NULL && items != NULL)
        r->is_out_of_memory = true;
    for (size_t i = 0; seen != NULL && i < len; i++) {
        const config_setting_t *element = config_setting_get_elem(list, (unsigned)i);
        if (!read(r, element, items + n * step)) {
            memset(items + n * step, 0, step);
            continue;
        }
        seen[n] = (struct seen){ items + n * step, element };
        n++;
    }
    if (!may_repeat)
        report_twice(r, seen, n, size);
    free(seen);
    *out = n == 0 ? NULL : items;
    return n;
}

size_t conf_read_elements(struct conf_reader *r, const config_setting_t *group,
                          enum conf_option_id id, size_t size, conf_element_cb *read,
                          const void **out)
{
    return read_elements(r, group, id, size, read, false, out);
}

size_t conf_read_repeatable(struct conf_reader *r, const config_setting_t *group,
                            enum conf_option_id id, size_t size, conf_element_cb *read,
                            const void **out)
{
    return read_elements(r, group, id, size, read, true, out);
}

static bool read_plain_text(struct conf_reader *r, const config_setting_t *s, void *out)
{
    static const struct conf_option element = { .type = CONF_TYPE_TEXT, .least = 1, .most = 1024 };
    const char *text = conf_text_of(r, s, &element);
    const char **kept = out;

    if (text == NULL)
        return false;
    *kept = conf_keep(r, text);
    return true;
}

size_t conf_read_texts(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                       const char *const **out)
{
    const void *items;
    size_t n = conf_read_elements(r, group, id, 0, read_plain_text, &items);

    *out = items;
    return n;
}

size_t conf_read_ints(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                      int least, int most, const int **out)
{
    size_t len, n = 0;
    char found[CONF_GOT_LEN];
    const config_setting_t *list = conf_read_list(r, group, id, &len);
    int *ints = conf_alloc(r, len, sizeof *ints);

    for (size_t i = 0; ints != NULL && i < len; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        if (is_integer(s) && integer_of(s) >= least && integer_of(s) <= most)
            ints[n++] = integer_of(s);
        else
            conf_error(r, s, "expected an integer from %d to %d, got %s", least, most,
                       conf_got(s, found));
    }
    *out = ints;
    return n;
}
