/* svcb_text.c - parameters of HTTPS and SVCB records in words (RFC 9460 2.1, 14.3.2). Pure. */
#include "svcb_text.h"

#include <string.h>

#include <waymark/addr.h>
#include <waymark/wire.h>

enum { KEY_ALPN = 1, KEY_NO_DEFAULT_ALPN = 2, KEY_PORT = 3, KEY_IPV4HINT = 4, KEY_IPV6HINT = 6 };

static void write_octet(uint8_t c, FILE *out)
{
    if (c < 0x21 || c > 0x7e)
        fprintf(out, "\\%03u", c);
    else
        fprintf(out, strchr("\"\\,;()", c) != NULL ? "\\%c" : "%c", c);
}

static bool write_alpn(const uint8_t *value, size_t len, FILE *out)
{
    fputs(" alpn=\"", out);
    for (size_t at = 0; at < len; at += 1 + (size_t)value[at]) {
        if (value[at] == 0 || at + 1 + value[at] > len)
            return false;
        fputs(at > 0 ? "," : "", out);
        for (size_t i = 1; i <= value[at]; i++)
            write_octet(value[at + i], out);
    }
    fputc('"', out);
    return len > 0;
}

static bool write_hints(const uint8_t *value, size_t len, uint8_t family, FILE *out)
{
    size_t each = family == 4 ? 4 : 16;
    char text[ADDR_TEXT_LEN];

    if (len == 0 || len % each != 0)
        return false;
    fprintf(out, " ipv%uhint=", family);
    for (size_t at = 0; at < len; at += each) {
        struct addr a = { .family = family };
        memcpy(a.octets, value + at, each);
        fprintf(out, "%s%s", at > 0 ? "," : "", addr_format(&a, text));
    }
    return true;
}

static bool write_other(uint16_t key, const uint8_t *value, size_t len, FILE *out)
{
    fprintf(out, " key%u", key);
    for (size_t i = 0; i < len; i++) {
        fputs(i == 0 ? "=\"" : "", out);
        write_octet(value[i], out);
    }
    fputs(len > 0 ? "\"" : "", out);
    return true;
}

static bool write_param(uint16_t key, const uint8_t *value, size_t len, FILE *out)
{
    switch (key) {
    case KEY_ALPN:
        return write_alpn(value, len, out);
    case KEY_NO_DEFAULT_ALPN:
        fputs(" no-default-alpn", out);
        return len == 0;
    case KEY_PORT:
        if (len == 2)
            fprintf(out, " port=%u", wire_get16(value));
        return len == 2;
    case KEY_IPV4HINT:
        return write_hints(value, len, 4, out);
    case KEY_IPV6HINT:
        return write_hints(value, len, 6, out);
    default:
        return write_other(key, value, len, out);
    }
}

bool svcb_write_params(const uint8_t *octets, size_t len, FILE *out)
{
    size_t at = 0;

    while (at + 4 <= len) {
        size_t value_len = wire_get16(octets + at + 2);
        if (value_len > len - at - 4 ||
            !write_param(wire_get16(octets + at), octets + at + 4, value_len, out))
            return false;
        at += 4 + value_len;
    }
    return at == len;
}
