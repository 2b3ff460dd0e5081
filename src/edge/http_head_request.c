/* http_head_request.c - a request's head: its line, Host, framing. Pure.
 */
#include "http_head.h"

#include <string.h>

#include "http_lines.h"
#include "http_list.h"

static const struct {
    const char *name;
    bool is_safe;
} methods[] = {
    [HTTP_GET] = { "GET", true },           [HTTP_HEAD] = { "HEAD", true },
    [HTTP_POST] = { "POST", false },        [HTTP_PUT] = { "PUT", false },
    [HTTP_DELETE] = { "DELETE", false },    [HTTP_OPTIONS] = { "OPTIONS", true },
    [HTTP_PATCH] = { "PATCH", false },      [HTTP_METHOD_OTHER] = { "", false },
};

struct http_text http_method_name(enum http_method method)
{
    return http_text_of(methods[method].name);
}

bool http_method_is_safe(enum http_method method)
{
    return methods[method].is_safe;
}

static int refuse(struct http_request_head *head, int status, const char *why)
{
    head->why = why;
    return status;
}

/* Methods are case-sensitive (RFC 9110 9.1). */
static int read_method(struct http_request_head *head, struct http_text text)
{
    if (!http_is_token(text))
        return refuse(head, 400, "a method that is no token");
    head->method_text = text;
    if (text.len > HTTP_METHOD_MAX)
        return refuse(head, 501, "a method that is too long");
    /* Tunnels are not ours, and TRACE would show a client what it must not see. */
    if (http_text_is(text, http_text_of("CONNECT")) || http_text_is(text, http_text_of("TRACE")))
        return refuse(head, 501, "a method we do not serve");
    for (head->method = HTTP_GET; head->method < HTTP_METHOD_OTHER; head->method++)
        if (http_text_is(text, http_method_name(head->method)))
            break;
    return 0;
}

/* Visible ASCII but what no URL holds; browsers do send | ^ { } and the like unescaped. */
static bool is_url_char(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '#';
}

static bool is_query(struct http_text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!is_url_char((unsigned char)t.at[i]))
            return false;
    return true;
}

/* In a path a backslash, a bare % and an escaped NUL are refused: they mean different things to
 * different origins. */
static bool is_path(struct http_text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (!is_url_char((unsigned char)t.at[i]) || t.at[i] == '\\')
            return false;
        if (t.at[i] != '%')
            continue;
        if (t.len - i < 3 || http_hex((unsigned char)t.at[i + 1]) < 0 ||
            http_hex((unsigned char)t.at[i + 2]) < 0 || memcmp(t.at + i, "%00", 3) == 0)
            return false;
    }
    return true;
}

/* "/path?query", as far as it is there. */
static int read_path(struct http_request_head *head, struct http_text text)
{
    const char *mark = text.len == 0 ? NULL : memchr(text.at, '?', text.len);

    head->path = text;
    if (mark != NULL) {
        head->has_query = true;
        head->path.len = (size_t)(mark - text.at);
        head->query = (struct http_text){ mark + 1, text.len - head->path.len - 1 };
    }
    if (!is_path(head->path) || !is_query(head->query))
        return refuse(head, 400, "a target with an odd character");
    return 0;
}

/* "http://host:port/path?query". */
static int read_absolute(struct http_request_head *head, size_t scheme_len)
{
    struct http_text rest = { head->target.at + scheme_len + 3, head->target.len - scheme_len - 3 };
    struct http_text authority = { rest.at, 0 };

    head->form = HTTP_FORM_ABSOLUTE;
    head->scheme = (struct http_text){ head->target.at, scheme_len };
    while (authority.len < rest.len && authority.at[authority.len] != '/' &&
           authority.at[authority.len] != '?')
        authority.len++;
    if (!http_host_parse(authority, &head->host, &head->port))
        return refuse(head, 400, "a target with an odd host");
    rest.at += authority.len;
    rest.len -= authority.len;
    int status = read_path(head, rest);
    if (status == 0 && head->path.len == 0) /* RFC 9112 3.2.4 */
        head->path = http_text_of(head->method == HTTP_OPTIONS && !head->has_query ? "*" : "/");
    return status;
}

