/* wire.h - DNS bytes to structs and back: names, queries, answers under construction.
 *
 * Threads: pure functions on the caller's storage; nothing allocates.
 * Source:  RFC 1035 (4.1), RFC 6891 (EDNS), RFC 7871 (client subnet), RFC 5001 (NSID), RFC 7873
 *          (cookies), RFC 7828 (keepalive), RFC 8906 (odd packets), RFC 8945 (signed queries, refused),
 *          RFC 9619 (one question). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>

enum {
    WIRE_NAME_MAX = 255,
    WIRE_LABELS_MAX = 127,
    WIRE_HEADER_LEN = 12,
    WIRE_UDP_PLAIN = 512,     /* without EDNS, RFC 1035 2.3.4 */
    WIRE_MESSAGE_MAX = 65535,
    WIRE_NAME_TEXT_LEN = 1024 /* every octet as \DDD, dots and a NUL */
};

enum wire_type {
    WIRE_A = 1,
    WIRE_NS = 2,
    WIRE_CNAME = 5,
    WIRE_SOA = 6,
    WIRE_PTR = 12,
    WIRE_MX = 15,
    WIRE_TXT = 16,
    WIRE_AAAA = 28,
    WIRE_SRV = 33,
    WIRE_DNAME = 39,
    WIRE_OPT = 41,
    WIRE_DS = 43,
    WIRE_RRSIG = 46,
    WIRE_NSEC = 47,
    WIRE_DNSKEY = 48,
    WIRE_SVCB = 64,
    WIRE_HTTPS = 65,
    WIRE_TSIG = 250,
    WIRE_IXFR = 251,
    WIRE_AXFR = 252,
    WIRE_ANY = 255,
    WIRE_CAA = 257
};

enum wire_class { WIRE_CLASS_IN = 1, WIRE_CLASS_CH = 3, WIRE_CLASS_ANY = 255 };

enum wire_rcode {
    WIRE_NOERROR = 0,
    WIRE_FORMERR = 1,
    WIRE_SERVFAIL = 2,
    WIRE_NXDOMAIN = 3,
    WIRE_NOTIMP = 4,
    WIRE_REFUSED = 5,
    WIRE_YXDOMAIN = 6,
    WIRE_NOTAUTH = 9,
    WIRE_BADVERS = 16,
    WIRE_BADKEY = 17, /* in TSIG, beside NOTAUTH */
    WIRE_BADCOOKIE = 23
};

enum wire_opcode { WIRE_OPCODE_NOTIFY = 4, WIRE_OPCODE_UPDATE = 5 };

enum wire_flag {
    WIRE_QR = 0x8000,
    WIRE_AA = 0x0400,
    WIRE_TC = 0x0200,
    WIRE_RD = 0x0100,
    WIRE_CD = 0x0010,
    WIRE_OPCODE = 0x7800
};

/* An absolute name, lower case, uncompressed. Label i starts at octets[label_at[i]]. */
struct wire_name {
    uint8_t len;      /* 1..255, with the root's zero octet */
    uint8_t n_labels; /* without the root */
    uint8_t octets[WIRE_NAME_MAX];
    uint8_t label_at[WIRE_LABELS_MAX + 1]; /* label_at[n_labels] is the root */
};

/* From "www.cdn.example" or "www.cdn.example.", with \DDD and \X escapes; false when it is no name. */
bool wire_name_from_text(const char *text, struct wire_name *out);
/* What stands behind a backslash: DDD or a sign. Returns where the text goes on, NULL when it is
 * neither. */
const char *wire_escape_from_text(const char *text, const char *end, uint8_t *out);
/* From uncompressed octets. false when it does not end inside `len` or is too long. */
bool wire_name_from_octets(const uint8_t *octets, size_t len, struct wire_name *out);
/* Returns `out`; without the trailing dot, but "." for the root. */
const char *wire_name_to_text(const uint8_t *octets, char out[static WIRE_NAME_TEXT_LEN]);
bool wire_name_equal(const struct wire_name *a, const struct wire_name *b);
/* Is `name` equal to or below `above`? */
bool wire_name_is_in(const struct wire_name *name, const struct wire_name *above);

