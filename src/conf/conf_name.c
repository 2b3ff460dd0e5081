/* conf_name.c - host names by the letters they may hold, and an index from name to number.
 *
 * Whether a host exists in a zone is the world's business. One loader at a time. */
#include "conf_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/report.h>

#include "conf_near.h"

enum {
    LABEL_MAX = 63,
    HOST_MAX = 253, /* without the trailing dot: 255 octets on the wire, RFC 1035 2.3.4 */
    NAME_MAX_LEN = 63,
    HINTS_MAX = 50 /* findings after which no more names are suggested: it takes long */
};

/* ---- host names ---- */

static bool is_label_letter(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* NULL when the label is sound, or what is wrong with it. */
static const char *label_trouble(const char *label, size_t len, bool is_first,
                                 enum conf_host_kind kind)
{
    if (len == 0)
        return "an empty label";
    if (len > LABEL_MAX)
        return "a label of more than 63 characters";
    if (len == 1 && label[0] == '*')
        return is_first && kind == CONF_HOST_WILDCARD_TOO ? NULL : "a * where none can be";
    for (size_t i = 0; i < len; i++)
        if (!is_label_letter(label[i]))
            return "only letters, digits, '-' and '_' are allowed";
    if (label[0] == '-' || label[len - 1] == '-')
        return "a label that begins or ends with '-'";
    return NULL;
}

static const char *host_trouble(const char *host, size_t len, enum conf_host_kind kind)
{
    bool is_first = true;

    if (len == 1 && host[0] == '.')
        return "it names the root";
    if (len > HOST_MAX)
        return "more than 253 characters";
    for (size_t start = 0; start <= len; is_first = false) {
        const char *dot = memchr(host + start, '.', len - start);
        size_t label_len = dot == NULL ? len - start : (size_t)(dot - host) - start;
        const char *trouble = label_trouble(host + start, label_len, is_first, kind);
        if (trouble != NULL)
            return trouble;
        start += label_len + 1;
    }
    return NULL;
}

/* A zone may have any name (RFC 2181 11), the root's too; what the escapes in it spell is the zone's
 * own business. */
static const char *zone_trouble(const char *name, size_t len)
{
    if (name[0] == '*' && (len == 1 || name[1] == '.'))
        return "a * where none can be";
    for (size_t i = 0; i < len; i++) {
        if (!isgraph((unsigned char)name[i]))
            return "a blank or a sign that is not ASCII is written as \\DDD";
        if (name[i] == '.' && len > 1 && (i == 0 || name[i - 1] == '.'))
            return "an empty label";
    }
    return NULL;
}

/* Without the dot at the end, unless it is all there is or is escaped. */
static size_t len_without_dot(const char *text)
{
    size_t len = strlen(text);

    return len > 1 && text[len - 1] == '.' && text[len - 2] != '\\' ? len - 1 : len;
}

static const char *host_of(struct conf_reader *r, const config_setting_t *s,
                           enum conf_host_kind kind)
{
    static const struct conf_option element = { .type = CONF_TYPE_HOST, .least = 1, .most = 254 };
    char shown[CONF_SHOW_LEN];
    const char *text = conf_text_of(r, s, &element);

    if (text == NULL)
        return NULL;
    size_t len = len_without_dot(text);
    const char *trouble =
        kind == CONF_HOST_ZONE ? zone_trouble(text, len) : host_trouble(text, len, kind);
    if (trouble != NULL) {
        conf_error(r, s, "\"%s\" is not a valid name: %s", conf_show(text, shown), trouble);
        return NULL;
    }
    char *kept = conf_alloc(r, len + 1, 1);
    return kept == NULL ? NULL : memcpy(kept, text, len);
}

const char *conf_read_host(struct conf_reader *r, const config_setting_t *group,
                           enum conf_option_id id, enum conf_host_kind kind)
{
    const config_setting_t *s = conf_member(group, id);

    return s == NULL ? NULL : host_of(r, s, kind);
}

size_t conf_read_hosts(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                       enum conf_host_kind kind, const char *const **out)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, group, id, &len);
    const char **hosts = conf_alloc(r, len, sizeof *hosts);

    for (size_t i = 0; hosts != NULL && i < len; i++) {
        hosts[n] = host_of(r, config_setting_get_elem(list, (unsigned)i), kind);
        n += hosts[n] != NULL;
    }
    *out = hosts;
    return n;
}

/* ---- names of ours ---- */

bool conf_check_name(struct conf_reader *r, const config_setting_t *at, const char *name)
{
    char shown[CONF_SHOW_LEN];
    size_t len = strlen(name);
    bool is_sound = len > 0 && len <= NAME_MAX_LEN;

    for (size_t i = 0; i < len && is_sound; i++)
        is_sound = isalnum((unsigned char)name[i]) || name[i] == '-' || name[i] == '_';
    if (!is_sound)
        conf_error(r, at,
                   "\"%s\" cannot be a name: expected letters, digits, '-' and '_', at most %d",
                   conf_show(name, shown), NAME_MAX_LEN);
    return is_sound;
}

struct entry {
    const char *name;
    int number;
};

struct conf_index {
    size_t n, cap;
    struct entry entries[];
};

struct conf_index *conf_index_new(struct conf_reader *r, size_t cap)
{
    struct conf_index *index = conf_alloc(r, 1, sizeof *index + cap * sizeof *index->entries);

    if (index != NULL)
        index->cap = cap;
    return index;
}

void conf_index_add(struct conf_index *index, const char *name, int number)
{
    if (index != NULL && index->n < index->cap)
        index->entries[index->n++] = (struct entry){ name, number };
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

void conf_index_sort(struct conf_index *index)
{
    if (index != NULL && index->n > 1)
        qsort(index->entries, index->n, sizeof *index->entries, compare_entries);
}

static const char *hint(const struct conf_reader *r, const struct conf_index *index,
                        const char *name, char out[static CONF_HINT_LEN])
{
    struct conf_near near;

    conf_near_init(&near, name);
    for (size_t i = 0; i < index->n && report_count(r->report) < HINTS_MAX; i++)
        conf_near_offer(&near, index->entries[i].name);
    return conf_near_hint(&near, out);
}

int conf_index_find(struct conf_reader *r, const struct conf_index *index,
                    const config_setting_t *at, const char *what, const char *name)
{
    char shown[CONF_SHOW_LEN], text[CONF_HINT_LEN];
    struct entry wanted = { .name = name };

    if (index == NULL) /* too many, or no memory: reported elsewhere */
        return CONF_NONE;
    const struct entry *e =
        bsearch(&wanted, index->entries, index->n, sizeof *index->entries, compare_entries);
    if (e != NULL)
        return e->number;
    conf_error(r, at, "no %s is called \"%s\"%s", what, conf_show(name, shown),
               hint(r, index, name, text));
    return CONF_NONE;
}

int conf_ref_of(struct conf_reader *r, const config_setting_t *s, const struct conf_index *index,
                const char *what)
{
    static const struct conf_option element = { .type = CONF_TYPE_REF, .least = 1, .most = 63 };
    const char *name = conf_text_of(r, s, &element);

    return name == NULL ? CONF_NONE : conf_index_find(r, index, s, what, name);
}

int conf_read_ref(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                  const struct conf_index *index, const char *what)
{
    const config_setting_t *s = conf_member(group, id);

    return s == NULL ? CONF_NONE : conf_ref_of(r, s, index, what);
}
