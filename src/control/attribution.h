/* attribution.h - whom the data's licences want named. Pure. */
#pragma once

#include <jansson.h>

struct geo;

/* The sentence for a database's own type, NULL when none is known to be due. */
const char *attribution_of(const char *database_type);

/* What is due for all that was loaded: an array of sentences, each once. `geo` may be NULL. */
json_t *attribution_json(const struct geo *geo);