/* "A", "HTTPS", "TYPE65280", ... `out` of 16 octets; and back, 0 when unknown. */
const char *wire_type_to_text(uint16_t type, char out[static 16]);
uint16_t wire_type_from_text(const char *text);
const char *wire_rcode_to_text(unsigned rcode);

struct wire_ecs {
    bool is_present;
    uint16_t family; /* IANA: 1 IPv4, 2 IPv6; echoed whatever it is when source is 0 */
    uint8_t source_bits;
    struct addr addr; /* family 0 when source_bits is 0 */
};

/* Where the client is; family 0 when that is not said. */
static inline struct addr wire_subnet(const struct wire_ecs *ecs)
{
    return ecs->is_present && ecs->source_bits > 0 ? ecs->addr : (struct addr){ 0 };
}

struct wire_edns {
    bool is_present;
    uint8_t version;
    uint16_t udp_size; /* as sent */
    bool wants_dnssec; /* the DO bit */
    bool wants_nsid;
    bool has_options;      /* of the next, which are not set otherwise */
    bool wants_keepalive;  /* RFC 7828 */
    uint8_t cookie_len;    /* RFC 7873: 0 none, 8 the client's alone, 16..40 with a server's */
    const uint8_t *cookie; /* in the packet */
    struct wire_ecs ecs;
};

static inline bool wire_has_cookie(const struct wire_edns *edns)
{
    return edns->is_present && edns->has_options && edns->cookie_len != 0;
}

/* A signature: what an answer repeats of it that says that the key is not known. */
struct wire_tsig {
    uint8_t key_len, algorithm_len;
    uint8_t key[WIRE_NAME_MAX];
    const uint8_t *rdata; /* in the packet: algorithm, time, fudge */
};

struct wire_query {
    uint16_t id;
    uint16_t flags;        /* as received */
    uint16_t type, class;
    uint16_t question_len; /* 0: no question could be read, else it is octets 12..12+len */
    struct wire_name name;
    struct wire_edns edns;
    struct wire_tsig tsig; /* set when the verdict is BADKEY */
};

enum wire_verdict {
    WIRE_QUERY_OK,
    WIRE_QUERY_DROP,    /* too short to answer, or itself a response */
    WIRE_QUERY_FORMERR,
    WIRE_QUERY_NOTIMP,  /* an opcode that we do not know: only the header is answered */
    WIRE_QUERY_REFUSED, /* NOTIFY or UPDATE, well-formed */
    WIRE_QUERY_BADVERS,
    WIRE_QUERY_BADKEY,  /* signed, and we have no keys */
    WIRE_QUERY_COOKIE   /* no question, only a cookie: RFC 7873 5.4 */
};

/* One pass over the packet. Unless the verdict is DROP, id, flags, question_len and edns hold what
 * could be read, enough to write the refusal. */
enum wire_verdict wire_query_parse(const uint8_t *packet, size_t len, struct wire_query *out);

/* Writes a query, for tests and for `explain`; returns its length, 0 when `cap` is too small. */
size_t wire_query_write(uint8_t *packet, size_t cap, const struct wire_query *query);

/* An answer under construction. The limit is on the whole message; a record that does not fit
 * leaves the message as it was. */
enum { WIRE_COMPRESS_MAX = 32 };

struct wire_writer {
    uint8_t *octets;
    size_t len, cap;
    uint16_t n_answer, n_authority, n_additional;
    uint16_t suffix_at[WIRE_COMPRESS_MAX]; /* offsets of names that later ones may point to */
    uint8_t n_suffixes;
};

enum wire_section { WIRE_ANSWER, WIRE_AUTHORITY, WIRE_ADDITIONAL };

/* A set of records to write, what zone/ and steer/ prepare. `wire` holds them as they stand in the
 * answer to a question for their owner: the owner is a pointer to the question's name; names in RDATA
 * are not compressed, and a set without any can be copied as it is. */
struct wire_set {
    uint16_t type, count;
    uint32_t wire_len;
    const uint8_t *wire;
};

enum {
    WIRE_RR_FIXED = 10,               /* type, class, TTL, RDLENGTH */
    WIRE_RR_HEAD = 2 + WIRE_RR_FIXED, /* with the pointer before them */
    WIRE_RR_TTL = 6,                  /* where that stands */
    WIRE_RR_RDLENGTH = 10,            /* and that */
    WIRE_QNAME_POINTER = 0xc000 | WIRE_HEADER_LEN
};

