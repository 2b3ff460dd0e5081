/* conf_options.h - the table of options as data. Constant, so any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum conf_group_id {
#define GROUP(id, path, sentence) CONF_GROUP_##id,
#define OPTION(...)
#include "options.def"
#undef GROUP
#undef OPTION
    CONF_GROUPS
};

/* OPT_server_listen and so on. */
enum conf_option_id {
#define GROUP(...)
#define OPTION(group, name, ...) OPT_##group##_##name,
#include "options.def"
#undef GROUP
#undef OPTION
    CONF_OPTIONS
};

enum conf_type {
    CONF_TYPE_INT,
    CONF_TYPE_NUMBER,
    CONF_TYPE_BOOL,
    CONF_TYPE_TEXT,
    CONF_TYPE_WORD,
    CONF_TYPE_NAME,
    CONF_TYPE_REF,
    CONF_TYPE_PATH,
    CONF_TYPE_HOST,
    CONF_TYPE_URL,
    CONF_TYPE_FIELD,
    CONF_TYPE_ENDPOINT,
    CONF_TYPE_POINT,
    CONF_TYPE_INTS,
    CONF_TYPE_ASNS,
    CONF_TYPE_TEXTS,
    CONF_TYPE_CODES,
    CONF_TYPE_REFS,
    CONF_TYPE_PATHS,
    CONF_TYPE_HOSTS,
    CONF_TYPE_ENDPOINTS,
    CONF_TYPE_ADDRESSES,
    CONF_TYPE_PREFIXES,
    CONF_TYPE_QUERY,
    CONF_TYPE_ORDER,
    CONF_TYPE_STAGES,
    CONF_TYPE_RULES,
    CONF_TYPE_GROUP,
    CONF_TYPE_GROUPS,
    CONF_TYPE_NAMED,
    CONF_TYPES
};

struct conf_option {
    enum conf_group_id group;
    const char *name;
    enum conf_type type;
    const char *unit;
    const char *preset; /* the default, "" or "required" */
    double least, most;
    const char *sentence;
};

const struct conf_option *conf_option(enum conf_option_id id);
bool conf_option_is_required(const struct conf_option *option);

/* Sets of groups, as 1 << CONF_GROUP_x. NULL: none of them has the name. */
typedef unsigned long conf_groups;
const struct conf_option *conf_option_find(conf_groups groups, const char *name);

/* "an integer from 1 to 20": what an error says was expected. Returns `out`. */
enum { CONF_EXPECTED_LEN = 160 };
const char *conf_option_expected(const struct conf_option *option,
                                 char out[static CONF_EXPECTED_LEN]);

/* The index of `word` among the option's words; -1: it is none of them. */
int conf_option_word(const struct conf_option *option, const char *word);
