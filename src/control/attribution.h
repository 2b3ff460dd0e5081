/* attribution.h - whom the data's licences want named. Pure. */
#pragma once

#include <jansson.h>

struct geo;

/* The sentence for a database, by its own type or its file's name; NULL: none is known to be due.
 */
const char *attribution_of(const char *database_type, const char *path);

/* What is due for all that was loaded: an array of sentences, each once. `geo` may be NULL. */
json_t *attribution_json(const struct geo *geo);
