/* wire_usual.c - the usual query in its rarer form. Pure. */
#include <waymark/wire_usual.h>

#include <string.h>

bool wire_usual_parse_bare(const uint8_t *packet, size_t len, const struct wire_hash_key *key,
                           struct wire_usual *out)
{
    uint8_t padded[WIRE_NAME_MAX + 4 + BLOCK_LEN];

    if (len < WIRE_HEADER_LEN || !wire_usual_header(packet) || wire_get16(packet + 10) != 0)
        return false;
    len -= WIRE_HEADER_LEN;
    if (len > WIRE_NAME_MAX + 4)
        return false;
    memset(padded, 0, sizeof padded);
    memcpy(padded, packet + WIRE_HEADER_LEN, len);
    size_t name_len = wire_usual_name(key, padded, sizeof padded, out);
    out->name_len = (uint8_t)name_len;
    out->udp_size = 0;
    out->opt_len = 0;
    out->type = wire_get16(padded + name_len);
    out->subnet.family = 0;
    return name_len + 4 == len && wire_get16(padded + name_len + 2) == WIRE_CLASS_IN;
}
