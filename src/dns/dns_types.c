/* dns_types.c - the types that are counted by name. Pure. */
#include "dns_answer.h"

/* 0: another type. */
const uint8_t dns_type_indexes[DNS_TYPES_INDEXED] = {
    [WIRE_A] = 1,       [WIRE_NS] = 2,    [WIRE_CNAME] = 3,  [WIRE_SOA] = 4,  [WIRE_PTR] = 5,
    [WIRE_MX] = 6,      [WIRE_TXT] = 7,   [WIRE_AAAA] = 8,   [WIRE_SRV] = 9,  [WIRE_DS] = 10,
    [WIRE_DNSKEY] = 11, [WIRE_SVCB] = 12, [WIRE_HTTPS] = 13, [WIRE_ANY] = 14, [WIRE_CAA] = 15,
};

const char *dns_type_name(size_t i)
{
    static const char *const names[DNS_TYPES_COUNTED] = {
        "other", "A",   "NS", "CNAME",  "SOA",  "PTR",   "MX",  "TXT",
        "AAAA",  "SRV", "DS", "DNSKEY", "SVCB", "HTTPS", "ANY", "CAA",
    };

    return names[i];
}
