/* object.h - a stored response: key, head, body, and what tells how it may be used.
 *
 * Counted: the store holds one count while the object is in it, whoever serves it another. The head
 * may be exchanged (a 304 does it) while bodies are being sent: nobody keeps slices of it.
 *
 * Threads: one. */
#pragma once

#include "body.h"
#include "http_field.h"
#include "rule_fresh.h"

enum { OBJECT_TAGS_MAX = 64 };

enum object_queue { OBJECT_NOWHERE, OBJECT_SMALL, OBJECT_MAIN };

struct object {
    uint32_t refs;
    bool is_marker;       /* no response: what is asked here is known to be uncacheable */
    uint8_t frequency;    /* S3-FIFO's two bits */
    enum object_queue queue;
    struct object *newer, *older, *next_in_bucket;
    uint64_t charge;      /* what the store counts for it */

    uint64_t hash;        /* of the key */
    char *key;            /* octets: key, names, mark, in one piece */
    uint32_t key_len, url_len, names_len, mark_len;
    uint64_t generation;  /* of purges that it is known to have survived */
    uint32_t n_tags;
    uint64_t *tags;       /* hashed */

    uint16_t status;
    uint32_t head_len;
    char *head;           /* "Name: value\r\n" lines, as they go to clients */
    struct rule_fresh fresh;
    struct body *body;    /* NULL: a marker */
    bool no_length;       /* to be sent without a claim to be complete */
    bool is_validating;   /* a fetch is under way for it */
};

struct object_key {
    struct http_text text; /* the whole key */
    size_t url_len;
    uint64_t hash;
};

/* `names` and `mark` are rule_vary.h's. NULL: out of memory. */
struct object *object_new(const struct object_key *key, struct http_text names,
                          struct http_text mark);
struct object *object_ref(struct object *o);
void object_unref(struct object *o); /* NULL is fine */

struct http_text object_key_text(const struct object *o);
struct http_text object_url(const struct object *o); /* the beginning of its key */
struct http_text object_names(const struct object *o);
struct http_text object_mark(const struct object *o);
bool object_has_key(const struct object *o, const struct object_key *key);

/* Takes over the head's octets, and the tags that its Cache-Tag and Surrogate-Key list. */
int object_set_head(struct object *o, uint16_t status, const char *head, size_t len);
/* The head's lines as fields that point into it: good until the next object_set_head. */
void object_fields(const struct object *o, struct http_fields *out);

void object_read_fields(const char *lines, size_t len, struct http_fields *out);

uint64_t object_bytes(const struct object *o); /* all memory it holds now */
uint64_t object_tag_hash(struct http_text tag);
