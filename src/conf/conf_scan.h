/* conf_scan.h - one pass over the text before libconfig sees it.
 *
 * libconfig 1.5 wraps long integers, takes an unclosed comment for the end of the file, gives a
 * text the line of the token after it, leaks what it has read when it meets a mistake, and explains
 * little. This pass refuses all that libconfig would refuse or get wrong, bounds what it would
 * build, and notes the line of every value.
 *
 * Threads: pure. Owner: whoever scans frees the lines with conf_lines_fini. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct report;

enum {
    CONF_TEXT_MAX = 128 << 20, /* octets in a file */
    CONF_VALUES_MAX = 1 << 23, /* values and brackets in a file */
    CONF_DEPTH_MAX = 16,       /* brackets within brackets */
    CONF_LIST_MAX = 1 << 17,   /* elements of one list */
    CONF_NAMED_MAX = 4096,     /* names in a group of the first level: pops, checks */
    CONF_NAMES_MAX = 64,       /* names in any other group: more than there are options */
    CONF_STRING_MAX = 4096     /* octets in one text, as written */
};

/* The line of each value, an aggregate's before its elements': the order of the text. */
struct conf_lines {
    int *lines;
    size_t n, cap;
};

/* text[len] is a NUL. False when the report got errors. */
bool conf_scan(const char *text, size_t len, const char *file, struct report *report,
               struct conf_lines *out);
void conf_lines_fini(struct conf_lines *lines);
