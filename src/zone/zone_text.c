/* zone_text.c - reads master files: directives, owners, TTLs, classes and types; after an error it
 * goes on with the next entry. Cutting text into words is zone_lex.c's, the data of records
 * zone_rdata.c's, and whether the records make a zone zone_check.c's. */
#include "zone/zone_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/why.h>
#include <waymark/wire.h>

#include "zone/zone_file.h"
#include "zone/zone_lex.h"
#include "zone/zone_rdata.h"

enum { PATH_LEN = 4096, TTL_MAX = 0x7fffffff };

/* One for a zone. */
struct reader {
    struct zone_draft *draft;
    struct zone_findings *findings;
    const struct zone_source *source;
    size_t n_includes, octets_left;
    bool is_stopped; /* out of memory, or past a limit: said already */
    struct zone_rdata rdata;
};

enum owner_state { OWNER_NONE, OWNER_KNOWN, OWNER_LOST };

/* One for a file that is being read. */
struct scope {
    const struct scope *above; /* the file that includes this one */
    int depth;
    const char *file;
    uint16_t file_number;
    dev_t dev;
    ino_t ino;
    bool is_lost; /* $ORIGIN was not understood: read on, but keep nothing */
    bool has_default_ttl, has_last_ttl;
    uint32_t default_ttl, last_ttl;
    enum owner_state owner_state;
    uint32_t owner_node; /* ZONE_NONE: outside the zone */
    struct zone_name origin, owner;
    struct zone_entry entry;
};

/* The parts of a record before its data. */
struct head {
    size_t n_words; /* how many it takes */
    bool has_ttl, has_class;
    uint64_t ttl;
    uint16_t class, type;
};

static void stop(struct reader *r, const char *file, int line, const char *why)
{
    if (!r->is_stopped)
        zone_error(r->findings, file, line, "%s", why);
    r->is_stopped = true;
}

/* An entry is not understood: was it the SOA, or a name server? Then do not ask for it later. */
static void note_loss(struct reader *r, const struct zone_entry *entry)
{
    for (size_t i = 0; i < entry->n && i < 5; i++) {
        r->findings->lost_soa |= zone_token_is(&entry->tokens[i], "SOA");
        r->findings->lost_ns |= zone_token_is(&entry->tokens[i], "NS");
    }
}

static void note_loss_of_all(struct reader *r)
{
    r->findings->lost_soa = r->findings->lost_ns = true;
}

/* A word for a message: never longer than a line. */
static int shown(const struct zone_token *token)
{
    return token->len < 80 ? (int)token->len : 80;
}

/* ---- records ---- */

static bool read_owner(struct reader *r, struct scope *s)
{
    const struct zone_token *token = &s->entry.tokens[0];

    if (s->entry.is_continuation) {
        if (s->owner_state == OWNER_NONE)
            zone_error(r->findings, s->file, s->entry.line,
                       "the line begins with a blank, but there is no owner before it");
        return s->owner_state == OWNER_KNOWN;
    }
    const char *why = zone_name_read(token, &s->origin, &s->owner);
    if (why != NULL) {
        zone_error(r->findings, s->file, s->entry.line, "\"%.*s\" is no owner: %s", shown(token),
                   token->text, why);
        s->owner_state = OWNER_LOST;
        return false;
    }
    zone_name_fold(&s->owner);
    s->owner_state = OWNER_KNOWN;
    s->owner_node = ZONE_NONE;
    return true;
}

static bool is_meta(uint16_t type)
{
    return type == WIRE_OPT || (type >= 128 && type <= 255);
}

static bool check_head(struct reader *r, struct scope *s, const struct head *h)
{
    char type[16];

    if (h->has_class && h->class != WIRE_CLASS_IN) {
        zone_error(r->findings, s->file, s->entry.line,
                   "class %u: only IN is served; a zone holds one class", h->class);
        return false;
    }
    if (is_meta(h->type)) {
        zone_error(r->findings, s->file, s->entry.line,
                   "%s: this type is for questions and messages and cannot stand in a zone",
                   wire_type_to_text(h->type, type));
        return false;
    }
    return true;
}

