/* zone_rdata.c - the data of a record, from words to wire, by the shapes that ldns knows.
 * Runs in whichever thread loads; which records may stand where is for zone_check.c. */
#include "zone/zone_rdata.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include <waymark/wire.h>

#include "zone/zone_generic.h"
#include "zone/zone_shape.h"
#include "zone/zone_word.h"

/* The words of one record, being read. */
struct words {
    const struct zone_token *tokens;
    size_t n, at;
    const struct zone_name *origin;
    char *scratch;
};

/* ---- fields ---- */

static const char too_long[] = "a record is longer than 65535 octets";

static const char *append(struct zone_rdata *out, const void *data, size_t len)
{
    if (len > ZONE_RDATA_MAX - out->len)
        return too_long;
    if (len > 0) /* ldns has NULL for nothing */
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

static const char *read_number_field(const struct zone_token *token, ldns_rdf_type kind,
                                     struct zone_rdata *out)
{
    static const char *const range[] = { NULL, "a number from 0 to 255 is expected",
                                         "a number from 0 to 65535 is expected", NULL,
                                         "a number from 0 to 4294967295 is expected" };
    size_t size = zone_shape_number_size(kind);
    uint64_t v;

    if (kind == LDNS_RDF_TYPE_PERIOD) {
        if (!zone_period_read(token, &v) || v > UINT32_MAX)
            return "a time in seconds, up to 4294967295, is expected";
    } else if (!zone_number_read(token, UINT64_MAX >> (64 - 8 * size), &v)) {
        return range[size];
    }
    return append_number(out, v, size);
}

static const char *read_address_field(const struct zone_token *token, int family,
                                      struct zone_rdata *out)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t octets[16];

    if (!zone_word_copy(token, text, sizeof text) || inet_pton(family, text, octets) != 1)
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

/* A code that may be written as a number, whose low bits ldns would keep, or as a word. The size is
 * 0 when the field is none. */
static size_t code_size(ldns_rdf_type kind)
{
    switch (kind) {
    case LDNS_RDF_TYPE_ALG:
    case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
    case LDNS_RDF_TYPE_SELECTOR:
    case LDNS_RDF_TYPE_MATCHING_TYPE:
        return 1;
    case LDNS_RDF_TYPE_CERT_ALG:
        return 2;
    default:
        return 0;
    }
}

static bool is_number(const struct zone_token *token)
{
    return token->len > 0 && memchr("+-0123456789", *token->text, 12) != NULL;
}

/* ldns loses memory over a word that it does not know here. */
static const char *read_cert_word(const struct zone_token *token, struct zone_rdata *out)
{
    char word[16];
    const ldns_lookup_table *entry = NULL;

    if (zone_word_copy(token, word, sizeof word))
        entry = ldns_lookup_by_name(ldns_cert_algorithms, word);
    return entry == NULL ? "no such type of certificate"
                         : append_number(out, (uint64_t)entry->id, 2);
}

/* ldns keeps the low bits: port=70000, port="70000". */
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
        if (!zone_number_read(&digits, UINT16_MAX, &v))
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
    if (left > UINT16_MAX && n > left)
        return "there are more words than it can hold"; /* ldns counts no further in a bitmap */
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

/* RFC 4025 3: precedence, gateway type, algorithm, gateway, key. ldns would leave a relative
 * gateway as it is, and lose memory over a bad key. */
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
        break;
    }
    if (code_size(kind) > 0 && is_number(token)) {
        words->at++;
        return read_number_field(
            token, code_size(kind) == 1 ? LDNS_RDF_TYPE_INT8 : LDNS_RDF_TYPE_INT16, out);
    }
    if (kind == LDNS_RDF_TYPE_CERT_ALG) {
        words->at++;
        return read_cert_word(token, out);
    }
    return read_by_ldns(words, kind, out);
}

/* ---- the whole ---- */

static bool refuse(uint16_t type, const char *what, char why[static WHY_LEN])
{
    char name[16];

    why_set(why, 0, "%s: %s", zone_type_text(type, name), what);
    return false;
}

static bool refuse_count(uint16_t type, const char *what, size_t n, char why[static WHY_LEN])
{
    char name[16];

    why_set(why, 0, "%s: %s, it takes %zu field%s", zone_type_text(type, name), what, n,
            n == 1 ? "" : "s");
    return false;
}

bool zone_rdata_read(uint16_t type, const struct zone_token *tokens, size_t n,
                     const struct zone_name *origin, struct zone_rdata *out,
                     char why[static WHY_LEN])
{
    struct words words = { .tokens = tokens, .n = n, .origin = origin, .scratch = out->text };
    const ldns_rr_descriptor *shape = zone_shape_of(type);
    const char *trouble = NULL;
    size_t i = 0;

    out->len = 0;
    if (n > 0 && zone_token_is(&tokens[0], "\\#")) {
        trouble = zone_generic_read(type, tokens + 1, n - 1, out);
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
