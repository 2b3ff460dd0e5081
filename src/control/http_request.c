/* http_request.c - the first line of an HTTP request. Pure: the line is whatever a stranger sent.
 */
#include "http_request.h"

#include <string.h>

/* Octets up to the next blank, 0 when there is none. */
static size_t word_len(const char *at, const char *end)
{
    const char *blank = memchr(at, ' ', (size_t)(end - at));

    return blank == NULL ? 0 : (size_t)(blank - at);
}

static bool is_version(const char *at, const char *end)
{
    return end - at == 8 && memcmp(at, "HTTP/1.", 7) == 0 && at[7] >= '0' && at[7] <= '9';
}

static bool is_printable(const char *at, const char *end)
{
    for (; at < end; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return true;
}

bool http_request_parse(const char *line, size_t len, struct http_request *out)
{
    const char *end = line + len;
    size_t method_len = word_len(line, end);
    const char *path = line + method_len + 1;

    if (method_len == 0 || !is_printable(line, end))
        return false;
    size_t path_len = word_len(path, end);
    if (path_len == 0 || path[0] != '/' || !is_version(path + path_len + 1, end))
        return false;
    const char *query = memchr(path, '?', path_len);
    if (query != NULL)
        path_len = (size_t)(query - path);
    if (path_len >= sizeof out->path)
        path_len = sizeof out->path - 1;
    out->is_get = method_len == 3 && memcmp(line, "GET", 3) == 0;
    memcpy(out->path, path, path_len);
    out->path[path_len] = '\0';
    return true;
}
