/* http_lines.c - finding the end of a head; lines, fields, framing. Pure.
 */
#include "http_lines.h"

#include <string.h>

#include "http_list.h"

/* Where a first look at the octets ended. */
enum { UNDECIDED = 0, BROKEN = -1 };

/* The length of a head in at[0..len), UNDECIDED, or BROKEN at a bare CR or LF. */
static int find_end(const char *at, size_t len)
{
    size_t start = len >= 2 && memcmp(at, "\r\n", 2) == 0 ? 2 : 0;
    size_t line = start;

    for (;;) {
        const char *lf = line < len ? memchr(at + line, '\n', len - line) : NULL;
        size_t end = lf == NULL ? len : (size_t)(lf - at);
        const char *cr = line < end ? memchr(at + line, '\r', end - line) : NULL;

        if (lf == NULL)
            return cr == NULL || cr + 1 == at + len ? UNDECIDED : BROKEN;
        if (cr == NULL || cr + 1 != lf)
            return BROKEN;
        if (cr == at + line && line > start)
            return (int)(end + 1);
        if (cr == at + line)
            return BROKEN; /* a second empty line before any head */
        line = end + 1;
    }
}

int http_head_scan(enum http_side side, const char *at, size_t len)
{
    size_t seen = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    size_t first = seen < HTTP_LINE_MAX ? seen : HTTP_LINE_MAX;
    int refused = side == HTTP_RESPONSE ? -502 : -400;

    /* The first line before the rest, so that the verdict does not hang on how much is there. */
    int end = find_end(at, first);
    if (end == UNDECIDED && first == HTTP_LINE_MAX && memchr(at + 2, '\n', first - 2) == NULL)
        return side == HTTP_RESPONSE ? -502 : -414;
    if (end == UNDECIDED && seen > first)
        end = find_end(at, seen);
    if (end == BROKEN)
        return refused;
    if (end == UNDECIDED && seen == HTTP_HEAD_MAX)
        return side == HTTP_RESPONSE ? -502 : -431;
    return end;
}

bool http_lines_next(struct http_text *rest, struct http_text *line)
{
    const char *cr = rest->len == 0 ? NULL : memchr(rest->at, '\r', rest->len);

    if (cr == NULL || cr + 1 == rest->at + rest->len || cr[1] != '\n')
        return false;
    *line = (struct http_text){ rest->at, (size_t)(cr - rest->at) };
    rest->len -= line->len + 2;
    rest->at = cr + 2;
    return true;
}

/* What a value may hold (RFC 9110 5.5): blanks, visible ASCII, octets over 0x7f. */
static bool is_value(struct http_text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

const char *http_line_field(enum http_side side, struct http_text line, struct http_text *name,
                            struct http_text *value)
{
    size_t i = 0;

    while (i < line.len && http_is_tchar((unsigned char)line.at[i]))
        i++;
    if (i == 0)
        return line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t') ? "a folded line"
                                                                          : "a field without a name";
    *name = (struct http_text){ line.at, i };
    while (side == HTTP_RESPONSE && i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    if (i == line.len || line.at[i] != ':')
        return "a field name with an odd character";
    *value = http_text_trim((struct http_text){ line.at + i + 1, line.len - i - 1 });
    return is_value(*value) ? NULL : "a control character in a field";
}

int http_lines_fields(enum http_side side, struct http_text rest, struct http_fields *out,
                      const char **why)
{
    struct http_text line, name, value;

    http_fields_init(out);
    while (http_lines_next(&rest, &line)) {
        if (line.len == 0 && rest.len == 0)
            return 0;
        *why = http_line_field(side, line, &name, &value);
        if (*why != NULL)
            return 400;
        if (!http_fields_add(out, name, value)) {
            *why = "too many fields";
            return 431;
        }
    }
    *why = "a line that does not end with CRLF";
    return 400;
}

/* Transfer-Encoding: exactly `chunked`, once, and not in HTTP/1.0 (RFC 9112 6.1). */
static int read_coding(const struct http_fields *fields, bool is_http_10, const char **why)
{
    struct http_text value = http_field_value(fields, HTTP_TRANSFER_ENCODING);

    if (is_http_10) {
        *why = "Transfer-Encoding in HTTP/1.0";
        return 400;
    }
    if (http_field_count(fields, HTTP_TRANSFER_ENCODING) == 1 && http_text_is_word(value, "chunked"))
        return 0;
    *why = "a Transfer-Encoding other than chunked";
    return http_list_has(fields, HTTP_TRANSFER_ENCODING, "chunked") ? 400 : 501;
}

int http_lines_framing(const struct http_fields *fields, bool is_http_10, struct http_framing *out,
                       const char **why)
{
    unsigned n_lengths = http_field_count(fields, HTTP_CONTENT_LENGTH);

    *out = (struct http_framing){ .is_chunked = http_field_has(fields, HTTP_TRANSFER_ENCODING),
                                  .has_length = n_lengths > 0 };
    if (n_lengths > 1 || (out->has_length && out->is_chunked)) {
        *why = n_lengths > 1 ? "several Content-Lengths" : "both Content-Length and Transfer-Encoding";
        return 400;
    }
    if (out->is_chunked)
        return read_coding(fields, is_http_10, why);
    if (out->has_length && !http_text_number(http_field_value(fields, HTTP_CONTENT_LENGTH),
                                             INT64_MAX, &out->length)) {
        *why = "a Content-Length that is no number";
        return 400;
    }
    return 0;
}

bool http_lines_keep_alive(const struct http_fields *fields, bool is_http_10)
{
    if (http_list_has(fields, HTTP_CONNECTION, "close"))
        return false;
    return !is_http_10 || http_list_has(fields, HTTP_CONNECTION, "keep-alive");
}

int http_lines_version(struct http_text text, bool *is_http_10)
{
    if (text.len != 8 || memcmp(text.at, "HTTP/", 5) != 0 || text.at[6] != '.' ||
        text.at[5] < '0' || text.at[5] > '9' || text.at[7] < '0' || text.at[7] > '9')
        return 400;
    *is_http_10 = text.at[7] == '0';
    return text.at[5] == '1' ? 0 : 505;
}
