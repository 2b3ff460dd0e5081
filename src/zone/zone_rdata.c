/* zone_rdata.c - the data of a record, from words to wire, by the shapes that ldns knows.
 * Runs in whichever thread loads; which records may stand where is for zone_check.c. */
#include "zone/zone_rdata.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include <waymark/wire.h>

/* The words of one record, being read. */
struct words {
    const struct zone_token *tokens;
    size_t n, at;
    const struct zone_name *origin;
    char *scratch;
};

/* ---- words that are not data ---- */

static bool read_number(const struct zone_token *token, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    if (token->len == 0 || token->len > 20)
        return false;
    for (size_t i = 0; i < token->len; i++) {
        unsigned digit = (unsigned)token->text[i] - '0';
        if (digit > 9)
            return false;
        v = v * 10 + digit;
        if (v > max)
            return false;
    }
    *out = v;
    return true;
}

static bool copy_word(const struct zone_token *token, char *out, size_t cap)
{
    if (token->len == 0 || token->len >= cap || token->is_quoted)
        return false;
    memcpy(out, token->text, token->len);
    out[token->len] = '\0';
    return true;
}

/* "TYPE65280", "CLASS1"; 0 when it is not that. RFC 3597 5. */
static uint16_t generic_number(const struct zone_token *token, const char *prefix)
{
    size_t len = strlen(prefix);
    struct zone_token digits = { .text = token->text + len, .len = token->len - (uint32_t)len };
    uint64_t v;

    if (token->len <= len || strncasecmp(token->text, prefix, len) != 0)
        return 0;
    return read_number(&digits, UINT16_MAX, &v) ? (uint16_t)v : 0;
}

/* Known to the registry, not to ldns 1.8: they can at least be named. */
static const struct {
    const char *text;
    uint16_t type;
} nameless[] = {
    { "NINFO", 56 },     { "RKEY", 57 },     { "AVC", 258 },    { "DOA", 259 },
    { "AMTRELAY", 260 }, { "RESINFO", 261 }, { "WALLET", 262 },
};

uint16_t zone_type_read(const struct zone_token *token)
{
    char word[16];

    if (!copy_word(token, word, sizeof word))
        return 0;
    if (strcasecmp(word, "A") == 0) /* by far the most */
        return WIRE_A;
    if (strncasecmp(word, "TYPE", 4) == 0)
        return generic_number(token, "TYPE");
    for (size_t i = 0; i < sizeof nameless / sizeof *nameless; i++)
        if (strcasecmp(word, nameless[i].text) == 0)
            return nameless[i].type;
    return (uint16_t)ldns_get_rr_type_by_name(word);
}

