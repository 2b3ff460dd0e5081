/* rule_vary.h - which requests a stored variant answers (RFC 9111 4.1). Pure.
 *
 * A response's Vary names fields. Their values in the request that fetched it make the variant's
 * mark: a text to be compared, kept beside the stored response together with the names. A request
 * matches when the mark made from it is the same. */
#pragma once

#include "http_field.h"

enum {
    RULE_VARY_NAMES_MAX = 16,
    RULE_VARY_LIST_MAX = 512,   /* octets of the names */
    RULE_VARY_MARK_MAX = 8192,  /* octets of a mark */
};

/* Writes the names that Vary lists: lower case, sorted, each once, parted by ','; "" without Vary.
 * The length, or -1: nothing stored may ever match (a '*' among them, rubbish, too many). */
int rule_vary_names(const struct http_fields *response, char out[static RULE_VARY_LIST_MAX]);

/* The mark of a request for such a list of names. Lines of one field are joined, blanks around
 * members dropped; the members of Accept-Encoding and Accept-Language are compared without regard
 * to case. An absent field differs from an empty one. The length, or -1: too long, matches nothing. */
int rule_vary_mark(struct http_text names, const struct http_fields *request,
                   char out[static RULE_VARY_MARK_MAX]);
