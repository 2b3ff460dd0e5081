/* fetch_url.c - scheme, host and port of a URL. Pure; the rest of it is libcurl's to send. */
#include "fetch_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <waymark/addr.h>

static bool has_odd_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
            return true;
    return false;
}

static int parse_port(const char *text, size_t len, int *out, char why[static WHY_LEN])
{
    char digits[6] = "";

    if (len >= 1 && len < sizeof digits)
        memcpy(digits, text, len);
    long port = strspn(digits, "0123456789") == strlen(digits) ? atol(digits) : 0;
    if (port < 1 || port > 65535)
        return why_set(why, -EINVAL, "the URL's port: expected a number from 1 to 65535");
    *out = (int)port;
    return 0;
}

/* host[:port], up to a path, a query or the end. */
static int parse_authority(const char *text, size_t len, struct fetch_url *out,
                           char why[static WHY_LEN])
{
    const char *colon = memchr(text, ':', len);
    size_t host_len = colon == NULL ? len : (size_t)(colon - text);
    struct addr a;

    if (memchr(text, '@', len) != NULL)
        return why_set(why, -EINVAL, "the URL: a user and password are not supported");
    if (host_len == 0 || host_len >= sizeof out->host)
        return why_set(why, -EINVAL, "the URL: expected a host name of 1 to 255 characters");
    memcpy(out->host, text, host_len);
    out->host[host_len] = '\0';
    if (text[0] == '[' || addr_parse(out->host, &a))
        return why_set(why, -EINVAL,
                       "the URL names an address: expected a host name, whose address the server "
                       "is asked for");
    return colon == NULL ? 0 : parse_port(colon + 1, len - host_len - 1, &out->port, why);
}

int fetch_url_parse(const char *text, struct fetch_url *out, char why[static WHY_LEN])
{
    struct fetch_url url = { 0 };
    bool is_plain = strncasecmp(text, "http://", 7) == 0;

    url.is_tls = strncasecmp(text, "https://", 8) == 0;
    if (strlen(text) > FETCH_URL_MAX)
        return why_set(why, -EINVAL, "the URL is longer than %d characters", FETCH_URL_MAX);
    if (!is_plain && !url.is_tls)
        return why_set(
            why, -EINVAL,
            "\"%.60s\" is no URL: expected one such as http://www.cdn.example/index.html", text);
    if (has_odd_character(text))
        return why_set(why, -EINVAL,
                       "the URL: a space or a character beyond ASCII; write it as %%xx");
    text += is_plain ? 7 : 8;
    int err = parse_authority(text, strcspn(text, "/?#"), &url, why);
    if (err == 0)
        *out = url;
    return err;
}
