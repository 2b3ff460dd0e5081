/* seq.c - lists of networks: grown, made from prefixes, zipped with one another, searched. Pure. */
#include "geo/seq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "geo/huge.h"

enum { SEQ_FIRST = 64 };

void geo_seq_init(struct geo_seq *seq)
{
    memset(seq, 0, sizeof *seq);
}

void geo_seq_fini(struct geo_seq *seq)
{
    free(seq->bits);
    free(seq->value);
    free(seq->mark);
    geo_seq_init(seq);
}

bool geo_seq_reserve(struct geo_seq *seq, size_t n)
{
    if (n < SEQ_FIRST)
        n = SEQ_FIRST;
    if (n <= seq->cap)
        return true;
    uint8_t *bits = realloc(seq->bits, n);
    if (bits != NULL)
        seq->bits = bits;
    uint32_t *value = realloc(seq->value, n * sizeof *value);
    if (value != NULL)
        seq->value = value;
    if (bits == NULL || value == NULL)
        return false;
    geo_huge_advise(bits, n);
    geo_huge_advise(value, n * sizeof *value);
    seq->cap = n;
    return true;
}

geo_pos geo_pos_of(const struct addr *a)
{
    geo_pos at = 0;

    for (size_t i = 0; i < sizeof a->octets; i++)
        at = at << 8 | a->octets[i];
    return at; /* an IPv4 address keeps its octets in front */
}

struct prefix geo_pos_prefix(geo_pos at, unsigned bits, uint8_t family)
{
    struct prefix p = { .addr.family = family, .bits = (uint8_t)bits };

    for (size_t i = 0; i < sizeof p.addr.octets; i++)
        p.addr.octets[i] = (uint8_t)(at >> (120 - 8 * i));
    p.addr = addr_mask(&p.addr, bits);
    return p;
}

/* The length of the largest network that starts at `at` and ends no later than `to`. */
static unsigned widest_bits(geo_pos at, geo_pos to)
{
    unsigned bits = 0;

    while (bits < 128) {
        geo_pos size = geo_pos_size(bits);
        bool is_aligned = bits == 0 ? at == 0 : (at & (size - 1)) == 0;
        bool is_inside = bits == 0 ? to == 0 : size - 1 <= to - at - 1;
        if (is_aligned && is_inside)
            break;
        bits++;
    }
    return bits;
}

/* Covers everything up to `to` (0: the end of the space). */
static bool fill(struct geo_seq *seq, geo_pos to, uint32_t value)
{
    while (seq->end != to || (to == 0 && seq->n == 0)) {
        if (!geo_seq_add(seq, widest_bits(seq->end, to), value))
            return false;
    }
    return true;
}

static int compare_items(const void *a, const void *b)
{
    const struct geo_seq_item *x = a, *y = b;
    int by_octets = memcmp(x->prefix.addr.octets, y->prefix.addr.octets, 16);

    return by_octets != 0 ? by_octets : (int)x->prefix.bits - (int)y->prefix.bits;
}

struct open_prefix {
    geo_pos last; /* its last address */
    uint32_t value;
};

bool geo_seq_from_prefixes(struct geo_seq *seq, struct geo_seq_item *items, size_t n)
{
    struct open_prefix open[130] = { { .last = ~(geo_pos)0 } }; /* nested ones have other lengths */
    size_t top = 0;

    if (n > 0)
        qsort(items, n, sizeof *items, compare_items);
    for (size_t i = 0; i < n; i++) {
        geo_pos start = geo_pos_of(&items[i].prefix.addr);
        for (; open[top].last < start; top--) {
            if (!fill(seq, open[top].last + 1, open[top].value))
                return false;
        }
        if (start != 0 && !fill(seq, start, open[top].value))
            return false;
        assert(top + 1 < sizeof open / sizeof *open);
        open[++top] =
            (struct open_prefix){ start + geo_pos_size(items[i].prefix.bits) - 1, items[i].value };
    }
    for (;; top--) {
        if ((seq->n == 0 || seq->end != 0) && !fill(seq, open[top].last + 1, open[top].value))
            return false;
        if (top == 0)
            return true;
    }
}

/* Does a network that starts at `at` end by `to`, which lies behind? 0: the end of the space. */
static bool ends_by(geo_pos at, unsigned bits, geo_pos to)
{
    return geo_pos_size(bits) - 1 <= to - at - 1;
}

/* Appends networks of `from` as they are: *i is the next, and those that end by `to` follow. The
 * first ones may merge with what stands before them; after one that does not, none does, since none
 * did in `from`. */
static bool copy_until(struct geo_seq *seq, const struct geo_seq *from, size_t *i, geo_pos to)
{
    size_t before, first, n;

    do {
        if (!ends_by(seq->end, from->bits[*i], to))
            return true;
        before = seq->n;
        if (!geo_seq_add(seq, from->bits[*i], from->value[*i]))
            return false;
        ++*i;
        if (seq->end == to)
            return true;
    } while (seq->n <= before);
    first = *i;
    geo_pos at = seq->end;
    while (at != to && ends_by(at, from->bits[*i], to))
        at += geo_pos_size(from->bits[(*i)++]);
    n = *i - first;
    if (!geo_seq_reserve(seq, seq->n + n))
        return false;
    memcpy(seq->bits + seq->n, from->bits + first, n);
    memcpy(seq->value + seq->n, from->value + first, n * sizeof *seq->value);
    seq->n += n;
    seq->end = at;
    return true;
}

