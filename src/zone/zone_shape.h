/* zone_shape.h - types of records: their names, and their shapes as ldns knows them.
 *
 * Threads: pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "zone/zone_lex.h"

/* 0 when nobody knows the type. */
uint16_t zone_type_read(const struct zone_token *token);
/* As operators write it; in `out` when ldns has no name for it. */
const char *zone_type_text(uint16_t type, char out[static 16]);

/* NULL when ldns does not know the type. */
const ldns_rr_descriptor *zone_shape_of(uint16_t type);
/* Octets of a field that is a plain number; 0 when it is none. */
size_t zone_shape_number_size(ldns_rdf_type kind);
