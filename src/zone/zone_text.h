/* zone_text.h - from the text of master files to a draft, and whole sets from texts in memory.
 *
 * Threads: one owner; reads files that the text includes. Source: RFC 1035 5.1, RFC 2308 4.
 * An $INCLUDE is read from the zone file's folder, at most eight deep; what the included file does
 * to origin, owner and TTL ends with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <waymark/zone.h>

#include "zone/zone_draft.h"
#include "zone/zone_findings.h"

enum {
    ZONE_INCLUDE_DEPTH = 8,
    ZONE_INCLUDES_MAX = 1000 /* of one zone */
};

struct zone_source {
    const char *name; /* of the zone; "." is the root */
    const char *file;
    const char *text; /* NULL: read the file; else $INCLUDE is refused */
    size_t len;
    const char *conf_file; /* where the zone is asked for, for messages; may be NULL */
    int conf_line;
};

/* Every record of the source into the draft; what is wrong goes to `findings`. */
void zone_text_read(struct zone_draft *draft, const struct zone_source *source,
                    struct zone_findings *findings);

/* The whole way for any number of sources: NULL when errors were found. */
struct zone_set *zone_set_from_sources(const struct zone_source *sources, size_t n,
                                       struct report *report);
/* The same after a former set (NULL: none), as zone_set_load_after. */
struct zone_set *zone_set_from_sources_after(const struct zone_set *former,
                                             const struct zone_source *sources, size_t n,
                                             struct report *report);
