/* conf_url.c - scheme, host, port and path of a check's URL, and the placeholders in it.
 *
 * Stricter than RFC 3986 allows: what stands here is handed to libcurl once the placeholders are
 * replaced, and must mean the same to both. Pure. */
#include "conf_url.h"

#include <ctype.h>
#include <string.h>

#include <waymark/addr.h>

/* Steps over `what` at *at. */
static bool skip(const char **at, const char *what)
{
    size_t len = strlen(what);

    if (strncmp(*at, what, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool skip_scheme(const char **at, enum conf_check_kind *kind)
{
    if (skip(at, "http://"))
        *kind = CONF_CHECK_HTTP;
    else if (skip(at, "https://"))
        *kind = CONF_CHECK_HTTPS;
    else if (skip(at, "tcp://"))
        *kind = CONF_CHECK_TCP;
    else
        return false;
    return true;
}

static bool skip_placeholder(const char **at, struct conf_url *out)
{
    if (skip(at, "{address}"))
        out->has_address = true;
    else if (skip(at, "{cname}"))
        out->has_cname = true;
    else
        return false;
    return true;
}

/* "[2001:db8::1]" */
static bool skip_ipv6(const char **at)
{
    char text[ADDR_TEXT_LEN];
    struct addr a;
    const char *end = strchr(*at, ']');

    if (**at != '[' || end == NULL || (size_t)(end - *at) > sizeof text)
        return false;
    size_t len = (size_t)(end - *at) - 1;
    memcpy(text, *at + 1, len);
    text[len] = '\0';
    *at = end + 1;
    return addr_parse(text, &a) && a.family == 6;
}

static bool skip_name(const char **at)
{
    const char *start = *at;

    while (isalnum((unsigned char)**at) || **at == '-' || **at == '_' || **at == '.')
        (*at)++;
    return *at > start && *at - start <= 253 && *start != '.' && *start != '-';
}

/* ":1" to ":65535". */
static bool skip_port(const char **at)
{
    unsigned long port = 0;

    if (!skip(at, ":") || !isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at) && port <= 65535; (*at)++)
        port = port * 10 + (unsigned long)(**at - '0');
    return port >= 1 && port <= 65535;
}

static const char *path_trouble(const char *at, struct conf_url *out)
{
    while (*at != '\0') {
        if (skip_placeholder(&at, out))
            continue;
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f)
            return "a space or a character beyond ASCII in the path: write it as %xx";
        if (strchr("{}#\"<>\\^`|", *at) != NULL)
            return "expected a path without # \" < > \\ ^ ` | and no placeholder but {address} and "
                   "{cname}";
        at++;
    }
    return NULL;
}

static const char *rest_trouble(const char *at, struct conf_url *out)
{
    if (out->kind == CONF_CHECK_TCP)
        return *at == '\0' ? NULL : "expected nothing after the port of a tcp:// URL";
    if (*at != '\0' && *at != '/')
        return "expected a '/' or nothing after the host and port";
    return path_trouble(at, out);
}

const char *conf_url_parse(const char *url, struct conf_url *out)
{
    const char *at = url;

    *out = (struct conf_url){ 0 };
    if (!skip_scheme(&at, &out->kind))
        return "expected a URL that begins with http://, https:// or tcp://";
    bool is_host = skip_placeholder(&at, out) || (*at == '[' ? skip_ipv6(&at) : skip_name(&at));
    if (!is_host)
        return "expected {address}, {cname} or a host name after the //";
    out->is_bare = out->has_address;
    if (*at == ':' ? !skip_port(&at) : out->kind == CONF_CHECK_TCP)
        return "expected a port from 1 to 65535: tcp://{address}:53, http://{address}:8080/";
    const char *trouble = rest_trouble(at, out);
    if (trouble == NULL && out->has_address && out->has_cname)
        return "{address} and {cname} in one URL: a target has one or the other";
    return trouble;
}
