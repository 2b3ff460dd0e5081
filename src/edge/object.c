/* object.c - memory of one stored response. */
#include "object.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/hash.h>

struct object *object_new(const struct object_key *key, struct http_text names,
                          struct http_text mark)
{
    struct object *o = calloc(1, sizeof *o);
    size_t len = key->text.len + names.len + mark.len;

    if (o == NULL)
        return NULL;
    o->refs = 1;
    o->hash = key->hash;
    o->key = malloc(len + 1);
    if (o->key == NULL) {
        object_unref(o);
        return NULL;
    }
    memcpy(o->key, key->text.at, key->text.len);
    if (names.len > 0)
        memcpy(o->key + key->text.len, names.at, names.len);
    if (mark.len > 0)
        memcpy(o->key + key->text.len + names.len, mark.at, mark.len);
    o->key_len = (uint32_t)key->text.len;
    o->url_len = (uint32_t)key->url_len;
    o->names_len = (uint32_t)names.len;
    o->mark_len = (uint32_t)mark.len;
    return o;
}

struct object *object_ref(struct object *o)
{
    o->refs++;
    return o;
}

void object_unref(struct object *o)
{
    if (o == NULL || --o->refs > 0)
        return;
    assert(o->queue == OBJECT_NOWHERE);
    body_unref(o->body);
    free(o->key);
    free(o->tags);
    free(o->head);
    free(o);
}

struct http_text object_key_text(const struct object *o)
{
    return (struct http_text){ o->key, o->key_len };
}

struct http_text object_url(const struct object *o)
{
    return (struct http_text){ o->key, o->url_len };
}

struct http_text object_names(const struct object *o)
{
    return (struct http_text){ o->key + o->key_len, o->names_len };
}

struct http_text object_mark(const struct object *o)
{
    return (struct http_text){ o->key + o->key_len + o->names_len, o->mark_len };
}

bool object_has_key(const struct object *o, const struct object_key *key)
{
    return o->hash == key->hash && o->key_len == key->text.len &&
           memcmp(o->key, key->text.at, o->key_len) == 0;
}

static struct http_text next_line(struct http_text *rest)
{
    const char *end = memchr(rest->at, '\r', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
    struct http_text line = { rest->at, len };
    size_t step = len + 2 < rest->len ? len + 2 : rest->len;

    rest->at += step;
    rest->len -= step;
    return line;
}

void object_fields(const struct object *o, struct http_fields *out)
{
    object_read_fields(o->head, o->head_len, out);
}

void object_read_fields(const char *lines, size_t len, struct http_fields *out)
{
    struct http_text rest = { lines, len };

    http_fields_init(out);
    while (rest.len > 0) {
        struct http_text line = next_line(&rest);
        const char *colon = memchr(line.at, ':', line.len);
        if (colon == NULL)
            continue;
        struct http_text name = { line.at, (size_t)(colon - line.at) };
        struct http_text value = { colon + 1, line.len - name.len - 1 };
        if (!http_fields_add(out, name, http_text_trim(value)))
            break;
    }
}

uint64_t object_tag_hash(struct http_text tag)
{
    return hash_plain(tag.at, tag.len);
}

static size_t read_list(struct http_text list, const char *separators, uint64_t *out, size_t room)
{
    size_t n = 0;

    for (size_t at = 0, end; at < list.len && n < room; at = end + 1) {
        for (end = at; end < list.len && strchr(separators, list.at[end]) == NULL;)
            end++;
        struct http_text tag = http_text_trim((struct http_text){ list.at + at, end - at });
        if (tag.len > 0)
            out[n++] = object_tag_hash(tag);
    }
    return n;
}

static size_t read_tags(const struct http_fields *fields, uint64_t out[static OBJECT_TAGS_MAX])
{
    static const struct {
        enum http_id id;
        const char *separators;
    } lists[] = { { HTTP_CACHE_TAG, "," }, { HTTP_SURROGATE_KEY, ", \t" } };
    size_t n = 0;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct http_field *f = http_field_first(fields, lists[i].id); f != NULL;
             f = http_field_next(fields, f))
            n += read_list(f->value, lists[i].separators, out + n, OBJECT_TAGS_MAX - n);
    return n;
}

static int set_tags(struct object *o)
{
    uint64_t tags[OBJECT_TAGS_MAX];
    struct http_fields fields;

    object_fields(o, &fields);
    size_t n = read_tags(&fields, tags);
    free(o->tags);
    o->n_tags = 0;
    o->tags = n == 0 ? NULL : malloc(n * sizeof *tags);
    if (n == 0)
        return 0;
    if (o->tags == NULL)
        return -ENOMEM;
    memcpy(o->tags, tags, n * sizeof *tags);
    o->n_tags = (uint32_t)n;
    return 0;
}

int object_set_head(struct object *o, uint16_t status, const char *head, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, head, len);
    free(o->head);
    o->head = copy;
    o->head_len = (uint32_t)len;
    o->status = status;
    return set_tags(o);
}

uint64_t object_bytes(const struct object *o)
{
    return sizeof *o + o->key_len + o->names_len + o->mark_len + o->head_len +
           o->n_tags * sizeof *o->tags +
           (o->body == NULL ? 0 : sizeof *o->body + o->body->allocated);
}
