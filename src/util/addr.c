/* addr.c - IP addresses, prefixes and endpoints as values. Pure. */
#include <waymark/addr.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool addr_parse(const char *text, struct addr *out)
{
    struct addr a = { 0 };

    if (inet_pton(AF_INET, text, a.octets) == 1)
        a.family = 4;
    else if (inet_pton(AF_INET6, text, a.octets) == 1)
        a.family = 6;
    else
        return false;
    *out = a;
    return true;
}

/* A decimal number and nothing else: no sign, no space, no overflow. */
static bool number_parse(const char *text, uint32_t max, uint32_t *out)
{
    uint64_t n = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
        if (n > max)
            return false;
    }
    *out = (uint32_t)n;
    return true;
}

bool asn_parse(const char *text, uint32_t *out)
{
    return number_parse(strncasecmp(text, "AS", 2) == 0 ? text + 2 : text, UINT32_MAX, out);
}

bool prefix_parse(const char *text, struct prefix *out)
{
    char buf[PREFIX_TEXT_LEN + 1];
    struct prefix p = { 0 };
    unsigned bits;

    if (strlen(text) >= sizeof buf)
        return false;
    strcpy(buf, text);
    char *slash = strchr(buf, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!addr_parse(buf, &p.addr))
        return false;
    bits = addr_width(&p.addr);
    if (slash != NULL && !number_parse(slash + 1, bits, &bits))
        return false;
    p.bits = (uint8_t)bits;
    struct addr masked = addr_mask(&p.addr, bits);
    if (!addr_equal(&masked, &p.addr))
        return false;
    *out = p;
    return true;
}

bool endpoint_parse(const char *text, struct endpoint *out)
{
    char buf[ENDPOINT_TEXT_LEN + 8];
    struct endpoint e = { 0 };
    unsigned port;

    if (strlen(text) >= sizeof buf)
        return false;
    strcpy(buf, text);
    char *colon = strrchr(buf, ':');
    if (colon == NULL || !number_parse(colon + 1, 65535, &port))
        return false;
    *colon = '\0';
    char *host = buf;
    bool is_bracketed = host[0] == '[' && colon > host + 1 && colon[-1] == ']';
    if (is_bracketed) {
        colon[-1] = '\0';
        host++;
    }
    if (!addr_parse(host, &e.addr) || (e.addr.family == 6) != is_bracketed)
        return false;
    e.port = (uint16_t)port;
    *out = e;
    return true;
}

const char *addr_format(const struct addr *a, char out[static ADDR_TEXT_LEN])
{
    if (a->family == 0)
        strcpy(out, "none");
    else
        inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->octets, out, ADDR_TEXT_LEN);
    return out;
}

const char *prefix_format(const struct prefix *p, char out[static PREFIX_TEXT_LEN])
{
    char text[ADDR_TEXT_LEN];

    snprintf(out, PREFIX_TEXT_LEN, "%s/%u", addr_format(&p->addr, text), p->bits);
    return out;
}

const char *endpoint_format(const struct endpoint *e, char out[static ENDPOINT_TEXT_LEN])
{
    char text[ADDR_TEXT_LEN];

    addr_format(&e->addr, text);
    snprintf(out, ENDPOINT_TEXT_LEN, e->addr.family == 6 ? "[%s]:%u" : "%s:%u", text, e->port);
    return out;
}

unsigned addr_width(const struct addr *a)
{
    return a->family == 4 ? 32 : a->family == 6 ? 128 : 0;
}

struct addr addr_mask(const struct addr *a, unsigned bits)
{
    struct addr m = { .family = a->family };
    unsigned width = addr_width(a);
    unsigned whole = (bits < width ? bits : width) / 8;

    memcpy(m.octets, a->octets, whole);
    if (bits < width && bits % 8 != 0)
        m.octets[whole] = a->octets[whole] & (uint8_t)(0xff00 >> bits % 8);
    return m;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return addr_equal(&a->addr, &b->addr) && a->port == b->port;
}

bool addr_is_mapped(const struct addr *a)
{
    static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

    return a->family == 6 && memcmp(a->octets, head, sizeof head) == 0;
}

bool addr_unmap(struct addr *a)
{
    struct addr v4 = { .family = 4 };

    if (!addr_is_mapped(a))
        return false;
    memcpy(v4.octets, a->octets + 12, 4);
    *a = v4;
    return true;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
    struct addr masked = addr_mask(a, p->bits);

    return addr_equal(&masked, &p->addr);
}

struct addr addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port)
{
    struct addr a = { 0 };

    *port = 0;
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        a.family = 4;
        memcpy(a.octets, &in->sin_addr, 4);
        *port = ntohs(in->sin_port);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
        a.family = 6;
        memcpy(a.octets, &in6->sin6_addr, 16);
        addr_unmap(&a);
        *port = ntohs(in6->sin6_port);
    }
    return a;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (e->addr.family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(e->port);
        memcpy(&in->sin_addr, e->addr.octets, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(e->port);
    memcpy(&in6->sin6_addr, e->addr.octets, 16);
    return sizeof *in6;
}
