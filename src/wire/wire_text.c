/* wire_text.c - types and codes as people write them. Pure. */
#include <waymark/wire.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    uint16_t type;
    const char *text;
} types[] = {
    { WIRE_A, "A" },           { WIRE_NS, "NS" },         { WIRE_CNAME, "CNAME" },
    { WIRE_SOA, "SOA" },       { WIRE_PTR, "PTR" },       { 13, "HINFO" },
    { WIRE_MX, "MX" },         { WIRE_TXT, "TXT" },       { 17, "RP" },
    { 18, "AFSDB" },           { WIRE_AAAA, "AAAA" },     { 29, "LOC" },
    { WIRE_SRV, "SRV" },       { 35, "NAPTR" },           { 37, "CERT" },
    { WIRE_DNAME, "DNAME" },   { WIRE_OPT, "OPT" },       { WIRE_DS, "DS" },
    { 44, "SSHFP" },           { 46, "RRSIG" },           { 47, "NSEC" },
    { 48, "DNSKEY" },          { 50, "NSEC3" },           { 51, "NSEC3PARAM" },
    { 52, "TLSA" },            { 53, "SMIMEA" },          { 59, "CDS" },
    { 60, "CDNSKEY" },         { 61, "OPENPGPKEY" },      { 62, "CSYNC" },
    { 63, "ZONEMD" },          { 64, "SVCB" },            { WIRE_HTTPS, "HTTPS" },
    { 99, "SPF" },             { 250, "TSIG" },           { WIRE_IXFR, "IXFR" },
    { WIRE_AXFR, "AXFR" },     { WIRE_ANY, "ANY" },       { 256, "URI" },
    { 257, "CAA" },
};

const char *wire_type_to_text(uint16_t type, char out[static 16])
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return strcpy(out, types[i].text);
    snprintf(out, 16, "TYPE%u", type);
    return out;
}

/* RFC 3597 5: "TYPE65280". */
static uint16_t generic_type(const char *text)
{
    char *end;

    if (strncasecmp(text, "TYPE", 4) != 0 || text[4] < '0' || text[4] > '9')
        return 0;
    unsigned long n = strtoul(text + 4, &end, 10);
    return *end != '\0' || n > UINT16_MAX ? 0 : (uint16_t)n;
}

uint16_t wire_type_from_text(const char *text)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i].text, text) == 0)
            return types[i].type;
    return generic_type(text);
}

const char *wire_rcode_to_text(unsigned rcode)
{
    static const char *const names[] = {
        "NOERROR", "FORMERR",  "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH",  "NOTZONE",  "DSOTYPENI", "RCODE12", "RCODE13", "RCODE14", "RCODE15",
        "BADVERS", "RCODE17",  "RCODE18",  "RCODE19",  "RCODE20", "RCODE21", "RCODE22",  "BADCOOKIE",
    };

    return rcode < sizeof names / sizeof *names ? names[rcode] : "RCODE?";
}