static int read_target(struct http_request_head *head, struct http_text target)
{
    head->target = target;
    head->form = HTTP_FORM_ORIGIN;
    if (target.len > 0 && target.at[0] == '/')
        return read_path(head, target);
    if (target.len > 7 && strncasecmp(target.at, "http://", 7) == 0)
        return read_absolute(head, 4);
    if (target.len > 8 && strncasecmp(target.at, "https://", 8) == 0)
        return read_absolute(head, 5);
    if (!http_text_is(target, http_text_of("*")) || head->method != HTTP_OPTIONS)
        return refuse(head, 400, "a target that is no path");
    head->form = HTTP_FORM_ASTERISK;
    head->path = target;
    return 0;
}

/* method SP target SP version, single blanks. The version decides first: what another version's
 * line looks like is not ours to judge. */
static int read_line(struct http_request_head *head, struct http_text line)
{
    const char *sp = line.len == 0 ? NULL : memchr(line.at, ' ', line.len);
    const char *last = line.len == 0 ? NULL : memrchr(line.at, ' ', line.len);

    if (sp == NULL || sp == last)
        return refuse(head, 400, "a request line that is not of three words");
    struct http_text method = { line.at, (size_t)(sp - line.at) };
    struct http_text target = { sp + 1, (size_t)(last - sp - 1) };
    struct http_text version = { last + 1, line.len - (size_t)(last + 1 - line.at) };

    int status = http_lines_version(version, &head->is_http_10);
    if (status != 0)
        return refuse(head, status, status == 505 ? "an HTTP version we do not speak"
                                                  : "a request line without an HTTP version");
    status = read_method(head, method);
    return status != 0 ? status : read_target(head, target);
}

static uint16_t port_of(struct http_text scheme, uint16_t port)
{
    return port != 0 ? port : scheme.len == 5 ? 443 : 80;
}

/* Exactly one Host in HTTP/1.1, at most one before (RFC 9112 3.2); beside an absolute form it must
 * say the same. */
static int read_host(struct http_request_head *head)
{
    unsigned n = http_field_count(&head->fields, HTTP_HOST);
    struct http_text host;
    uint16_t port;

    if (n == 0 && head->is_http_10)
        return 0;
    if (n != 1)
        return refuse(head, 400, n == 0 ? "no Host" : "several Hosts");
    if (!http_host_parse(http_field_value(&head->fields, HTTP_HOST), &host, &port))
        return refuse(head, 400, "a Host that is none");
    if (head->form == HTTP_FORM_ABSOLUTE &&
        (!http_text_is_like(host, head->host) ||
         port_of(head->scheme, port) != port_of(head->scheme, head->port)))
        return refuse(head, 400, "a target that disagrees with Host");
    head->host = host;
    head->port = port;
    return 0;
}

static int read_fields(struct http_request_head *head, struct http_text rest)
{
    struct http_framing framing;
    int status = http_lines_fields(HTTP_REQUEST, rest, &head->fields, &head->why);

    if (status != 0)
        return status;
    status = read_host(head);
    if (status != 0)
        return status;
    status = http_lines_framing(&head->fields, head->is_http_10, &framing, &head->why);
    head->body = framing.is_chunked ? HTTP_BODY_CHUNKED
                 : framing.has_length ? HTTP_BODY_LENGTH
                                      : HTTP_BODY_NONE;
    head->length = framing.length;
    head->keep_alive = http_lines_keep_alive(&head->fields, head->is_http_10);
    head->wants_continue = !head->is_http_10 &&
                           http_list_has(&head->fields, HTTP_EXPECT, "100-continue");
    return status;
}

int http_head_request(const char *at, size_t len, struct http_request_head *head)
{
    struct http_text rest = { at, len }, line;

    memset(head, 0, offsetof(struct http_request_head, fields));
    http_fields_init(&head->fields);
    head->why = NULL;
    if (len > HTTP_HEAD_MAX)
        return refuse(head, 431, "a head that is too long");
    if (len >= 2 && memcmp(at, "\r\n", 2) == 0)
        rest = (struct http_text){ at + 2, len - 2 }; /* RFC 9112 2.2 */
    if (!http_lines_next(&rest, &line))
        return refuse(head, 400, "a line that does not end with CRLF");
    if (line.len + 2 > HTTP_LINE_MAX)
        return refuse(head, 414, "a request line that is too long");
    int status = read_line(head, line);
    return status != 0 ? status : read_fields(head, rest);
}