uint16_t zone_class_read(const struct zone_token *token)
{
    static const struct {
        const char *text;
        uint16_t class;
    } classes[] = {
        { "IN", WIRE_CLASS_IN }, { "CS", 2 },     { "CH", WIRE_CLASS_CH },
        { "HS", 4 },             { "NONE", 254 },
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (zone_token_is(token, classes[i].text))
            return classes[i].class;
    return token->is_quoted ? 0 : generic_number(token, "CLASS");
}

static uint64_t unit_seconds(char c)
{
    switch (c | 0x20) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

bool zone_period_read(const struct zone_token *token, uint64_t *out)
{
    const uint64_t most = (uint64_t)UINT32_MAX + 1;
    uint64_t sum = 0, part = 0;
    bool has_digit = false, has_unit = false;

    for (size_t i = 0; i < token->len && !token->is_quoted; i++) {
        unsigned digit = (unsigned)token->text[i] - '0';
        uint64_t unit = unit_seconds(token->text[i]);
        if (digit <= 9) {
            part = part * 10 + digit;
            part = part > most ? most : part;
            has_digit = true;
        } else if (unit != 0 && has_digit) {
            sum += part * unit;
            sum = sum > most ? most : sum;
            part = 0;
            has_digit = false;
            has_unit = true;
        } else {
            return false;
        }
    }
    *out = has_unit ? sum : part;
    return has_digit != has_unit; /* "1h30" is no period, nor is nothing */
}

/* ---- fields ---- */

static const char too_long[] = "a record is longer than 65535 octets";

static const char *append(struct zone_rdata *out, const void *data, size_t len)
{
    if (len > ZONE_RDATA_MAX - out->len)
        return too_long;
    memcpy(out->octets + out->len, data, len);
    out->len += len;
    return NULL;
}

static const char *append_number(struct zone_rdata *out, uint64_t v, size_t size)
{
    uint8_t octets[8];

    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(v >> 8 * (size - 1 - i));
    return append(out, octets, size);
}

/* Octets of a plain number; 0 when the field is none. */
static size_t number_size(ldns_rdf_type kind)
{
    switch (kind) {
    case LDNS_RDF_TYPE_INT8:
        return 1;
    case LDNS_RDF_TYPE_INT16:
        return 2;
    case LDNS_RDF_TYPE_INT32:
    case LDNS_RDF_TYPE_PERIOD:
        return 4;
    default:
        return 0;
    }
}

static const char *read_number_field(const struct zone_token *token, ldns_rdf_type kind,
                                     struct zone_rdata *out)
{
    static const char *const range[] = { NULL, "a number from 0 to 255 is expected",
                                         "a number from 0 to 65535 is expected", NULL,
                                         "a number from 0 to 4294967295 is expected" };
    size_t size = number_size(kind);
    uint64_t v;

    if (kind == LDNS_RDF_TYPE_PERIOD) {
        if (!zone_period_read(token, &v) || v > UINT32_MAX)
            return "a time in seconds, up to 4294967295, is expected";
    } else if (!read_number(token, UINT64_MAX >> (64 - 8 * size), &v)) {
        return range[size];
    }
    return append_number(out, v, size);
}

static const char *read_address_field(const struct zone_token *token, int family,
                                      struct zone_rdata *out)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t octets[16];

    if (!copy_word(token, text, sizeof text) || inet_pton(family, text, octets) != 1)
        return family == AF_INET ? "an IPv4 address is expected" : "an IPv6 address is expected";
    return append(out, octets, family == AF_INET ? 4 : 16);
}

static const char *read_name_field(const struct words *words, const struct zone_token *token,
                                   struct zone_rdata *out)
{
    struct zone_name name;
    const char *why = zone_name_read(token, words->origin, &name);

    return why != NULL ? why : append(out, name.octets, name.len);
}

static const char *read_string_field(const struct zone_token *token, struct zone_rdata *out)
{
    uint8_t string[256];
    const char *why = NULL;
    size_t size = zone_string_read(token, string, &why);

    return size == 0 ? why : append(out, string, size);
}

/* How many words a field that ldns reads takes: the rest for those that may hold blanks. */
static size_t words_of(ldns_rdf_type kind)
{
    switch (kind) {
    case LDNS_RDF_TYPE_B64:
    case LDNS_RDF_TYPE_HEX:
    case LDNS_RDF_TYPE_LOC:
    case LDNS_RDF_TYPE_WKS:
    case LDNS_RDF_TYPE_NSAP:
    case LDNS_RDF_TYPE_ATMA:
    case LDNS_RDF_TYPE_NSEC:
    case LDNS_RDF_TYPE_SVCPARAMS:
        return SIZE_MAX;
    case LDNS_RDF_TYPE_HIP:
        return 3;
    default:
        return 1;
    }
}

static char *put_text(char *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

/* Words as ldns wants them, in the scratch. ldns reads the value of a LONG_STR bare. */
static void join(struct words *words, size_t n, ldns_rdf_type kind)
{
    char *p = words->scratch;

    for (size_t i = 0; i < n; i++) {
        const struct zone_token *t = &words->tokens[words->at++];
        bool is_quoted = t->is_quoted && kind == LDNS_RDF_TYPE_SVCPARAMS;
        if (i > 0)
            *p++ = ' ';
        if (is_quoted)
            *p++ = '"';
        p = put_text(p, t->text, t->len);
        if (is_quoted)
            *p++ = '"';
    }
    *p = '\0';
}

/* ldns keeps the low bits of a number that is too large. */
static bool number_wraps(const struct zone_token *token, ldns_rdf_type kind)
{
    bool is_octet = kind == LDNS_RDF_TYPE_ALG || kind == LDNS_RDF_TYPE_CERTIFICATE_USAGE ||
                    kind == LDNS_RDF_TYPE_SELECTOR || kind == LDNS_RDF_TYPE_MATCHING_TYPE;
    uint64_t v;

    if (!is_octet && kind != LDNS_RDF_TYPE_CERT_ALG)
        return false;
    if (memchr("+-0123456789", *token->text, 12) == NULL)
        return false; /* a mnemonic */
    return !read_number(token, is_octet ? UINT8_MAX : UINT16_MAX, &v);
}

/* The same for SvcParams: port=70000, port="70000". */
static bool port_wraps(const struct words *words)
{
    for (size_t i = words->at; i < words->n; i++) {
        const struct zone_token *t = &words->tokens[i];
        if (t->len < 5 || strncasecmp(t->text, "port=", 5) != 0)
            continue;
        struct zone_token digits = { .text = t->text + 5, .len = t->len - 5 };
        if (digits.len >= 2 && *digits.text == '"')
            digits = (struct zone_token){ .text = digits.text + 1, .len = digits.len - 2 };
        uint64_t v;
        if (!read_number(&digits, UINT16_MAX, &v))
            return true;
    }
    return false;
}

/* RFC 9460 2.2: keys in strictly ascending order, so none twice. */
static bool params_ascend(const uint8_t *p, size_t len)
{
    int last = -1;

    for (size_t at = 0; at < len;) {
        if (len - at < 4 || wire_get16(p + at) <= last)
            return false;
        last = wire_get16(p + at);
        at += 4u + wire_get16(p + at + 2);
        if (at > len)
            return false;
    }
    return true;
}

static const char *read_by_ldns(struct words *words, ldns_rdf_type kind, struct zone_rdata *out)
{
    size_t n = words_of(kind), left = words->n - words->at;

    if (kind == LDNS_RDF_TYPE_UNKNOWN || (n == 3 && left < 3))
        return "no text is defined for it";
    if (number_wraps(&words->tokens[words->at], kind))
        return "a number is too large for its field";
    if (kind == LDNS_RDF_TYPE_SVCPARAMS && port_wraps(words))
        return "a port is a number from 0 to 65535";
    join(words, n < left ? n : left, kind);
    ldns_rdf *field = ldns_rdf_new_frm_str(kind, words->scratch);
    if (field == NULL)
        return "it is not what the type's definition asks for";
    const char *why = append(out, ldns_rdf_data(field), ldns_rdf_size(field));
    if (why == NULL && kind == LDNS_RDF_TYPE_SVCPARAMS &&
        !params_ascend(ldns_rdf_data(field), ldns_rdf_size(field)))
        why = "a parameter is given twice";
    if (why == NULL && kind == LDNS_RDF_TYPE_TYPE && ldns_rdf2native_int16(field) == 0)
        why = "no such type";
    ldns_rdf_deep_free(field);
    return why;
}

/* RFC 4025 3: precedence, gateway type, algorithm, gateway, key. ldns would leave a relative gateway
 * as it is, and lose memory over a bad key. */
static const char *read_ipseckey(struct words *words, struct zone_rdata *out)
{
    const struct zone_token *t = &words->tokens[words->at];
    const char *why = NULL;

    if (words->n - words->at < 4)
        return "data is missing: precedence, gateway type, algorithm, gateway";
    for (size_t i = 0; i < 3 && why == NULL; i++)
        why = read_number_field(&t[i], LDNS_RDF_TYPE_INT8, out);
    if (why != NULL)
        return why;
    words->at += 4;
    switch (out->octets[1]) {
    case 0:
        why = zone_token_is(&t[3], ".") ? NULL : "gateway type 0 goes with the gateway \".\"";
        break;
    case 1:
        why = read_address_field(&t[3], AF_INET, out);
        break;
    case 2:
        why = read_address_field(&t[3], AF_INET6, out);
        break;
    case 3:
        why = read_name_field(words, &t[3], out);
        break;
    default:
        why = "gateway types are 0 to 3";
    }
    if (why != NULL || words->at == words->n)
        return why;
    return read_by_ldns(words, LDNS_RDF_TYPE_B64, out);
}

static const char *read_field(struct words *words, ldns_rdf_type kind, struct zone_rdata *out)
{
    const struct zone_token *token = &words->tokens[words->at];

    switch (kind) {
    case LDNS_RDF_TYPE_A:
        words->at++;
        return read_address_field(token, AF_INET, out);
    case LDNS_RDF_TYPE_AAAA:
        words->at++;
        return read_address_field(token, AF_INET6, out);
    case LDNS_RDF_TYPE_DNAME:
        words->at++;
        return read_name_field(words, token, out);
    case LDNS_RDF_TYPE_STR:
        words->at++;
        return read_string_field(token, out);
    case LDNS_RDF_TYPE_INT8:
    case LDNS_RDF_TYPE_INT16:
    case LDNS_RDF_TYPE_INT32:
    case LDNS_RDF_TYPE_PERIOD:
        words->at++;
        return read_number_field(token, kind, out);
    case LDNS_RDF_TYPE_IPSECKEY:
        return read_ipseckey(words, out);
    default:
        return read_by_ldns(words, kind, out);
    }
}

/* ---- RFC 3597 ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *read_hex(struct words *words, size_t want, struct zone_rdata *out)
{
    size_t n_digits = 0;

    for (; words->at < words->n; words->at++) {
        const struct zone_token *t = &words->tokens[words->at];
        for (size_t i = 0; i < t->len; i++, n_digits++) {
            int digit = hex_digit(t->text[i]);
            if (digit < 0)
                return "something other than hexadecimal digits follows \\#";
            if (n_digits == 2 * want)
                return "more octets than \\# announces";
            if (n_digits % 2 == 0)
                out->octets[n_digits / 2] = (uint8_t)(digit << 4);
            else
                out->octets[n_digits / 2] |= (uint8_t)digit;
        }
    }
    out->len = want;
    return n_digits == 2 * want ? NULL : "fewer octets than \\# announces";
}

/* The size of the field at `p`; SIZE_MAX when it does not fit or ends badly. Zero: no such field. */
static size_t plain_size(ldns_rdf_type kind, const uint8_t *p, size_t len)
{
    struct wire_name name;

    switch (kind) {
    case LDNS_RDF_TYPE_A:
        return 4;
    case LDNS_RDF_TYPE_AAAA:
        return 16;
    case LDNS_RDF_TYPE_STR:
        return len == 0 ? SIZE_MAX : 1u + *p;
    case LDNS_RDF_TYPE_DNAME:
        return wire_name_from_octets(p, len, &name) ? name.len : SIZE_MAX;
    default:
        return number_size(kind);
    }
}

/* Types made of plain fields only must be well formed, as others will take them apart. */
static bool is_well_formed(const ldns_rr_descriptor *shape, const struct zone_rdata *rdata)
{
    size_t at = 0, i = 0, max = ldns_rr_descriptor_maximum(shape);

    for (; i < max && at < rdata->len; i++) {
        size_t size = plain_size(ldns_rr_descriptor_field_type(shape, i), rdata->octets + at,
                                 rdata->len - at);
        if (size == 0)
            return true; /* opaque from here on */
        if (size > rdata->len - at)
            return false;
        at += size;
    }
    if (i < ldns_rr_descriptor_minimum(shape))
        return plain_size(ldns_rr_descriptor_field_type(shape, i), NULL, 0) == 0;
    return at == rdata->len;
}

static const char *read_generic(const ldns_rr_descriptor *shape, struct words *words,
                                struct zone_rdata *out)
{
    uint64_t len;

    words->at++;
    if (words->at == words->n || !read_number(&words->tokens[words->at], ZONE_RDATA_MAX, &len))
        return "a length from 0 to 65535 must follow \\#";
    words->at++;
    const char *why = read_hex(words, len, out);
    if (why == NULL && shape != NULL && !is_well_formed(shape, out))
        why = "the octets after \\# are not of the type's form";
    return why;
}

/* ---- the whole ---- */

/* NULL when ldns does not know the type. */
static const ldns_rr_descriptor *shape_of(uint16_t type)
{
    const ldns_rr_descriptor *shape = ldns_rr_descript(type);

    return shape == NULL || shape->_type != (ldns_rr_type)type ? NULL : shape;
}

static const char *type_text(uint16_t type, char out[static 16])
{
    const ldns_rr_descriptor *shape = shape_of(type);

    for (size_t i = 0; i < sizeof nameless / sizeof *nameless; i++)
        if (nameless[i].type == type)
            return nameless[i].text;
    return shape != NULL && shape->_name != NULL ? shape->_name : wire_type_to_text(type, out);
}

static bool refuse(uint16_t type, const char *what, char why[static WHY_LEN])
{
    char name[16];

    why_set(why, 0, "%s: %s", type_text(type, name), what);
    return false;
}

static bool refuse_count(uint16_t type, const char *what, size_t n, char why[static WHY_LEN])
{
    char name[16];

    why_set(why, 0, "%s: %s, it takes %zu field%s", type_text(type, name), what, n,
            n == 1 ? "" : "s");
    return false;
}

bool zone_rdata_read(uint16_t type, const struct zone_token *tokens, size_t n,
                     const struct zone_name *origin, struct zone_rdata *out,
                     char why[static WHY_LEN])
{
    struct words words = { .tokens = tokens, .n = n, .origin = origin, .scratch = out->text };
    const ldns_rr_descriptor *shape = shape_of(type);
    const char *trouble = NULL;
    size_t i = 0;

    out->len = 0;
    if (n > 0 && zone_token_is(&tokens[0], "\\#")) {
        trouble = read_generic(shape, &words, out);
        return trouble == NULL || refuse(type, trouble, why);
    }
    if (shape == NULL || ldns_rr_descriptor_field_type(shape, 0) == LDNS_RDF_TYPE_UNKNOWN)
        return refuse(type,
                      "libldns cannot read this type; write its data as \\# LENGTH HEX (RFC 3597)",
                      why);
    size_t min = ldns_rr_descriptor_minimum(shape), max = ldns_rr_descriptor_maximum(shape);
    for (; i < max && words.at < n && trouble == NULL; i++)
        trouble = read_field(&words, ldns_rr_descriptor_field_type(shape, i), out);
    if (trouble != NULL)
        return refuse(type, trouble, why);
    if (i < min)
        return refuse_count(type, "data is missing", min, why);
    if (words.at < n)
        return refuse_count(type, "there is more than its data", max, why);
    return true;
}
