/* zone_sets.c - makes sets of what the file says line by line. Which sets may stand together is
 * for zone_check.c. */
#include "zone/zone_sets.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/wire.h>

enum {
    RRSIG = 46,
    SET_MAX = WIRE_MESSAGE_MAX - WIRE_HEADER_LEN - 2 * WIRE_NAME_MAX /* more fits no answer */
};

/* From where on the data is names only, whose case does not matter when records are compared;
 * SIZE_MAX: nowhere. */
static size_t names_from(uint16_t type)
{
    switch (type) {
    case WIRE_NS:
    case WIRE_CNAME:
    case WIRE_PTR:
    case WIRE_DNAME:
        return 0;
    case WIRE_MX:
        return 2;
    case WIRE_SRV:
        return 6;
    default:
        return SIZE_MAX;
    }
}

static int compare_data(const struct zone_draft *d, uint32_t i, uint32_t j)
{
    const struct zone_draft_record *a = &d->records[i], *b = &d->records[j];
    const uint8_t *p = zone_draft_rdata(d, a), *q = zone_draft_rdata(d, b);
    size_t names = names_from(a->type);

    if (a->rdata_len != b->rdata_len)
        return a->rdata_len < b->rdata_len ? -1 : 1;
    if (names == SIZE_MAX)
        return memcmp(p, q, a->rdata_len);
    for (size_t at = 0; at < a->rdata_len; at++) {
        uint8_t x = at < names ? p[at] : wire_fold_octet(p[at]);
        uint8_t y = at < names ? q[at] : wire_fold_octet(q[at]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static int by_data(const void *a, const void *b, void *context)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    int order = compare_data(context, i, j);

    return order != 0 ? order : i < j ? -1 : i > j;
}

static const char *file_of(const struct zone_draft *d, const struct zone_draft_record *r)
{
    return d->files[r->file];
}

static void warn_twice(const struct zone_draft *d, uint32_t first, uint32_t again,
                       struct zone_findings *findings)
{
    const struct zone_draft_record *r = &d->records[again];
    char name[WIRE_NAME_TEXT_LEN], type[16];

    zone_warning(findings, file_of(d, r), (int)r->line,
                 "%s %s: this record is on line %u already; it counts once",
                 wire_name_to_text(zone_draft_name(d, r->node), name),
                 wire_type_to_text(r->type, type), d->records[first].line);
}

/* Keeps the first of each, and the order of reading. */
static bool drop_duplicates(struct zone_draft *d, struct zone_draft_set *set,
                            struct zone_findings *findings)
{
    uint32_t *order = d->order + set->first, kept = 0;
    uint32_t *sorted = malloc(set->n * sizeof *sorted);

    if (sorted == NULL)
        return false;
    memcpy(sorted, order, set->n * sizeof *sorted);
    qsort_r(sorted, set->n, sizeof *sorted, by_data, d);
    for (uint32_t i = 1, first = 0; i < set->n; i++) {
        if (compare_data(d, sorted[first], sorted[i]) != 0) {
            first = i;
            continue;
        }
        warn_twice(d, sorted[first], sorted[i], findings);
        d->records[sorted[i]].is_dropped = true;
    }
    for (uint32_t i = 0; i < set->n; i++)
        if (!d->records[order[i]].is_dropped)
            order[kept++] = order[i];
    set->n = kept;
    free(sorted);
    return true;
}

/* RFC 2181 5.2: a set has one TTL; of several, the lowest is safe. Signatures have their set's. */
static void settle_ttl(struct zone_draft *d, struct zone_draft_set *set,
                       struct zone_findings *findings)
{
    const struct zone_draft_record *odd = NULL;
    char name[WIRE_NAME_TEXT_LEN], type[16];

    set->ttl = zone_draft_record_of(d, set, 0)->ttl;
    for (uint32_t i = 1; i < set->n; i++) {
        const struct zone_draft_record *r = zone_draft_record_of(d, set, i);
        if (r->ttl != set->ttl && odd == NULL)
            odd = r;
        if (r->ttl < set->ttl)
            set->ttl = r->ttl;
    }
    if (odd == NULL || set->type == RRSIG)
        return;
    zone_warning(findings, file_of(d, odd), (int)odd->line,
                 "%s %s: records of one set have different TTLs; the lowest, %u, is used for all",
                 wire_name_to_text(zone_draft_name(d, set->node), name),
                 wire_type_to_text(set->type, type), set->ttl);
    for (uint32_t i = 0; i < set->n; i++)
        d->records[d->order[set->first + i]].ttl = set->ttl;
}

static void measure(struct zone_draft *d, struct zone_draft_set *set,
                    struct zone_findings *findings)
{
    const struct zone_draft_record *first = zone_draft_record_of(d, set, 0);
    char name[WIRE_NAME_TEXT_LEN], type[16];
    uint64_t len = 0;

    for (uint32_t i = 0; i < set->n; i++)
        len += WIRE_RR_HEAD + (uint64_t)zone_draft_record_of(d, set, i)->rdata_len;
    set->wire_len = (uint32_t)len;
    if (len > SET_MAX)
        zone_error(findings, file_of(d, first), (int)first->line,
                   "%s %s: %u record%s of %llu octets together fit no answer",
                   wire_name_to_text(zone_draft_name(d, set->node), name),
                   wire_type_to_text(set->type, type), set->n, set->n == 1 ? "" : "s",
                   (unsigned long long)len);
}

bool zone_sets_settle(struct zone_draft *d, struct zone_findings *findings)
{
    for (uint32_t i = 0; i < d->n_sets; i++) {
        struct zone_draft_set *set = &d->sets[i];
        if (set->n > 1 && !drop_duplicates(d, set, findings))
            return false;
        settle_ttl(d, set, findings);
        measure(d, set, findings);
    }
    return true;
}