/* [TTL] [class] type, or [class] [TTL] type. */
static bool read_head(struct reader *r, struct scope *s, struct head *h)
{
    size_t i = s->entry.is_continuation ? 0 : 1;

    *h = (struct head){ 0 };
    for (; i < s->entry.n; i++) {
        const struct zone_token *t = &s->entry.tokens[i];
        if (!h->has_ttl && zone_period_read(t, &h->ttl)) {
            h->has_ttl = true;
        } else if (!h->has_class && (h->class = zone_class_read(t)) != 0) {
            h->has_class = true;
        } else {
            h->type = zone_type_read(t);
            break;
        }
    }
    if (i == s->entry.n) {
        zone_error(r->findings, s->file, s->entry.line, "a record without a type");
        return false;
    }
    if (h->type == 0) {
        zone_error(r->findings, s->file, s->entry.line,
                   "\"%.*s\" is no type of record (nor a class or a TTL)",
                   shown(&s->entry.tokens[i]), s->entry.tokens[i].text);
        return false;
    }
    h->n_words = i + 1;
    return check_head(r, s, h);
}

/* RFC 2308 4: its own, $TTL, the last one given (RFC 1035 5.1), the SOA's minimum. */
static bool settle_ttl(struct reader *r, struct scope *s, const struct head *h, uint32_t *out)
{
    uint64_t ttl = h->ttl;

    if (h->has_ttl && ttl > TTL_MAX) {
        zone_warning(r->findings, s->file, s->entry.line,
                     "a TTL above %d counts as that (RFC 2181 8)", TTL_MAX);
        ttl = TTL_MAX;
    }
    if (!h->has_ttl && s->has_default_ttl) {
        ttl = s->default_ttl;
    } else if (!h->has_ttl && s->has_last_ttl) {
        ttl = s->last_ttl;
    } else if (!h->has_ttl && h->type == WIRE_SOA && r->rdata.len >= 20) {
        ttl = wire_get32(r->rdata.octets + r->rdata.len - 4);
        ttl = ttl > TTL_MAX ? TTL_MAX : ttl;
        zone_warning(r->findings, s->file, s->entry.line,
                     "no TTL and no $TTL: the SOA's minimum is used");
    } else if (!h->has_ttl) {
        zone_error(r->findings, s->file, s->entry.line,
                   "no TTL: give one, or $TTL before the first record");
        return false;
    }
    *out = (uint32_t)ttl;
    s->last_ttl = (uint32_t)ttl;
    s->has_last_ttl = true;
    return true;
}

/* The owner's node, made when it is new; false when the record has no place in this zone. */
static bool place(struct reader *r, struct scope *s, uint16_t type)
{
    char owner[WIRE_NAME_TEXT_LEN], apex[WIRE_NAME_TEXT_LEN];

    if (!zone_name_is_in(&s->owner, &r->draft->apex)) {
        zone_error(r->findings, s->file, s->entry.line, "%s is outside the zone %s",
                   wire_name_to_text(s->owner.octets, owner),
                   wire_name_to_text(r->draft->apex.octets, apex));
        r->findings->lost_soa |= type == WIRE_SOA;
        return false;
    }
    if (type == WIRE_SOA && s->owner.len != r->draft->apex.len) {
        zone_error(r->findings, s->file, s->entry.line,
                   "the SOA is at %s, but belongs at the zone's own name, %s",
                   wire_name_to_text(s->owner.octets, owner),
                   wire_name_to_text(r->draft->apex.octets, apex));
        r->findings->lost_soa = true;
        return false;
    }
    if (s->owner_node == ZONE_NONE)
        s->owner_node = zone_draft_node_for(r->draft, s->owner.octets, s->owner.len);
    if (s->owner_node == ZONE_NONE)
        stop(r, s->file, s->entry.line, "out of memory, or more names than a zone may have");
    return s->owner_node != ZONE_NONE;
}

static bool read_record(struct reader *r, struct scope *s)
{
    struct head h;
    uint32_t ttl;
    char why[WHY_LEN];

    if (!read_owner(r, s) || !read_head(r, s, &h))
        return false;
    if (!zone_rdata_read(h.type, s->entry.tokens + h.n_words, s->entry.n - h.n_words, &s->origin,
                         &r->rdata, why)) {
        zone_error(r->findings, s->file, s->entry.line, "%s", why);
        return false;
    }
    if (!settle_ttl(r, s, &h, &ttl))
        return false;
    if (s->is_lost || !place(r, s, h.type))
        return true;
    struct zone_draft_record record = { .node = s->owner_node,
                                        .line = (uint32_t)s->entry.line,
                                        .ttl = ttl,
                                        .rdata_len = (uint16_t)r->rdata.len,
                                        .type = h.type,
                                        .file = s->file_number };
    if (!zone_draft_add(r->draft, &record, r->rdata.octets))
        stop(r, s->file, s->entry.line, "out of memory, or more records than a zone may have");
    return true;
}

