/* http_head_response.c - a response's head: its line and framing. Pure.
 */
#include "http_head.h"

#include <string.h>

#include "http_lines.h"

static int refuse(struct http_response_head *head, const char *why)
{
    head->why = why;
    return 502;
}

/* version SP status [SP reason] */
static int read_line(struct http_response_head *head, struct http_text line)
{
    uint64_t status;

    if (line.len < 12 || line.at[8] != ' ' ||
        http_lines_version((struct http_text){ line.at, 8 }, &head->is_http_10) != 0)
        return refuse(head, "no HTTP/1 status line");
    if (!http_text_number((struct http_text){ line.at + 9, 3 }, 999, &status) || status < 100 ||
        (line.len > 12 && line.at[12] != ' '))
        return refuse(head, "a status that is no number of three digits");
    head->status = (uint16_t)status;
    if (line.len > 13)
        head->reason = (struct http_text){ line.at + 13, line.len - 13 };
    for (size_t i = 0; i < head->reason.len; i++)
        if ((unsigned char)head->reason.at[i] < 0x20 && head->reason.at[i] != '\t')
            return refuse(head, "a control character in the status line");
    return 0;
}

/* RFC 9112 6.3. */
static enum http_body body_of(const struct http_response_head *head, bool to_head,
                              const struct http_framing *framing)
{
    if (to_head || head->status < 200 || head->status == 204 || head->status == 304)
        return HTTP_BODY_NONE;
    if (framing->is_chunked)
        return HTTP_BODY_CHUNKED;
    return framing->has_length ? HTTP_BODY_LENGTH : HTTP_BODY_UNTIL_CLOSE;
}

int http_head_response(const char *at, size_t len, bool to_head, struct http_response_head *head)
{
    struct http_text rest = { at, len }, line;
    struct http_framing framing;

    memset(head, 0, offsetof(struct http_response_head, fields));
    http_fields_init(&head->fields);
    head->why = NULL;
    if (len > HTTP_HEAD_MAX)
        return refuse(head, "a head that is too long");
    if (!http_lines_next(&rest, &line))
        return refuse(head, "a line that does not end with CRLF");
    if (read_line(head, line) != 0 ||
        http_lines_fields(HTTP_RESPONSE, rest, &head->fields, &head->why) != 0 ||
        http_lines_framing(&head->fields, head->is_http_10, &framing, &head->why) != 0)
        return 502;
    head->has_length = framing.has_length;
    head->length = framing.length;
    head->body = body_of(head, to_head, &framing);
    head->keep_alive = head->body != HTTP_BODY_UNTIL_CLOSE &&
                       http_lines_keep_alive(&head->fields, head->is_http_10);
    return 0;
}
