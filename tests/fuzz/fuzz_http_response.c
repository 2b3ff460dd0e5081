/* fuzz_http_response.c - any octets as a response's head. What is accepted is framed in one way only,
 * and written anew it reads the same. The first octet says whether it answers a HEAD. */
#include "fuzz.h"

#include "edge/rule_pass.h"
#include "http_again.h"

static void is_framed_in_one_way(const struct http_response_head *h, bool to_head)
{
    unsigned lengths = http_field_count(&h->fields, HTTP_CONTENT_LENGTH);
    unsigned codings = http_field_count(&h->fields, HTTP_TRANSFER_ENCODING);
    bool is_bare = to_head || h->status < 200 || h->status == 204 || h->status == 304;

    assert(h->status >= 100 && h->status <= 999);
    assert(lengths + codings <= 1);
    assert(h->has_length == (lengths == 1) && h->length <= INT64_MAX);
    assert(is_bare == (h->body == HTTP_BODY_NONE));
    if (!is_bare) {
        assert((h->body == HTTP_BODY_LENGTH) == (lengths == 1));
        assert((h->body == HTTP_BODY_CHUNKED) == (codings == 1));
    }
    assert(h->body != HTTP_BODY_UNTIL_CLOSE || !h->keep_alive);
}

static void same_head(const struct http_response_head *a, const struct http_response_head *b)
{
    assert(a->body == b->body && a->is_http_10 == b->is_http_10);
    assert(a->keep_alive == b->keep_alive && a->status == b->status);
    assert(a->has_length == b->has_length && a->length == b->length);
    assert(http_text_is(a->reason, b->reason));
    same_fields(&a->fields, &b->fields);
}

static void reads_again_what_was_written(const struct http_response_head *h, bool to_head)
{
    static char room[AGAIN_MAX];
    struct again out = { room, 0 };
    struct http_response_head second;
    char status[4] = { (char)('0' + h->status / 100), (char)('0' + h->status / 10 % 10),
                       (char)('0' + h->status % 10), '\0' };

    again_word(&out, h->is_http_10 ? "HTTP/1.0 " : "HTTP/1.1 ");
    again_word(&out, status);
    again_word(&out, " ");
    again_text(&out, h->reason);
    again_word(&out, "\r\n");
    again_fields(&out, &h->fields);
    int n = http_head_scan(HTTP_RESPONSE, out.at, out.len);
    if (n < 0)
        return; /* blanks that were not there before made it too long */
    assert(n == (int)out.len);
    assert(http_head_response(out.at, out.len, to_head, &second) == 0);
    same_head(h, &second);
}

/* What ends at this connection is gone, for good, and so is what Connection named. */
static void strips(struct http_response_head *h)
{
    struct http_fields before = h->fields;

    rule_strip_hop_by_hop(&h->fields);
    assert(h->fields.n <= before.n);
    assert(!http_field_has(&h->fields, HTTP_CONNECTION));
    assert(!http_field_has(&h->fields, HTTP_TRANSFER_ENCODING));
    assert(!http_field_has(&h->fields, HTTP_KEEP_ALIVE));
    assert(!http_field_has(&h->fields, HTTP_UPGRADE));
    assert(http_field_count(&h->fields, HTTP_CONTENT_LENGTH) ==
           http_field_count(&before, HTTP_CONTENT_LENGTH));
    before = h->fields;
    rule_strip_hop_by_hop(&h->fields);
    same_fields(&before, &h->fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response_head head;

    if (size < 2)
        return 0;
    bool to_head = data[0] == 'h';
    const char *at = (const char *)data + 1;
    size_t len = size - 1;

    scans_alike_however_split(HTTP_RESPONSE, at, len);
    int n = http_head_scan(HTTP_RESPONSE, at, len);
    assert(n >= 0 || n == -502);

    int status = http_head_response(at, n > 0 ? (size_t)n : len, to_head, &head);
    if (status != 0) {
        assert(status == 502 && head.why != NULL);
        return 0;
    }
    if (n <= 0)
        return 0;
    assert(memchr(at, '\0', (size_t)n) == NULL);
    fields_are_clean(&head.fields, at, (size_t)n);
    is_framed_in_one_way(&head, to_head);
    reads_again_what_was_written(&head, to_head);
    strips(&head);
    return 0;
}