/* ---- directives ---- */

static void read_file_into(struct reader *r, struct scope *s, const char *text, size_t len);

static void set_ttl(struct reader *r, struct scope *s)
{
    uint64_t ttl;

    if (s->entry.n != 2 || !zone_period_read(&s->entry.tokens[1], &ttl)) {
        zone_error(r->findings, s->file, s->entry.line, "$TTL takes one time, as 3600 or 1h");
        return;
    }
    if (ttl > TTL_MAX)
        zone_warning(r->findings, s->file, s->entry.line,
                     "a TTL above %d counts as that (RFC 2181 8)", TTL_MAX);
    s->default_ttl = ttl > TTL_MAX ? TTL_MAX : (uint32_t)ttl;
    s->has_default_ttl = true;
}

static void set_origin(struct reader *r, struct scope *s)
{
    struct zone_name origin;
    const char *why = "it takes one name";

    if (s->entry.n == 2)
        why = zone_name_read(&s->entry.tokens[1], &s->origin, &origin);
    s->is_lost = why != NULL;
    if (why == NULL) {
        s->origin = origin;
        return;
    }
    zone_error(r->findings, s->file, s->entry.line, "$ORIGIN: %s", why);
    note_loss_of_all(r);
}

static bool includes_itself(const struct scope *s, const struct zone_file *file)
{
    for (; s != NULL; s = s->above)
        if (s->dev == file->dev && s->ino == file->ino)
            return true;
    return false;
}

/* What stands in the way of an $INCLUDE; NULL: nothing. */
static const char *include_trouble(const struct reader *r, const struct scope *s, char *path,
                                   struct zone_name *origin)
{
    const struct zone_token *file = &s->entry.tokens[1];

    if (s->entry.n != 2 && s->entry.n != 3)
        return "it takes a file, and perhaps an origin";
    if (r->source->text != NULL)
        return "it is not possible here";
    if (s->depth == ZONE_INCLUDE_DEPTH)
        return "files are included more than 8 deep";
    if (r->n_includes == ZONE_INCLUDES_MAX)
        return "more than 1000 files are included";
    if (!zone_file_beside(r->source->file, file->text, file->len, path, PATH_LEN))
        return "only files in the zone file's folder can be included: no absolute path, no \"..\"";
    if (s->entry.n == 3)
        return zone_name_read(&s->entry.tokens[2], &s->origin, origin);
    *origin = s->origin;
    return NULL;
}

static void read_included(struct reader *r, struct scope *s, const char *path,
                          struct scope *inner)
{
    struct zone_file file;
    char why[WHY_LEN];

    if (zone_file_read(path, r->octets_left, &file, why) != 0) {
        zone_error(r->findings, s->file, s->entry.line, "$INCLUDE: %s %s", path, why);
        note_loss_of_all(r);
        return;
    }
    int number = zone_draft_add_file(r->draft, path);
    if (number < 0) {
        stop(r, s->file, s->entry.line, "out of memory");
    } else if (includes_itself(s, &file)) {
        zone_error(r->findings, s->file, s->entry.line, "$INCLUDE: %s includes itself", path);
    } else {
        inner->file = r->draft->files[number];
        inner->file_number = (uint16_t)number;
        inner->dev = file.dev;
        inner->ino = file.ino;
        r->octets_left -= file.len;
        read_file_into(r, inner, file.text, file.len);
    }
    zone_file_free(&file);
}

