/* packet_json.c - a DNS message in words, as dig would print it. Pure.
 *
 * The octets come from our own answer path; they are read as if they came from a stranger. */
#include "packet_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/addr.h>
#include <waymark/wire.h>

#include "json_put.h"
#include "svcb_text.h"

struct reader {
    const uint8_t *octets;
    size_t len, at;
};

/* The name at `at`, compression followed: every jump goes backwards, so it ends. Returns the offset
 * behind it, 0 when it is none. */
static size_t read_name(const struct reader *r, size_t at, char out[static WIRE_NAME_TEXT_LEN])
{
    uint8_t name[WIRE_NAME_MAX];
    size_t n = 0, end = 0, limit = at;

    while (at < r->len) {
        uint8_t c = r->octets[at];
        if (c >= 0xc0) {
            if (at + 2 > r->len)
                return 0;
            size_t to = (size_t)(wire_get16(r->octets + at) & 0x3fff);
            end = end == 0 ? at + 2 : end;
            if (to >= limit)
                return 0;
            at = limit = to;
            continue;
        }
        if (c > 63 || at + 1 + c > r->len || n + 1 + c > sizeof name)
            return 0;
        memcpy(name + n, r->octets + at, 1 + (size_t)c);
        n += 1 + (size_t)c;
        at += 1 + (size_t)c;
        if (c == 0) {
            wire_name_to_text(name, out);
            return end == 0 ? at : end;
        }
    }
    return 0;
}

static const char *dotted(char name[static WIRE_NAME_TEXT_LEN + 1])
{
    if (strcmp(name, ".") != 0)
        strcat(name, ".");
    return name;
}

/* RFC 3597: what we have no words for. */
static bool write_unknown(const uint8_t *data, size_t len, FILE *out)
{
    fprintf(out, "\\# %zu", len);
    for (size_t i = 0; i < len; i++)
        fprintf(out, "%s%02x", i == 0 ? " " : "", data[i]);
    return true;
}

static bool write_address(const uint8_t *data, uint8_t family, FILE *out)
{
    struct addr a = { .family = family };
    char text[ADDR_TEXT_LEN];

    memcpy(a.octets, data, family == 4 ? 4 : 16);
    fputs(addr_format(&a, text), out);
    return true;
}

/* `n` names one after the other; returns the offset behind them, 0 when they are none. */
static size_t write_names(const struct reader *r, size_t at, int n, FILE *out)
{
    char name[WIRE_NAME_TEXT_LEN + 1];

    for (int i = 0; i < n && at != 0; i++) {
        at = read_name(r, at, name);
        if (at != 0)
            fprintf(out, "%s%s", i == 0 ? "" : " ", dotted(name));
    }
    return at;
}

static bool write_soa(const struct reader *r, size_t end, FILE *out)
{
    size_t at = write_names(r, r->at, 2, out);

    if (at == 0 || at + 20 != end)
        return false;
    for (int i = 0; i < 5; i++)
        fprintf(out, " %u", wire_get32(r->octets + at + (size_t)i * 4));
    return true;
}

/* Numbers of 16 bits, then a name: MX, SRV. */
static bool write_numbered(const struct reader *r, size_t end, size_t n, FILE *out)
{
    if (r->at + n * 2 >= end)
        return false;
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%u ", wire_get16(r->octets + r->at + i * 2));
    return write_names(r, r->at + n * 2, 1, out) == end;
}

static bool write_strings(const struct reader *r, size_t end, FILE *out)
{
    for (size_t at = r->at; at < end; at += 1 + (size_t)r->octets[at]) {
        size_t len = r->octets[at];
        if (at + 1 + len > end)
            return false;
        fputs(at == r->at ? "\"" : " \"", out);
        for (size_t i = at + 1; i <= at + len; i++) {
            uint8_t c = r->octets[i];
            if (c < 0x20 || c > 0x7e)
                fprintf(out, "\\%03u", c);
            else
                fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
        }
        fputc('"', out);
    }
    return true;
}

/* A priority, a name and parameters: HTTPS and SVCB. */
static bool write_svcb(const struct reader *r, size_t end, FILE *out)
{
    if (r->at + 2 >= end)
        return false;
    fprintf(out, "%u ", wire_get16(r->octets + r->at));
    size_t at = write_names(r, r->at + 2, 1, out);
    return at != 0 && at <= end && svcb_write_params(r->octets + at, end - at, out);
}

/* The data of a record of that type, `len` octets at r->at. false: they do not fit the type. */
static bool write_data(const struct reader *r, uint16_t type, size_t len, FILE *out)
{
    const uint8_t *data = r->octets + r->at;
    size_t end = r->at + len;

    switch (type) {
    case WIRE_A:
        return len == 4 && write_address(data, 4, out);
    case WIRE_AAAA:
        return len == 16 && write_address(data, 6, out);
    case WIRE_NS:
    case WIRE_CNAME:
    case WIRE_PTR:
    case WIRE_DNAME:
        return write_names(r, r->at, 1, out) == end;
    case WIRE_SOA:
        return write_soa(r, end, out);
    case WIRE_MX:
        return write_numbered(r, end, 1, out);
    case WIRE_SRV:
        return write_numbered(r, end, 3, out);
    case WIRE_HTTPS:
        return write_svcb(r, end, out);
    case WIRE_TXT:
        return write_strings(r, end, out);
    default:
        return write_unknown(data, len, out);
    }
}