/* Two lists side by side: the next network of each, and where it ends. */
struct zip {
    const struct geo_seq *a, *b;
    size_t i, j;
    geo_pos a_end, b_end;
    geo_seq_join_cb *join;
    void *ctx;
    uint32_t last_a, last_b, joined;
};

static bool zip_one(struct zip *z, struct geo_seq *out)
{
    const struct geo_seq *a = z->a, *b = z->b;
    unsigned bits = a->bits[z->i] > b->bits[z->j] ? a->bits[z->i] : b->bits[z->j];

    if (a->value[z->i] != z->last_a || b->value[z->j] != z->last_b) {
        z->last_a = a->value[z->i];
        z->last_b = b->value[z->j];
        z->joined = z->join(z->ctx, z->last_a, z->last_b);
    }
    return geo_seq_add(out, bits, z->joined);
}

/* Passes what ends where `out` does. */
static void zip_pass(struct zip *z, geo_pos end)
{
    if (end == z->a_end && ++z->i < z->a->n)
        z->a_end += geo_pos_size(z->a->bits[z->i]);
    if (end == z->b_end && ++z->j < z->b->n)
        z->b_end += geo_pos_size(z->b->bits[z->j]);
}

static struct zip zip_start(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join,
                            void *ctx)
{
    return (struct zip){ .a = a,
                         .b = b,
                         .a_end = geo_pos_size(a->bits[0]),
                         .b_end = geo_pos_size(b->bits[0]),
                         .join = join,
                         .ctx = ctx,
                         .last_a = a->value[0],
                         .last_b = b->value[0],
                         .joined = join(ctx, a->value[0], b->value[0]) };
}

bool geo_seq_zip(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join, void *ctx,
                 struct geo_seq *out)
{
    struct zip z = zip_start(a, b, join, ctx);

    if (!geo_seq_reserve(out, a->n > b->n ? a->n : b->n))
        return false;
    while (z.i < a->n) {
        if (!zip_one(&z, out))
            return false;
        zip_pass(&z, out->end);
    }
    assert(z.j == b->n && out->end == 0);
    return true;
}

bool geo_seq_overlay(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join,
                     void *ctx, struct geo_seq *out)
{
    struct zip z = zip_start(a, b, join, ctx);

    if (!geo_seq_reserve(out, a->n > b->n ? a->n : b->n))
        return false;
    while (z.i < a->n) {
        bool is_start = z.a_end - geo_pos_size(a->bits[z.i]) == out->end;
        size_t was = z.i;
        if (b->value[z.j] == 0 && is_start && !copy_until(out, a, &z.i, z.b_end))
            return false;
        if (z.i == was && !zip_one(&z, out))
            return false;
        if (z.i > was) {
            z.i--; /* passed below, with what it may end together with */
            z.a_end = out->end;
        }
        zip_pass(&z, out->end);
    }
    assert(z.j == b->n && out->end == 0);
    return true;
}

bool geo_seq_finish(struct geo_seq *seq)
{
    geo_pos at = 0;

    assert(seq->n > 0 && seq->end == 0);
    seq->mark = malloc((seq->n / GEO_SEQ_STEP + 1) * sizeof *seq->mark);
    if (seq->mark == NULL)
        return false;
    for (size_t i = 0; i < seq->n; i++) {
        if (i % GEO_SEQ_STEP == 0)
            seq->mark[i / GEO_SEQ_STEP] = at;
        at += geo_pos_size(seq->bits[i]);
    }
    uint8_t *bits = realloc(seq->bits, seq->n);
    if (bits != NULL)
        seq->bits = bits;
    uint32_t *value = realloc(seq->value, seq->n * sizeof *value);
    if (value != NULL)
        seq->value = value;
    seq->cap = seq->n;
    return true;
}

size_t geo_seq_find(const struct geo_seq *seq, geo_pos at)
{
    size_t low = 0, high = (seq->n - 1) / GEO_SEQ_STEP + 1; /* mark[low] <= at < mark[high] */

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (seq->mark[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    size_t i = low * GEO_SEQ_STEP;
    geo_pos start = seq->mark[low];
    while (seq->bits[i] != 0 && at - start >= geo_pos_size(seq->bits[i]))
        start += geo_pos_size(seq->bits[i++]);
    return i;
}

size_t geo_seq_bytes(const struct geo_seq *seq)
{
    size_t marks = seq->mark == NULL ? 0 : (seq->n / GEO_SEQ_STEP + 1) * sizeof *seq->mark;

    return seq->cap * (sizeof *seq->bits + sizeof *seq->value) + marks;
}
