/* zone_word.c - numbers, times and classes from tokens. Pure; types are zone_shape.c's. */
#include "zone/zone_word.h"

#include <string.h>
#include <strings.h>

#include <waymark/wire.h>

bool zone_number_read(const struct zone_token *token, uint64_t max, uint64_t *out)
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

bool zone_word_copy(const struct zone_token *token, char *out, size_t cap)
{
    if (token->len == 0 || token->len >= cap || token->is_quoted)
        return false;
    memcpy(out, token->text, token->len);
    out[token->len] = '\0';
    return true;
}

uint16_t zone_generic_number(const struct zone_token *token, const char *prefix)
{
    size_t len = strlen(prefix);
    struct zone_token digits = { .text = token->text + len, .len = token->len - (uint32_t)len };
    uint64_t v;

    if (token->len <= len || strncasecmp(token->text, prefix, len) != 0)
        return 0;
    return zone_number_read(&digits, UINT16_MAX, &v) ? (uint16_t)v : 0;
}

uint16_t zone_class_read(const struct zone_token *token)
{
    static const struct {
        const char *text;
        uint16_t class;
    } classes[] = {
        { "IN", WIRE_CLASS_IN }, { "CS", 2 }, { "CH", WIRE_CLASS_CH }, { "HS", 4 }, { "NONE", 254 },
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (zone_token_is(token, classes[i].text))
            return classes[i].class;
    return token->is_quoted ? 0 : zone_generic_number(token, "CLASS");
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