typedef bool write_fn(const struct reader *r, uint16_t type, size_t len, FILE *out);

static bool write_hex(const struct reader *r, uint16_t type, size_t len, FILE *out)
{
    return write_unknown(r->octets + r->at, len, out);
}

/* NULL: they do not fit the type, or no memory. */
static json_t *written(write_fn *write, const struct reader *r, uint16_t type, size_t len)
{
    char *text = NULL;
    size_t text_len;
    FILE *out = open_memstream(&text, &text_len);

    if (out == NULL)
        return NULL;
    bool is_fit = write(r, type, len, out);
    json_t *json = fclose(out) == 0 && is_fit ? json_text(text) : NULL;
    free(text);
    return json;
}

static json_t *data_json(const struct reader *r, uint16_t type, size_t len)
{
    json_t *json = written(write_data, r, type, len);

    return json != NULL ? json : written(write_hex, r, type, len);
}

/* Scope and source of the answer's client subnet option (RFC 7871 6), if it has one. */
static void put_ecs(json_t *message, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at + 4 <= len;) {
        size_t option_len = wire_get16(data + at + 2);
        if (at + 4 + option_len > len)
            return;
        if (wire_get16(data + at) == 8 && option_len >= 4) {
            put_int(message, "ecs_source", data[at + 6]);
            put_int(message, "ecs_scope", data[at + 7]);
        }
        at += 4 + option_len;
    }
}

/* One record at r->at. OPT is no record of a name: it goes into the message's own members. */
static bool read_record(struct reader *r, json_t *section, json_t *message, unsigned *rcode_high)
{
    char name[WIRE_NAME_TEXT_LEN + 1], type_text[16];
    size_t at = read_name(r, r->at, name);

    if (at == 0 || at + WIRE_RR_FIXED > r->len)
        return false;
    uint16_t type = wire_get16(r->octets + at);
    uint32_t ttl = wire_get32(r->octets + at + 4);
    size_t len = wire_get16(r->octets + at + 8);
    r->at = at + WIRE_RR_FIXED;
    if (r->at + len > r->len)
        return false;
    if (type == WIRE_OPT) {
        *rcode_high = ttl >> 24;
        put_int(message, "udp_size", wire_get16(r->octets + at + 2));
        put_ecs(message, r->octets + r->at, len);
    } else {
        json_t *o = json_object();
        put_text(o, "name", dotted(name));
        put_int(o, "ttl", ttl);
        put_text(o, "type", wire_type_to_text(type, type_text));
        put(o, "data", data_json(r, type, len));
        json_array_append_new(section, o);
    }
    r->at += len;
    return true;
}

static json_t *flags_json(uint16_t flags)
{
    static const struct {
        uint16_t bit;
        const char *word;
    } words[] = { { WIRE_QR, "qr" }, { WIRE_AA, "aa" }, { WIRE_TC, "tc" },
                  { WIRE_RD, "rd" }, { 0x0080, "ra" },  { WIRE_CD, "cd" } };
    json_t *all = json_array();

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (flags & words[i].bit)
            json_array_append_new(all, json_string(words[i].word));
    return all;
}

static bool skip_question(struct reader *r)
{
    char name[WIRE_NAME_TEXT_LEN];
    size_t at = read_name(r, r->at, name);

    if (at == 0 || at + 4 > r->len)
        return false;
    r->at = at + 4;
    return true;
}

static bool read_sections(struct reader *r, json_t *message, unsigned *rcode_high)
{
    static const char *const sections[] = { "answer", "authority", "additional" };
    bool is_whole = true;

    for (unsigned i = 0; i < wire_get16(r->octets + 4) && is_whole; i++)
        is_whole = skip_question(r);
    for (size_t s = 0; s < 3; s++) {
        json_t *section = json_array();
        unsigned n = wire_get16(r->octets + 6 + 2 * s);
        for (unsigned i = 0; i < n && is_whole; i++)
            is_whole = read_record(r, section, message, rcode_high);
        put(message, sections[s], section);
    }
    return is_whole;
}

json_t *packet_json(const uint8_t *octets, size_t len)
{
    struct reader r = { .octets = octets, .len = len, .at = WIRE_HEADER_LEN };
    json_t *message = json_object();
    unsigned rcode_high = 0;

    put_int(message, "octets", (int64_t)len);
    if (len < WIRE_HEADER_LEN) {
        put_text(message, "trouble", "shorter than a header");
        return message;
    }
    uint16_t flags = wire_get16(octets + 2);
    put(message, "flags", flags_json(flags));
    if (!read_sections(&r, message, &rcode_high))
        put_text(message, "trouble", "the message ends or breaks off early");
    put_text(message, "rcode", wire_rcode_to_text(rcode_high << 4 | (flags & 15)));
    return message;
}
