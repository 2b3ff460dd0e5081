/* fuzz_http_request.c - any octets as a request's head. What is accepted is framed in one way only,
 * and written anew it reads the same; its key is the key of what would be sent to the origin. */
#include "fuzz.h"

#include "edge/key.h"
#include "http_again.h"

static const struct key_rule whole_query;

static bool is_refusal(int status)
{
    return status == 400 || status == 414 || status == 431 || status == 501 || status == 505;
}

/* What another reader of the same octets might take for another message (RFC 9112 11). */
static void is_framed_in_one_way(const struct http_request_head *h)
{
    unsigned lengths = http_field_count(&h->fields, HTTP_CONTENT_LENGTH);
    unsigned codings = http_field_count(&h->fields, HTTP_TRANSFER_ENCODING);

    assert(lengths + codings <= 1);
    assert((h->body == HTTP_BODY_LENGTH) == (lengths == 1));
    assert((h->body == HTTP_BODY_CHUNKED) == (codings == 1));
    assert(h->body != HTTP_BODY_UNTIL_CLOSE);
    assert(!h->is_http_10 || codings == 0);
    assert(http_field_count(&h->fields, HTTP_HOST) == 1 || h->is_http_10);
    assert(h->length <= INT64_MAX && (h->body == HTTP_BODY_LENGTH || h->length == 0));
    assert(!h->is_http_10 || !h->wants_continue);
}

static void names_a_resource(const struct http_request_head *h)
{
    struct http_text host;
    uint16_t port;

    assert(h->host.len > 0 || (h->is_http_10 && h->form != HTTP_FORM_ABSOLUTE));
    if (h->host.len > 0)
        assert(http_host_parse(h->host, &host, &port) && http_text_is(host, h->host) && port == 0);
    assert(h->path.len > 0 && (h->path.at[0] == '/' || http_text_is(h->path, http_text_of("*"))));
    assert(h->path.at[0] == '/' || h->method == HTTP_OPTIONS);
    assert(h->has_query || h->query.len == 0);
    assert(http_is_token(h->method_text) && h->method_text.len <= HTTP_METHOD_MAX);
}

static void same_head(const struct http_request_head *a, const struct http_request_head *b)
{
    assert(a->method == b->method && a->form == b->form && a->body == b->body);
    assert(a->is_http_10 == b->is_http_10 && a->keep_alive == b->keep_alive);
    assert(a->wants_continue == b->wants_continue && a->has_query == b->has_query);
    assert(a->port == b->port && a->length == b->length);
    assert(http_text_is(a->target, b->target) && http_text_is(a->host, b->host));
    assert(http_text_is(a->path, b->path) && http_text_is(a->query, b->query));
    same_fields(&a->fields, &b->fields);
}

static void reads_again_what_was_written(const struct http_request_head *h, struct again *out)
{
    struct http_request_head second;

    out->len = 0;
    again_text(out, h->method_text);
    again_word(out, " ");
    again_text(out, h->target);
    again_word(out, h->is_http_10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    again_fields(out, &h->fields);
    if (out->len > HTTP_HEAD_MAX)
        return; /* blanks that were not there before */
    assert(http_head_scan(HTTP_REQUEST, out->at, out->len) == (int)out->len);
    assert(http_head_request(out->at, out->len, &second) == 0);
    same_head(h, &second);
}

static bool has_dot_segment(struct http_text path)
{
    for (size_t i = 0; i + 1 < path.len && path.at[i] != '?'; i++) {
        size_t n = 1;

        if (path.at[i] != '/' || path.at[i + 1] != '.')
            continue;
        if (i + 2 < path.len && path.at[i + 2] == '.')
            n = 2;
        if (i + 1 + n == path.len || path.at[i + 1 + n] == '/' || path.at[i + 1 + n] == '?')
            return true;
    }
    return false;
}

/* The path and query of a key are what an origin gets: asked for them, the key is the same. */
static void key_is_its_own_key(const struct http_request_head *h, struct again *out)
{
    static char first[KEY_MAX], second[KEY_MAX];
    struct http_text scheme = http_text_of("http");
    struct http_request_head asked;
    struct key key, again;

    assert(key_build(h, scheme, &whole_query, first, sizeof first, &key));
    assert(key.text.len == key.url_len && key.path_at == key.host_at + key.host_len);
    struct http_text target = { first + key.path_at, key.url_len - key.path_at };
    assert(memchr(key.text.at, '\n', key.text.len) == NULL);
    if (h->form == HTTP_FORM_ASTERISK || h->path.at[0] == '*' || key.host_len == 0)
        return;
    assert(target.at[0] == '/' && !has_dot_segment(target));
    out->len = 0;
    again_word(out, "GET ");
    again_text(out, target);
    again_word(out, " HTTP/1.1\r\nHost: ");
    again_text(out, (struct http_text){ first + key.host_at, key.host_len });
    again_word(out, "\r\n\r\n");
    if (http_head_scan(HTTP_REQUEST, out->at, out->len) < 0)
        return; /* a line that the new words made too long */
    assert(http_head_request(out->at, out->len, &asked) == 0);
    assert(key_build(&asked, scheme, &whole_query, second, sizeof second, &again));
    assert(http_text_is(key.text, again.text));
    int n = key_of_url(key.text, &whole_query, second, sizeof second);
    assert(n >= 0 && http_text_is(key.text, (struct http_text){ second, (size_t)n }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[AGAIN_MAX];
    struct again out = { room, 0 };
    struct http_request_head head;
    const char *at = (const char *)data;

    if (size == 0)
        return 0;
    scans_alike_however_split(HTTP_REQUEST, at, size);
    int n = http_head_scan(HTTP_REQUEST, at, size);
    assert(n >= 0 || is_refusal(-n));

    /* What was not scanned must not hurt either. */
    int status = http_head_request(at, n > 0 ? (size_t)n : size, &head);
    if (status != 0) {
        assert(is_refusal(status) && head.why != NULL);
        return 0;
    }
    if (n <= 0)
        return 0;
    assert(memchr(at, '\0', (size_t)n) == NULL);
    fields_are_clean(&head.fields, at, (size_t)n);
    is_framed_in_one_way(&head);
    names_a_resource(&head);
    reads_again_what_was_written(&head, &out);
    key_is_its_own_key(&head, &out);
    return 0;
}
