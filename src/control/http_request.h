/* http_request.h - the first line of an HTTP request, as far as two read-only pages need it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_PATH_LEN = 96 };

struct http_request {
    bool is_get;
    char path[HTTP_PATH_LEN]; /* without the query; longer ones are cut: we have none so long */
};

/* false: it is no HTTP/1.x request line (RFC 9112 3). `line` has no line end. */
bool http_request_parse(const char *line, size_t len, struct http_request *out);
