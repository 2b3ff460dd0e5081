/* check_url.c - from a check's URL and an address to what is asked of whom. Pure. */
#include "check_url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scheme {
    const char *prefix;
    enum conf_check_kind kind;
    uint16_t port; /* 0: must be given */
};

static const struct scheme schemes[] = {
    { "http://", CONF_CHECK_HTTP, 80 },
    { "https://", CONF_CHECK_HTTPS, 443 },
    { "tcp://", CONF_CHECK_TCP, 0 },
};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    }
    return NULL;
}

/* What the URL is read with: text grows at the end of `buf`, of CHECK_URL_LEN. */
struct expansion {
    const char *address; /* as it stands in a path; NULL: none */
    const char *bracketed;
    const char *cname;
    char *buf;
    size_t len;
};

static bool append(struct expansion *e, const char *text, size_t len)
{
    if (len >= CHECK_URL_LEN - e->len)
        return false;
    memcpy(e->buf + e->len, text, len);
    e->len += len;
    e->buf[e->len] = '\0';
    return true;
}

/* Copies text[0..len) with its placeholders replaced. */
static int expand_text(struct expansion *e, const char *text, size_t len, bool is_authority,
                       char why[static WHY_LEN])
{
    static const char address_mark[] = "{address}", cname_mark[] = "{cname}";
    const char *end = text + len;

    while (text < end) {
        const char *value = NULL;
        size_t taken = 0;
        if (strncmp(text, address_mark, sizeof address_mark - 1) == 0) {
            value = is_authority ? e->bracketed : e->address;
            taken = sizeof address_mark - 1;
        } else if (strncmp(text, cname_mark, sizeof cname_mark - 1) == 0) {
            value = e->cname;
            taken = sizeof cname_mark - 1;
        }
        if (taken > 0 && value == NULL)
            return why_set(why, -EINVAL, "the check's URL wants %.*s, which the target has not",
                           (int)taken, text);
        bool is_copied = taken > 0 ? append(e, value, strlen(value)) : append(e, text, 1);
        if (!is_copied)
            return why_set(why, -EINVAL, "the check's URL is longer than %d octets",
                           CHECK_URL_LEN - 1);
        text += taken > 0 ? taken : 1;
    }
    return 0;
}

/* Splits "host:port", "[v6]:port" or "host" in place; port 0: not given. */
static bool split_authority(char *authority, char **host, uint16_t *port)
{
    char *rest;

    *host = authority;
    *port = 0;
    if (authority[0] == '[') {
        *host = authority + 1;
        rest = strchr(authority, ']');
        if (rest == NULL)
            return false;
        *rest++ = '\0';
    } else {
        rest = authority + strcspn(authority, ":");
    }
    if (*rest == '\0')
        return **host != '\0';
    if (*rest != ':')
        return false;
    *rest++ = '\0';
    if (rest[0] < '0' || rest[0] > '9' || strlen(rest) > 5 ||
        strspn(rest, "0123456789") != strlen(rest))
        return false;
    long n = strtol(rest, NULL, 10);
    *port = (uint16_t)n;
    return n >= 1 && n <= 65535 && **host != '\0';
}

/* The authority says whom to ask, unless the check names another host to be asked for. */
static int place_peer(struct check_url *out, const struct scheme *scheme, char *authority,
                      char why[static WHY_LEN])
{
    char *host;
    uint16_t port;

    if (strpbrk(authority, "@ \t\\{}") != NULL || !split_authority(authority, &host, &port))
        return why_set(why, -EINVAL, "the check's URL needs HOST or HOST:PORT after %s",
                       scheme->prefix);
    out->peer.port = port != 0 ? port : scheme->port;
    if (out->peer.port == 0)
        return why_set(why, -EINVAL, "the check's URL needs a port: tcp://{address}:PORT");
    if (addr_parse(host, &out->peer.addr))
        return 0;
    if (strlen(host) >= sizeof out->name)
        return why_set(why, -EINVAL, "the check's URL has a host longer than %d octets",
                       CHECK_HOST_LEN - 1);
    strcpy(out->name, host);
    return 0;
}

/* The URL with check.host in place of its own host; the port stays as written. */
static int rewrite_host(struct check_url *out, const struct scheme *scheme, const char *host,
                        const char *path, char why[static WHY_LEN])
{
    struct addr literal;
    bool is_v6 = addr_parse(host, &literal) && literal.family == 6;
    char text[CHECK_URL_LEN];
    int len = snprintf(text, sizeof text, is_v6 ? "%s[%s]:%u%s" : "%s%s:%u%s", scheme->prefix, host,
                       out->peer.port, path);

    if (len >= (int)sizeof text || strlen(host) >= sizeof out->host)
        return why_set(why, -EINVAL, "the check's URL and host are longer than %d octets",
                       CHECK_URL_LEN - 1);
    memcpy(out->url, text, (size_t)len + 1);
    snprintf(out->host, sizeof out->host, "%s", host);
    return 0;
}

int check_url_expand(const struct conf_check *check, const struct addr *address, const char *cname,
                     struct check_url *out, char why[static WHY_LEN])
{
    const struct scheme *scheme = scheme_of(check->url);
    char plain[ADDR_TEXT_LEN], bracketed[ADDR_TEXT_LEN + 2], authority[CHECK_URL_LEN];
    struct expansion e = { .cname = cname, .buf = out->url };

    memset(out, 0, sizeof *out);
    if (scheme == NULL)
        return why_set(why, -EINVAL, "the check's URL must begin with http://, https:// or tcp://");
    out->kind = scheme->kind;
    if (address != NULL) {
        e.address = addr_format(address, plain);
        snprintf(bracketed, sizeof bracketed, address->family == 6 ? "[%s]" : "%s", plain);
        e.bracketed = bracketed;
    }

    const char *from = check->url + strlen(scheme->prefix);
    size_t authority_len = strcspn(from, "/?#");
    append(&e, scheme->prefix, strlen(scheme->prefix));
    size_t authority_at = e.len;
    int err = expand_text(&e, from, authority_len, true, why);
    if (err != 0)
        return err;
    size_t path_at = e.len;
    memcpy(authority, out->url + authority_at, path_at - authority_at + 1);
    err = expand_text(&e, from + authority_len, strlen(from + authority_len), false, why);
    if (err == 0)
        err = place_peer(out, scheme, authority, why);
    if (err == 0 && check->host != NULL && scheme->kind != CONF_CHECK_TCP) {
        char path[CHECK_URL_LEN];
        strcpy(path, out->url + path_at);
        err = rewrite_host(out, scheme, check->host, path, why);
    }
    return err;
}
