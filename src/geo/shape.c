/* shape.c - one bounded pass over a value of a database's data section. Pure. */
#include "geo/shape.h"

#include <errno.h>
#include <string.h>

#include <waymark/escape.h>

struct walk {
    struct geo_shape *shape;
    struct geo_value *found;
    uint32_t mask; /* of what was found */
    uint32_t left; /* values that this record may still have */
    const char *trouble;
    uint32_t trouble_at;
};

bool geo_path_parse(const char *text, struct geo_path *out)
{
    *out = (struct geo_path){ .text = text };
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ".");
        if (len == 0 || len > 255 || out->n == GEO_PATH_STEPS)
            return false;
        struct geo_step step = { .key = at, .len = (uint32_t)len, .index = UINT32_MAX };
        if (len <= 4 && strspn(at, "0123456789") >= len) {
            step.index = 0;
            for (size_t i = 0; i < len; i++)
                step.index = step.index * 10 + (uint32_t)(at[i] - '0');
        }
        out->steps[out->n++] = step;
        at += len;
        if (*at == '\0')
            return true;
    }
}

static bool fail(struct walk *w, uint32_t at, const char *trouble)
{
    w->trouble = trouble;
    w->trouble_at = at;
    return false;
}

/* Big-endian, at most 4 octets. */
static uint32_t get_number(const uint8_t *p, size_t len)
{
    uint32_t n = 0;

    for (size_t i = 0; i < len; i++)
        n = n << 8 | p[i];
    return n;
}

/* The most octets each type's payload may have; 0: as many as it says. */
static const uint8_t widest[16] = {
    [GEO_TYPE_UINT16] = 2,   [GEO_TYPE_UINT32] = 4, [GEO_TYPE_INT32] = 4, [GEO_TYPE_UINT64] = 8,
    [GEO_TYPE_UINT128] = 16, [GEO_TYPE_DOUBLE] = 8, [GEO_TYPE_FLOAT] = 4
};

static bool check_payload(struct walk *w, const struct geo_value *v)
{
    uint32_t room = w->shape->size - v->payload;

    switch ((int)v->type) {
    case GEO_TYPE_MAP:
        return v->size <= room / 2 || fail(w, v->at, "a map with more members than fit");
    case GEO_TYPE_ARRAY:
        return v->size <= room || fail(w, v->at, "an array with more members than fit");
    case GEO_TYPE_BOOL:
        return v->size <= 1 || fail(w, v->at, "a boolean that is neither 0 nor 1");
    case GEO_TYPE_DOUBLE:
    case GEO_TYPE_FLOAT:
        if (v->size != widest[v->type])
            return fail(w, v->at, "a floating point number of an odd length");
        break;
    case 0:
    case 12:
    case 13:
        return fail(w, v->at, "a value of a type that data cannot have");
    default:
        if (widest[v->type] != 0 && v->size > widest[v->type])
            return fail(w, v->at, "a number longer than its type");
    }
    return v->size <= room || fail(w, v->at, "a value that runs over the end of the data");
}

/* The control octets at `at`, whatever they announce; for a pointer, `size` is its target and
 * `payload` what follows it. */
static bool decode_head(struct walk *w, uint32_t at, struct geo_value *v)
{
    const uint8_t *p = w->shape->data;
    uint32_t end = w->shape->size;

    if (at >= end)
        return fail(w, at, "a value outside the data");
    uint8_t control = p[at];
    *v = (struct geo_value){ .type = control >> 5, .at = at, .payload = at + 1 };
    if (v->type == GEO_TYPE_POINTER) {
        static const uint32_t base[4] = { 0, 2048, 526336, 0 };
        uint32_t n = (control >> 3 & 3) + 1u;
        if (end - v->payload < n)
            return fail(w, at, "a pointer that runs over the end of the data");
        uint32_t high = n == 4 ? 0 : (uint32_t)(control & 7) << (8 * n);
        v->size = high + get_number(p + v->payload, n) + base[n - 1];
        v->payload += n;
        return true;
    }
    if (v->type == 0) { /* an extended type */
        if (v->payload >= end || p[v->payload] > 8)
            return fail(w, at, "a value of a type that does not exist");
        v->type = (enum geo_type)(p[v->payload++] + 7);
        if (v->type == GEO_TYPE_MAP)
            return fail(w, at, "a value of a type that does not exist");
    }
    v->size = control & 31;
    if (v->size >= 29) {
        static const uint32_t base[3] = { 29, 285, 65821 };
        uint32_t n = v->size - 28;
        if (end - v->payload < n)
            return fail(w, at, "a size that runs over the end of the data");
        v->size = base[n - 1] + get_number(p + v->payload, n);
        v->payload += n;
    }
    return true;
}

/* The value at `at`, a pointer followed; *next is where its neighbour starts, unless it is a map or
 * an array in place (*is_open), whose members have to be passed first. */
static bool decode(struct walk *w, uint32_t at, struct geo_value *v, uint32_t *next, bool *is_open)
{
    if (w->left-- == 0)
        return fail(w, at, "a record with too many values");
    if (w->shape->budget == 0)
        return fail(w, at, "records that lie in one another, which would take hours to read");
    w->shape->budget--;
    if (!decode_head(w, at, v))
        return false;
    bool is_pointer = v->type == GEO_TYPE_POINTER;
    if (is_pointer) {
        *next = v->payload;
        if (!decode_head(w, v->size, v))
            return false;
        if (v->type == GEO_TYPE_POINTER)
            return fail(w, at, "a pointer to a pointer");
    }
    if (!check_payload(w, v))
        return false;
    bool is_container = v->type == GEO_TYPE_MAP || v->type == GEO_TYPE_ARRAY;
    *is_open = is_container && !is_pointer;
    if (!is_pointer && !is_container)
        *next = v->payload + (v->type == GEO_TYPE_BOOL ? 0 : v->size);
    return true;
}