enum {
    WIRE_OPT_FIXED = 1 + WIRE_RR_FIXED, /* OPT: the root as owner, and no option */
    WIRE_OPT_SIZE = 3, WIRE_OPT_VERSION = 6, WIRE_OPT_RDLENGTH = 9, /* where those stand */
    WIRE_OPTION_HEAD = 4,               /* code and length */
    WIRE_OPTION_ECS = 8,
    WIRE_ECS_HEAD = 4, /* family, source and scope... */
    WIRE_ECS_SCOPE = 3 /* ...where that stands */
};

void wire_writer_init(struct wire_writer *w, uint8_t *octets, size_t cap);
/* Copies the question, case preserved, and lets later names point into it. */
bool wire_write_question(struct wire_writer *w, const uint8_t *packet, uint16_t question_len);
/* The whole set or nothing. `ttl` replaces the records' own when it is lower. */
bool wire_write_set(struct wire_writer *w, enum wire_section section, const uint8_t *owner,
                    const struct wire_set *set, uint32_t ttl_max);
/* Room for the OPT record that wire_write_opt will need. */
size_t wire_opt_len(const struct wire_edns *query, const char *nsid);
void wire_write_opt(struct wire_writer *w, const struct wire_edns *query, uint16_t udp_size,
                    unsigned rcode, uint8_t scope_bits, const char *nsid);
/* One more option for the OPT record that begins at `opt_at` and ends the message. */
void wire_write_option(struct wire_writer *w, size_t opt_at, uint16_t code, const void *data,
                       size_t len);
/* The query's TSIG, without a signature and with BADKEY, behind all other records (RFC 8945 5.3.2); false
 * when it does not fit. */
bool wire_write_badkey(struct wire_writer *w, const struct wire_query *query);
/* Id, flags and counts: the last step. */
void wire_write_header(struct wire_writer *w, const struct wire_query *query, uint16_t flags,
                       unsigned rcode);

/* ASCII letters to lower case (RFC 4343). */
static inline uint8_t wire_fold_octet(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

static inline uint16_t wire_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void wire_put32(uint8_t *p, uint32_t v)
{
    wire_put16(p, (uint16_t)(v >> 16));
    wire_put16(p + 2, (uint16_t)v);
}

/* ---- one record of a wire_set ---- */

/* Data without a name that an answer would compress, or add the addresses of. */
static inline bool wire_type_is_plain(uint16_t type)
{
    const uint64_t with_names = 1ull << WIRE_NS | 1ull << WIRE_CNAME | 1ull << WIRE_SOA |
                                1ull << WIRE_PTR | 1ull << WIRE_MX | 1ull << WIRE_SRV |
                                1ull << WIRE_DNAME;

    return type < 64 ? (with_names >> type & 1) == 0 : type != WIRE_SVCB && type != WIRE_HTTPS;
}

static inline uint32_t wire_rr_ttl(const uint8_t *rr)
{
    return wire_get32(rr + WIRE_RR_TTL);
}

static inline size_t wire_rr_len(const uint8_t *rr) /* of its RDATA */
{
    return wire_get16(rr + WIRE_RR_RDLENGTH);
}

static inline const uint8_t *wire_rr_data(const uint8_t *rr)
{
    return rr + WIRE_RR_HEAD;
}

static inline const uint8_t *wire_rr_next(const uint8_t *rr)
{
    return rr + WIRE_RR_HEAD + wire_rr_len(rr);
}

/* All of it but the RDATA; returns where that goes. */
static inline uint8_t *wire_rr_put(uint8_t *rr, uint16_t type, uint16_t class, uint32_t ttl,
                                   size_t len)
{
    wire_put16(rr, WIRE_QNAME_POINTER);
    wire_put16(rr + 2, type);
    wire_put16(rr + 4, class);
    wire_put32(rr + WIRE_RR_TTL, ttl);
    wire_put16(rr + WIRE_RR_RDLENGTH, (uint16_t)len);
    return rr + WIRE_RR_HEAD;
}
