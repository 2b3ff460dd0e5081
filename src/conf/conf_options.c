/* conf_options.c - the table of options: look-ups for the parser, the text for `waymark options`.
 *
 * Constant data and pure functions; what the options mean is the parser's business. */
#include "conf_options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <waymark/conf.h>

static const struct conf_option options[] = {
#define GROUP(...)
#define OPTION(group, name, type, unit, preset, least, most, sentence)                             \
    { CONF_GROUP_##group, #name, CONF_TYPE_##type, unit, preset, least, most, sentence },
#include "options.def"
#undef GROUP
#undef OPTION
};

struct group_text {
    const char *path, *sentence;
};

static const struct group_text groups_text[] = {
#define GROUP(id, path, sentence) { path, sentence },
#define OPTION(...)
#include "options.def"
#undef GROUP
#undef OPTION
};

struct type_text {
    const char *name;     /* in tables */
    const char *expected; /* in errors, after "expected" */
    enum { LIMIT_NONE, LIMIT_RANGE, LIMIT_LENGTH, LIMIT_COUNT } limit;
};

static const struct type_text types[CONF_TYPES] = {
    [CONF_TYPE_INT] = { "integer", "an integer", LIMIT_RANGE },
    [CONF_TYPE_NUMBER] = { "number", "a number", LIMIT_RANGE },
    [CONF_TYPE_BOOL] = { "boolean", "true or false", LIMIT_NONE },
    [CONF_TYPE_TEXT] = { "text", "a text", LIMIT_LENGTH },
    [CONF_TYPE_WORD] = { "word", "one of", LIMIT_NONE },
    [CONF_TYPE_NAME] = { "name", "a name", LIMIT_LENGTH },
    [CONF_TYPE_REF] = { "name", "a name", LIMIT_LENGTH },
    [CONF_TYPE_PATH] = { "path", "a path", LIMIT_LENGTH },
    [CONF_TYPE_HOST] = { "host name", "a host name", LIMIT_LENGTH },
    [CONF_TYPE_URL] = { "URL", "a URL", LIMIT_LENGTH },
    [CONF_TYPE_FIELD] = { "path of keys", "keys with dots between them", LIMIT_LENGTH },
    [CONF_TYPE_ENDPOINT] = { "endpoint", "an address with a port", LIMIT_LENGTH },
    [CONF_TYPE_POINT] = { "point", "[latitude, longitude]", LIMIT_NONE },
    [CONF_TYPE_INTS] = { "integers", "a list of integers", LIMIT_COUNT },
    [CONF_TYPE_ASNS] = { "AS numbers", "a list of AS numbers", LIMIT_COUNT },
    [CONF_TYPE_TEXTS] = { "texts", "a list of texts", LIMIT_COUNT },
    [CONF_TYPE_CODES] = { "codes", "a list of codes", LIMIT_COUNT },
    [CONF_TYPE_REFS] = { "names", "a list of names", LIMIT_COUNT },
    [CONF_TYPE_PATHS] = { "paths", "a list of paths", LIMIT_COUNT },
    [CONF_TYPE_HOSTS] = { "host names", "a list of host names", LIMIT_COUNT },
    [CONF_TYPE_ENDPOINTS] = { "endpoints", "a list of addresses with ports", LIMIT_COUNT },
    [CONF_TYPE_ADDRESSES] = { "addresses", "a list of addresses", LIMIT_COUNT },
    [CONF_TYPE_PREFIXES] = { "prefixes", "a list of prefixes", LIMIT_COUNT },
    [CONF_TYPE_QUERY] = { "word or names", "\"all\", \"none\" or a list of names", LIMIT_NONE },
    [CONF_TYPE_ORDER] = { "ordered names", "a list of names or of lists of names", LIMIT_COUNT },
    [CONF_TYPE_STAGES] = { "stages", "a list ( ) of stages", LIMIT_COUNT },
    [CONF_TYPE_RULES] = { "rules", "a list ( ) of groups { }", LIMIT_COUNT },
    [CONF_TYPE_GROUP] = { "group", "a group { }", LIMIT_NONE },
    [CONF_TYPE_GROUPS] = { "list of groups", "a list ( ) of groups { }", LIMIT_COUNT },
    [CONF_TYPE_NAMED] = { "named groups", "a group { } of named groups", LIMIT_COUNT },
};

static_assert(CONF_GROUPS <= 8 * sizeof(conf_groups), "a set of groups is one word");

const struct conf_option *conf_option(enum conf_option_id id)
{
    assert((size_t)id < CONF_OPTIONS);
    return &options[id];
}

bool conf_option_is_required(const struct conf_option *option)
{
    return strcmp(option->preset, "required") == 0;
}

const struct conf_option *conf_option_find(conf_groups groups, const char *name)
{
    for (size_t i = 0; i < CONF_OPTIONS; i++)
        if ((groups >> options[i].group & 1) != 0 && strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* "window|query" -> `"window", "query"`. */
static void quote_words(const char *words, char *out, size_t size)
{
    size_t used = 0;

    while (*words != '\0' && used < size) {
        int len = (int)strcspn(words, "|");
        used += (size_t)snprintf(out + used, size - used, "%s\"%.*s\"", used == 0 ? "" : ", ", len,
                                 words);
        words += len + (words[len] == '|');
    }
}

const char *conf_option_expected(const struct conf_option *option,
                                 char out[static CONF_EXPECTED_LEN])
{
    const struct type_text *t = &types[option->type];
    char words[CONF_EXPECTED_LEN - 10];

    if (option->type == CONF_TYPE_WORD) {
        quote_words(option->unit, words, sizeof words);
        snprintf(out, CONF_EXPECTED_LEN, "%s %s", t->expected, words);
    } else if (t->limit == LIMIT_RANGE) {
        snprintf(out, CONF_EXPECTED_LEN, "%s from %.0f to %.0f", t->expected, option->least,
                 option->most);
    } else if (t->limit == LIMIT_LENGTH) {
        snprintf(out, CONF_EXPECTED_LEN, "%s of %.0f to %.0f characters in quotes", t->expected,
                 option->least, option->most);
    } else if (t->limit == LIMIT_COUNT) {
        snprintf(out, CONF_EXPECTED_LEN, "%s, %.0f to %.0f of them", t->expected, option->least,
                 option->most);
    } else {
        snprintf(out, CONF_EXPECTED_LEN, "%s", t->expected);
    }
    return out;
}

int conf_option_word(const struct conf_option *option, const char *word)
{
    const char *words = option->unit;
    size_t word_len = strlen(word);

    for (int i = 0; *words != '\0'; i++) {
        size_t len = strcspn(words, "|");
        if (len == word_len && memcmp(words, word, len) == 0)
            return i;
        words += len + (words[len] == '|');
    }
    return -1;
}

/* ---- waymark options ---- */

struct widths {
    int name, type, unit, preset;
};

static int longer(int width, const char *text)
{
    int len = (int)strlen(text);

    return len > width ? len : width;
}

static const char *unit_text(const struct conf_option *o)
{
    return o->unit[0] == '\0' ? "-" : o->unit;
}

static const char *preset_text(const struct conf_option *o)
{
    return o->preset[0] == '\0' ? "-" : o->preset;
}

static struct widths measure(enum conf_group_id group)
{
    struct widths w = { 0 };

    for (size_t i = 0; i < CONF_OPTIONS; i++) {
        if (options[i].group != group)
            continue;
        w.name = longer(w.name, options[i].name);
        w.type = longer(w.type, types[options[i].type].name);
        w.unit = longer(w.unit, unit_text(&options[i]));
        w.preset = longer(w.preset, preset_text(&options[i]));
    }
    return w;
}

static void print_group(enum conf_group_id group, FILE *out)
{
    struct widths w = measure(group);
    const struct group_text *g = &groups_text[group];

    fprintf(out, "%s%s%s\n", g->path, g->path[0] == '\0' ? "" : ": ", g->sentence);
    for (size_t i = 0; i < CONF_OPTIONS; i++) {
        const struct conf_option *o = &options[i];
        if (o->group == group)
            fprintf(out, "  %-*s  %-*s  %-*s  %-*s  %s\n", w.name, o->name, w.type,
                    types[o->type].name, w.unit, unit_text(o), w.preset, preset_text(o),
                    o->sentence);
    }
}

void conf_print_options(FILE *out)
{
    fputs("Each line: option, type, unit (or the words to choose from), default, meaning.\n", out);
    for (size_t g = 0; g < CONF_GROUPS; g++) {
        fputc('\n', out);
        print_group((enum conf_group_id)g, out);
    }
}