/* Which of the paths in `mask` have this key as their step number `depth`? */
static uint32_t paths_with_key(const struct geo_shape *s, uint32_t mask, unsigned depth,
                               const uint8_t *key, uint32_t len)
{
    uint32_t hits = 0;

    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        const struct geo_step *step = &s->paths[i].steps[depth];
        if (step->len == len && memcmp(step->key, key, len) == 0)
            hits |= 1u << i;
    }
    return hits;
}

static uint32_t paths_with_index(const struct geo_shape *s, uint32_t mask, unsigned depth,
                                 uint32_t index)
{
    uint32_t hits = 0;

    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        if (s->paths[i].steps[depth].index == index)
            hits |= 1u << i;
    }
    return hits;
}

/* Paths that end with the value at hand are noted; the others, which go on, are returned. */
static uint32_t note_ends(struct walk *w, uint32_t mask, unsigned depth, const struct geo_value *v)
{
    uint32_t onwards = 0;

    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        if (w->shape->paths[i].n > depth) {
            onwards |= 1u << i;
        } else if ((w->mask & 1u << i) == 0) {
            w->mask |= 1u << i;
            w->found[i] = *v;
        }
    }
    return onwards;
}

/* The same for a pointer to a key that was seen before, in the same role. */
static bool pass_known_key(struct walk *w, uint32_t *at, unsigned depth, uint32_t mask,
                           uint32_t *hits)
{
    struct geo_value pointer;

    if (!decode_head(w, *at, &pointer))
        return false;
    const struct geo_key_memo *memo = &w->shape->memos[pointer.size % GEO_KEY_MEMOS];
    if (memo->at != pointer.size || memo->depth != depth || memo->mask != mask)
        return false;
    *at = pointer.payload;
    *hits = memo->hits;
    return true;
}

/* Passes the key at *at, and says which of the paths in `mask` go on with it. */
static bool pass_key(struct walk *w, uint32_t *at, unsigned depth, uint32_t mask, uint32_t *hits)
{
    struct geo_shape *s = w->shape;
    struct geo_value key;
    bool is_open;

    *hits = 0;
    if (mask != 0 && s->data[*at < s->size ? *at : 0] >> 5 == GEO_TYPE_POINTER &&
        pass_known_key(w, at, depth, mask, hits))
        return true;
    uint32_t start = *at;
    if (!decode(w, start, &key, at, &is_open))
        return false;
    if (key.type != GEO_TYPE_TEXT)
        return fail(w, start, "a map whose key is not a text");
    if (mask == 0)
        return true;
    *hits = paths_with_key(s, mask, depth, s->data + key.payload, key.size);
    s->memos[key.at % GEO_KEY_MEMOS] = (struct geo_key_memo){ key.at, depth, mask, *hits };
    return true;
}

/* Recursion is bounded by GEO_SHAPE_DEPTH. `mask`: the paths that have come this far. */
static bool walk_value(struct walk *w, uint32_t at, unsigned depth, uint32_t mask, uint32_t *next)
{
    struct geo_shape *s = w->shape;
    struct geo_value v;
    uint32_t member;
    bool is_open;

    if (!decode(w, at, &v, next, &is_open))
        return false;
    uint32_t onwards = note_ends(w, mask, depth, &v);
    bool is_map = v.type == GEO_TYPE_MAP, is_array = v.type == GEO_TYPE_ARRAY;
    if (depth == 0 && !is_map)
        return fail(w, at, "a record that is not a map");
    if ((!is_map && !is_array) || (!is_open && onwards == 0 && !s->is_thorough))
        return true;
    if (depth == GEO_SHAPE_DEPTH)
        return fail(w, at, "maps or arrays nested too deeply");
    member = v.payload;
    for (uint32_t i = 0; i < v.size; i++) {
        uint32_t hits;
        if (is_map) {
            if (!pass_key(w, &member, depth, onwards, &hits))
                return false;
        } else {
            hits = paths_with_index(s, onwards, depth, i);
        }
        if (!walk_value(w, member, depth + 1, hits, &member))
            return false;
    }
    if (is_open)
        *next = member;
    return true;
}

int geo_shape_walk(struct geo_shape *shape, uint32_t at, struct geo_value found[GEO_PATHS_MAX],
                   uint32_t *mask, char why[static WHY_LEN])
{
    struct walk w = { .shape = shape, .found = found, .left = GEO_SHAPE_VALUES };
    uint32_t all = shape->n_paths == 32 ? UINT32_MAX : (1u << shape->n_paths) - 1;
    uint32_t next;

    if (!walk_value(&w, at, 0, all, &next))
        return why_set(why, -EINVAL, "%s, at octet %u of the data", w.trouble, w.trouble_at);
    *mask = w.mask;
    return 0;
}

bool geo_shape_is_all_text(struct geo_shape *shape, const struct geo_value *container)
{
    struct walk w = { .shape = shape, .left = GEO_SHAPE_VALUES };
    uint32_t n = container->type == GEO_TYPE_MAP ? container->size * 2 : container->size;
    uint32_t at = container->payload;
    struct geo_value v;
    bool is_open;

    for (; n > 0; n--) {
        if (!decode(&w, at, &v, &at, &is_open) || v.type != GEO_TYPE_TEXT)
            return false;
    }
    return true;
}

bool geo_text_is_clean(const uint8_t *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = escape_char_len((const char *)text + i, len - i);
        if (n == 0)
            return false;
    }
    return true;
}
