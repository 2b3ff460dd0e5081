/* zone_reader.h - the state of reading one zone, shared by zone_text.c and zone_record.c.
 *
 * Threads: one owner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "zone/zone_draft.h"
#include "zone/zone_findings.h"
#include "zone/zone_lex.h"
#include "zone/zone_name.h"
#include "zone/zone_rdata.h"
#include "zone/zone_text.h"

enum { ZONE_TTL_MAX = 0x7fffffff }; /* RFC 2181 8 */

/* One for a zone. */
struct zone_reader {
    struct zone_draft *draft;
    struct zone_findings *findings;
    const struct zone_source *source;
    size_t n_includes, octets_left;
    bool is_stopped; /* out of memory, or past a limit: said already */
    struct zone_rdata rdata;
};

enum zone_owner_state { ZONE_OWNER_NONE, ZONE_OWNER_KNOWN, ZONE_OWNER_LOST };

/* One for a file that is being read. */
struct zone_scope {
    const struct zone_scope *above; /* the file that includes this one */
    int depth;
    const char *file;
    uint16_t file_number;
    dev_t dev;
    ino_t ino;
    bool is_lost; /* $ORIGIN was not understood: read on, but keep nothing */
    bool has_default_ttl, has_last_ttl;
    uint32_t default_ttl, last_ttl;
    enum zone_owner_state owner_state;
    uint32_t owner_node; /* ZONE_NONE: outside the zone */
    struct zone_name origin;
    struct wire_name owner;
    struct zone_entry entry;
};

/* Says why, once, and ends the reading of the zone. */
void zone_reader_stop(struct zone_reader *r, const char *file, int line, const char *why);
/* How much of a word to show in a message: never more than a line. */
int zone_shown(const struct zone_token *token);

/* The record in s->entry into the draft. False when it was not understood; the findings say why. */
bool zone_record_read(struct zone_reader *r, struct zone_scope *s);
