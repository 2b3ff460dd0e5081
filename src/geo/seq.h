/* seq.h - the address space of one family, cut into networks that each carry a number.
 *
 * The networks stand in address order, cover everything and do not overlap, so that a length and a
 * number each say it all: where a network starts is where the one before ends. Equal siblings are
 * merged as they are added. Both families use the same positions: 128 bits, IPv4 in the upper 32.
 *
 * Threads: one owner while it grows; afterwards anybody may read it.
 * Owner:   the caller's storage; geo_seq_fini frees what hangs on it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>

__extension__ typedef unsigned __int128 geo_pos;

struct geo_seq {
    uint8_t *bits;   /* length of network i */
    uint32_t *value; /* what it carries */
    size_t n, cap;
    geo_pos end;   /* where the next network starts; 0 again when all is covered */
    geo_pos *mark; /* start of every GEO_SEQ_STEP-th network, for geo_seq_find; NULL: not made */
};

enum { GEO_SEQ_STEP = 128 };

void geo_seq_init(struct geo_seq *seq);
void geo_seq_fini(struct geo_seq *seq);
bool geo_seq_reserve(struct geo_seq *seq, size_t n); /* false: out of memory */

/* How many addresses a network of that length holds; 0 stands for all 2^128. */
static inline geo_pos geo_pos_size(unsigned bits)
{
    return bits == 0 ? 0 : (geo_pos)1 << (128 - bits);
}

geo_pos geo_pos_of(const struct addr *a);
/* The network of `bits` (counted in the family) at that position. */
struct prefix geo_pos_prefix(geo_pos at, unsigned bits, uint8_t family);

/* Appends the next network, which must start on a multiple of its size. false: out of memory. */
static inline bool geo_seq_add(struct geo_seq *seq, unsigned bits, uint32_t value)
{
    if (seq->n == seq->cap && !geo_seq_reserve(seq, seq->n * 2))
        return false;

    geo_pos start = seq->end, size = geo_pos_size(bits);
    size_t n = seq->n;

    seq->end += size;
    while (n > 0 && seq->value[n - 1] == value && seq->bits[n - 1] == bits && (start & size) != 0) {
        n--; /* what stands before is the left sibling: become the parent */
        bits--;
        start -= size;
        size <<= 1;
    }
    seq->bits[n] = (uint8_t)bits;
    seq->value[n] = value;
    seq->n = n + 1;
    return true;
}

/* Empties the list for being added to anew, from its own entries: no more of them have been added
 * than read, at any time. */
static inline void geo_seq_rewind(struct geo_seq *seq)
{
    seq->n = 0;
    seq->end = 0;
}

/* Prefixes of one family, each with a number, in any order (they are sorted in place) and without
 * duplicates: every address gets the number of the longest prefix that holds it, or 0. */
struct geo_seq_item {
    struct prefix prefix;
    uint32_t value;
};
bool geo_seq_from_prefixes(struct geo_seq *seq, struct geo_seq_item *items, size_t n);

/* For every piece of the common refinement of both: join(a's number, b's number). It is called
 * again for a pair that comes again, and must then give the same. `out` is empty at first. */
typedef uint32_t geo_seq_join_cb(void *ctx, uint32_t a, uint32_t b);
bool geo_seq_zip(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join, void *ctx,
                 struct geo_seq *out);

/* The same where join(a, 0) is a: whole stretches of `a` are then copied. */
bool geo_seq_overlay(const struct geo_seq *a, const struct geo_seq *b, geo_seq_join_cb *join,
                     void *ctx, struct geo_seq *out);

/* Gives back spare memory and makes geo_seq_find possible. false: out of memory. */
bool geo_seq_finish(struct geo_seq *seq);
/* The index of the network that holds the address. */
size_t geo_seq_find(const struct geo_seq *seq, geo_pos at);
size_t geo_seq_bytes(const struct geo_seq *seq);
