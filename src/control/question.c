/* question.c - what `waymark explain` is asked, from text. Pure. */
#include "question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"

static int parse_name(const char *text, struct wire_name *out, char why[static WHY_LEN])
{
    if (text == NULL || text[0] == '\0')
        return why_set(why, -EINVAL, "no name to explain: expected one such as www.cdn.example");
    if (!wire_name_from_text(text, out))
        return why_set(
            why, -EINVAL,
            "\"%.300s\" is no domain name: labels have 1 to 63 octets, the whole name at "
            "most 255",
            text);
    return 0;
}

/* Types that ask for a transfer or speak about the message (RFC 6895 3.1). */
static bool is_meta(uint16_t type)
{
    return type == WIRE_OPT || (type >= 249 && type <= 254);
}

static int parse_type(const char *text, uint16_t *out, char why[static WHY_LEN])
{
    uint16_t type = text == NULL ? WIRE_A : wire_type_from_text(text);

    if (type == 0)
        return why_set(
            why, -EINVAL,
            "\"%.40s\" is no record type: expected A, AAAA, HTTPS, TXT, ... or TYPE65280", text);
    if (is_meta(type))
        return why_set(why, -EINVAL, "%.40s is no type of record that a name could have", text);
    *out = type;
    return 0;
}

static bool length_parse(const char *text, unsigned max, unsigned *out)
{
    size_t len = strlen(text);

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return false;
    *out = (unsigned)strtoul(text, NULL, 10);
    return *out <= max;
}

static int parse_client(const char *text, struct wire_ecs *out, char why[static WHY_LEN])
{
    char address[ADDR_TEXT_LEN];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    struct addr a;

    snprintf(address, sizeof address, "%.*s", len < sizeof address ? (int)len : 0, text);
    if (!addr_parse(address, &a))
        return why_set(why, -EINVAL,
                       "client \"%.60s\": expected an address, such as 198.51.100.7 or "
                       "2001:db8::/48",
                       text);
    unsigned bits = addr_width(&a);
    if (slash != NULL && !length_parse(slash + 1, bits, &bits))
        return why_set(why, -EINVAL,
                       "client \"%.60s\": a length of 0 to %u is expected after the /", text,
                       addr_width(&a));
    if (bits >= 96 && addr_unmap(&a)) /* as everywhere at the edges */
        bits -= 96;
    if (slash == NULL)
        bits = a.family == 4 ? QUESTION_BITS4 : QUESTION_BITS6;
    *out = (struct wire_ecs){ .is_present = true,
                              .family = a.family == 4 ? 1 : 2,
                              .source_bits = (uint8_t)bits };
    if (bits > 0) /* a resolver cuts what is beyond the length (RFC 7871 6) */
        out->addr = addr_mask(&a, bits);
    return 0;
}

static int parse_resolver(const char *text, struct addr *out, char why[static WHY_LEN])
{
    if (!addr_parse(text == NULL ? "127.0.0.1" : text, out))
        return why_set(why, -EINVAL, "resolver \"%.60s\": expected an address, such as 192.0.2.53",
                       text);
    addr_unmap(out);
    return 0;
}

int question_parse(const struct question_text *text, int64_t now_ms, struct dns_question *out,
                   char why[static WHY_LEN])
{
    struct dns_question q = { .now_ms = now_ms };
    int err = parse_name(text->name, &q.name, why);

    if (err == 0)
        err = parse_type(text->type, &q.type, why);
    if (err == 0)
        err = parse_resolver(text->resolver, &q.resolver, why);
    if (err == 0 && text->client != NULL)
        err = parse_client(text->client, &q.ecs, why);
    if (err == 0 && text->at != NULL && !moment_parse(text->at, &q.now_ms))
        err = why_set(why, -EINVAL,
                      "time \"%.60s\": expected 2026-03-01T12:00:00Z, or seconds since 1970",
                      text->at);
    if (err == 0)
        *out = q;
    return err;
}
