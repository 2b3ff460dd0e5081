/* zone_text.c - reads master files: directives and entries; after an error it goes on with the next
 * entry. Cutting text into words is zone_lex.c's, records are zone_record.c's, and whether they
 * make a zone is zone_check.c's. */
#include "zone/zone_text.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/why.h>
#include <waymark/wire.h>

#include "zone/zone_file.h"
#include "zone/zone_reader.h"
#include "zone/zone_word.h"

enum { PATH_LEN = 4096 };

void zone_reader_stop(struct zone_reader *r, const char *file, int line, const char *why)
{
    if (!r->is_stopped)
        zone_error(r->findings, file, line, "%s", why);
    r->is_stopped = true;
}

int zone_shown(const struct zone_token *token)
{
    return token->len < 80 ? (int)token->len : 80;
}

/* An entry is not understood: was it the SOA, or a name server? Then do not ask for it later. */
static void note_loss(struct zone_reader *r, const struct zone_entry *entry)
{
    for (size_t i = 0; i < entry->n && i < 5; i++) {
        r->findings->lost_soa |= zone_token_is(&entry->tokens[i], "SOA");
        r->findings->lost_ns |= zone_token_is(&entry->tokens[i], "NS");
    }
}

static void note_loss_of_all(struct zone_reader *r)
{
    r->findings->lost_soa = r->findings->lost_ns = true;
}

/* ---- directives ---- */

static void read_file_into(struct zone_reader *r, struct zone_scope *s, const char *text,
                           size_t len);

static void set_ttl(struct zone_reader *r, struct zone_scope *s)
{
    uint64_t ttl;

    if (s->entry.n != 2 || !zone_period_read(&s->entry.tokens[1], &ttl)) {
        zone_error(r->findings, s->file, s->entry.line, "$TTL takes one time, as 3600 or 1h");
        return;
    }
    if (ttl > ZONE_TTL_MAX)
        zone_warning(r->findings, s->file, s->entry.line,
                     "a TTL above %d counts as that (RFC 2181 8)", ZONE_TTL_MAX);
    s->default_ttl = ttl > ZONE_TTL_MAX ? ZONE_TTL_MAX : (uint32_t)ttl;
    s->has_default_ttl = true;
}

static void set_origin(struct zone_reader *r, struct zone_scope *s)
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

static bool includes_itself(const struct zone_scope *s, const struct file_text *file)
{
    for (; s != NULL; s = s->above)
        if (s->dev == file->dev && s->ino == file->ino)
            return true;
    return false;
}

/* What stands in the way of an $INCLUDE; NULL: nothing. */
static const char *include_trouble(const struct zone_reader *r, const struct zone_scope *s,
                                   char *path, struct zone_name *origin)
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

static void read_included(struct zone_reader *r, struct zone_scope *s, const char *path,
                          struct zone_scope *inner)
{
    struct file_text file;
    char why[WHY_LEN];

    if (zone_file_read(path, r->octets_left, &file, why) != 0) {
        zone_error(r->findings, s->file, s->entry.line, "$INCLUDE: %s %s", path, why);
        note_loss_of_all(r);
        return;
    }
    int number = zone_draft_add_file(r->draft, path);
    if (number < 0) {
        zone_reader_stop(r, s->file, s->entry.line, "out of memory");
    } else if (includes_itself(s, &file)) {
        zone_error(r->findings, s->file, s->entry.line, "$INCLUDE: %s includes itself", path);
    } else {
        inner->file = r->draft->files[number];
        inner->file_number = (uint16_t)number;
        inner->dev = file.dev;
        inner->ino = file.ino;
        file_stamp_take(&r->draft->stamps[number], inner->file, &file);
        r->octets_left -= file.len;
        read_file_into(r, inner, file.text, file.len);
    }
    file_text_free(&file);
}

static void include(struct zone_reader *r, struct zone_scope *s)
{
    char path[PATH_LEN];
    struct zone_scope *inner = malloc(sizeof *inner);

    if (inner == NULL) {
        zone_reader_stop(r, s->file, s->entry.line, "out of memory");
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

static void read_directive(struct zone_reader *r, struct zone_scope *s)
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
                   "\"%.*s\" is no directive: $ORIGIN, $TTL and $INCLUDE are", zone_shown(t),
                   t->text);
}

/* ---- files ---- */

static bool is_directive(const struct zone_entry *entry)
{
    return !entry->is_continuation && !entry->tokens[0].is_quoted && *entry->tokens[0].text == '$';
}

/* Steps over a byte order mark; false when the file is no text of single octets at all. */
static bool check_mark(struct zone_reader *r, const struct zone_scope *s, const char **text,
                       size_t *len)
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

static void read_file_into(struct zone_reader *r, struct zone_scope *s, const char *text,
                           size_t len)
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
            zone_reader_stop(r, s->file, s->entry.line, "out of memory");
            return;
        case ZONE_LEX_BAD:
            zone_error(r->findings, s->file, trouble.line, "%s", trouble.what);
            note_loss(r, &s->entry);
            if (!s->entry.is_continuation)
                s->owner_state = ZONE_OWNER_LOST;
            break;
        case ZONE_LEX_ENTRY:
            if (is_directive(&s->entry))
                read_directive(r, s);
            else if (!zone_record_read(r, s))
                note_loss(r, &s->entry);
        }
    }
}

static void read_first_file(struct zone_reader *r, struct zone_scope *s)
{
    const struct zone_source *source = r->source;
    struct file_text file;
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
    file_stamp_take(&r->draft->stamps[s->file_number], s->file, &file);
    r->octets_left -= file.len;
    read_file_into(r, s, file.text, file.len);
    file_text_free(&file);
}

void zone_text_read(struct zone_draft *draft, const struct zone_source *source,
                    struct zone_findings *findings)
{
    struct zone_reader *r = malloc(sizeof *r);
    struct zone_scope *s = calloc(1, sizeof *s);
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
    s->origin.len = draft->apex.len;
    memcpy(s->origin.octets, draft->apex.octets, draft->apex.len);
    read_first_file(r, s);
out:
    if (s != NULL)
        zone_entry_fini(&s->entry);
    free(s);
    free(r);
}