static void include(struct reader *r, struct scope *s)
{
    char path[PATH_LEN];
    struct scope *inner = malloc(sizeof *inner);

    if (inner == NULL) {
        stop(r, s->file, s->entry.line, "out of memory");
        return;
    }
    *inner = *s;
    inner->above = s;
    inner->depth = s->depth + 1;
    inner->entry = (struct zone_entry){ 0 };
    const char *why = include_trouble(r, s, path, &inner->origin);
    if (why != NULL) {
        zone_error(r->findings, s->file, s->entry.line, "$INCLUDE: %s", why);
        note_loss_of_all(r);
    } else {
        r->n_includes++;
        read_included(r, s, path, inner);
    }
    zone_entry_fini(&inner->entry);
    free(inner);
}

static void read_directive(struct reader *r, struct scope *s)
{
    const struct zone_token *t = &s->entry.tokens[0];

    if (zone_token_is(t, "$TTL"))
        set_ttl(r, s);
    else if (zone_token_is(t, "$ORIGIN"))
        set_origin(r, s);
    else if (zone_token_is(t, "$INCLUDE"))
        include(r, s);
    else
        zone_error(r->findings, s->file, s->entry.line,
                   "\"%.*s\" is no directive: $ORIGIN, $TTL and $INCLUDE are", shown(t), t->text);
}

/* ---- files ---- */

static bool is_directive(const struct zone_entry *entry)
{
    return !entry->is_continuation && !entry->tokens[0].is_quoted && *entry->tokens[0].text == '$';
}

/* Steps over a byte order mark; false when the file is no text of single octets at all. */
static bool check_mark(struct reader *r, const struct scope *s, const char **text, size_t *len)
{
    if (*len >= 2 && (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0)) {
        zone_error(r->findings, s->file, 1, "the file is UTF-16: save it as plain text");
        note_loss_of_all(r);
        return false;
    }
    if (*len >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        zone_error(r->findings, s->file, 1, "the file begins with a byte order mark: remove it");
        *text += 3;
        *len -= 3;
    }
    return true;
}

static void read_file_into(struct reader *r, struct scope *s, const char *text, size_t len)
{
    struct zone_lex lex;
    struct zone_lex_trouble trouble;

    if (!check_mark(r, s, &text, &len))
        return;
    zone_lex_init(&lex, text, len);
    while (!r->is_stopped && !zone_findings_are_full(r->findings)) {
        switch (zone_lex_next(&lex, &s->entry, &trouble)) {
        case ZONE_LEX_END:
            return;
        case ZONE_LEX_NO_MEMORY:
            stop(r, s->file, s->entry.line, "out of memory");
            return;
        case ZONE_LEX_BAD:
            zone_error(r->findings, s->file, trouble.line, "%s", trouble.what);
            note_loss(r, &s->entry);
            if (!s->entry.is_continuation)
                s->owner_state = OWNER_LOST;
            break;
        case ZONE_LEX_ENTRY:
            if (is_directive(&s->entry))
                read_directive(r, s);
            else if (!read_record(r, s))
                note_loss(r, &s->entry);
        }
    }
}

static void read_first_file(struct reader *r, struct scope *s)
{
    const struct zone_source *source = r->source;
    struct zone_file file;
    char why[WHY_LEN];

    if (source->text != NULL) {
        read_file_into(r, s, source->text, source->len);
        return;
    }
    if (zone_file_read(source->file, ZONE_FILE_MAX, &file, why) != 0) {
        zone_error(r->findings, source->file, 0, "the file of zone %s %s", source->name, why);
        note_loss_of_all(r);
        return;
    }
    s->dev = file.dev;
    s->ino = file.ino;
    r->octets_left -= file.len;
    read_file_into(r, s, file.text, file.len);
    zone_file_free(&file);
}

void zone_text_read(struct zone_draft *draft, const struct zone_source *source,
                    struct zone_findings *findings)
{
    struct reader *r = malloc(sizeof *r);
    struct scope *s = calloc(1, sizeof *s);
    int number = zone_draft_add_file(draft, source->file);

    if (r == NULL || s == NULL || number < 0) {
        zone_error(findings, source->file, 0, "out of memory");
        goto out;
    }
    r->draft = draft;
    r->findings = findings;
    r->source = source;
    r->n_includes = 0;
    r->octets_left = ZONE_FILE_MAX;
    r->is_stopped = false;
    s->file = draft->files[number];
    s->file_number = (uint16_t)number;
    s->origin = draft->apex;
    read_first_file(r, s);
out:
    if (s != NULL)
        zone_entry_fini(&s->entry);
    free(s);
    free(r);
}
