/* request.h - one line of the control socket, understood. Pure. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include <waymark/why.h>

enum { REQUEST_LINE_MAX = 64 * 1024 }; /* without the line feed */

enum request_verb {
    REQUEST_STATUS,
    REQUEST_RELOAD,
    REQUEST_EXPLAIN,
    REQUEST_VERDICTS,
    REQUEST_PURGE,
    REQUEST_EDGE
};

struct request {
    enum request_verb verb;
    json_t *body; /* the object, owned by the request */
};

/* 0, or -EINVAL with `why` for the client. */
int request_parse(const char *line, size_t len, struct request *out, char why[static WHY_LEN]);
void request_fini(struct request *request);

/* {"error": sentence} */
json_t *request_error(const char *sentence);
