/* body.h - a body that grows while many read it.
 *
 * Segments hang together in a chain; each is counted by the one before it, by readers that stand on
 * it and by output that still holds its octets. A body that is kept holds its first segment and with
 * it all; one that is let go holds the last only, so what every reader has passed is freed.
 *
 * Threads: one. No I/O, no clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BODY_SEGMENT_MIN = 2048,
    BODY_SEGMENT_MAX = 64 * 1024,
    BODY_WINDOW = 256 * 1024 /* octets of a body let go that its slowest reader may lie behind */
};

struct body_segment {
    uint32_t refs;
    uint32_t len, size;
    struct body_segment *next; /* counted */
    char data[];
};

/* And those behind it that nobody else holds; NULL is fine. */
void body_segment_unref(struct body_segment *s);

enum body_state {
    BODY_GROWING,
    BODY_COMPLETE, /* every octet is here */
    BODY_OPEN,     /* it ended where the connection did: nobody knows */
    BODY_BROKEN    /* octets are missing */
};

struct body_reader;

struct body {
    uint32_t refs;
    enum body_state state;
    bool is_kept;
    bool is_sized;        /* `expected` was announced */
    uint64_t expected;
    uint64_t len;         /* octets so far */
    uint64_t allocated;   /* of the chain since its first segment */
    struct body_segment *first, *last; /* first: kept only */
    struct body_reader *readers;
    void (*on_taken)(void *ctx); /* a reader has moved on or left; NULL: nobody cares */
    void *ctx;
};

/* Embedded in who reads. */
struct body_reader {
    struct body *body; /* counted */
    struct body_reader *next, **prev;
    struct body_segment *at; /* counted; NULL: nothing has come yet */
    uint32_t at_pos;
    uint64_t offset; /* octets taken or skipped */
    void (*on_more)(void *ctx); /* see body_wake */
    void *ctx;
};

struct body *body_new(void); /* kept; NULL: out of memory */
struct body *body_ref(struct body *b);
void body_unref(struct body *b); /* NULL is fine */

/* 0 or -ENOMEM, and then the body should be broken. */
int body_append(struct body *b, const char *data, size_t len);
void body_let_go(struct body *b); /* of what readers have passed, from now on */

uint64_t body_behind(const struct body *b);       /* of the slowest reader; of none: 0 */
bool body_wants_more(const struct body *b);       /* or should the source pause? */

/* A reader begins at the body's start: the body must not have been let go, or be empty. */
void body_reader_init(struct body_reader *r, struct body *b, void (*on_more)(void *), void *ctx);
void body_reader_fini(struct body_reader *r); /* zeroed is fine */

/* Calls every reader's on_more, which may end its own reader, or begin new ones. */
void body_wake(struct body *b);

/* The next octets in one piece, at most `most`: 0 when there are none now. `*segment` is theirs, not
 * counted for the caller. */
size_t body_peek(const struct body_reader *r, size_t most, const char **data,
                 struct body_segment **segment);
void body_take(struct body_reader *r, size_t len); /* at most what body_peek gave */
