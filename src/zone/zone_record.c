/* zone_record.c - one record of a master file: owner, TTL, class, type, and its place in the draft.
 * Its data is zone_rdata.c's, directives and files are zone_text.c's. */
#include "zone/zone_reader.h"

#include <assert.h>

#include <waymark/why.h>
#include <waymark/wire.h>

#include "zone/zone_shape.h"
#include "zone/zone_word.h"

/* The parts of a record before its data. */
struct head {
    size_t n_words; /* how many it takes */
    bool has_ttl, has_class;
    uint64_t ttl;
    uint16_t class, type;
};

static bool read_owner(struct zone_reader *r, struct zone_scope *s)
{
    const struct zone_token *token = &s->entry.tokens[0];
    struct zone_name name;

    if (s->entry.is_continuation) {
        if (s->owner_state == ZONE_OWNER_NONE)
            zone_error(r->findings, s->file, s->entry.line,
                       "the line begins with a blank, but there is no owner before it");
        return s->owner_state == ZONE_OWNER_KNOWN;
    }
    const char *why = zone_name_read(token, &s->origin, &name);
    if (why != NULL) {
        zone_error(r->findings, s->file, s->entry.line, "\"%.*s\" is no owner: %s",
                   zone_shown(token), token->text, why);
        s->owner_state = ZONE_OWNER_LOST;
        return false;
    }
    bool is_name = wire_name_from_octets(name.octets, name.len, &s->owner);
    assert(is_name);
    s->owner_state = ZONE_OWNER_KNOWN;
    s->owner_node = ZONE_NONE;
    return true;
}

static bool is_meta(uint16_t type)
{
    return type == WIRE_OPT || (type >= 128 && type <= 255);
}

static bool check_head(struct zone_reader *r, struct zone_scope *s, const struct head *h)
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
static bool read_head(struct zone_reader *r, struct zone_scope *s, struct head *h)
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
                   zone_shown(&s->entry.tokens[i]), s->entry.tokens[i].text);
        return false;
    }
    h->n_words = i + 1;
    return check_head(r, s, h);
}

/* RFC 2308 4: its own, $TTL, the last one given (RFC 1035 5.1), the SOA's minimum. */
static bool settle_ttl(struct zone_reader *r, struct zone_scope *s, const struct head *h,
                       uint32_t *out)
{
    uint64_t ttl = h->ttl;

    if (h->has_ttl && ttl > ZONE_TTL_MAX) {
        zone_warning(r->findings, s->file, s->entry.line,
                     "a TTL above %d counts as that (RFC 2181 8)", ZONE_TTL_MAX);
        ttl = ZONE_TTL_MAX;
    }
    if (!h->has_ttl && s->has_default_ttl) {
        ttl = s->default_ttl;
    } else if (!h->has_ttl && s->has_last_ttl) {
        ttl = s->last_ttl;
    } else if (!h->has_ttl && h->type == WIRE_SOA && r->rdata.len >= 20) {
        ttl = wire_get32(r->rdata.octets + r->rdata.len - 4);
        ttl = ttl > ZONE_TTL_MAX ? ZONE_TTL_MAX : ttl;
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
static bool place(struct zone_reader *r, struct zone_scope *s, uint16_t type)
{
    char owner[WIRE_NAME_TEXT_LEN], apex[WIRE_NAME_TEXT_LEN];

    if (!wire_name_is_in(&s->owner, &r->draft->apex)) {
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
        zone_reader_stop(r, s->file, s->entry.line,
                         "out of memory, or more names than a zone may have");
    return s->owner_node != ZONE_NONE;
}

bool zone_record_read(struct zone_reader *r, struct zone_scope *s)
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
        zone_reader_stop(r, s->file, s->entry.line,
                         "out of memory, or more records than a zone may have");
    return true;
}
