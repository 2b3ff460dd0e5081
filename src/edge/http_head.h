/* http_head.h - heads of HTTP/1.x requests and responses, read strictly (RFC 9112). Pure.
 *
 * Two steps. `http_head_scan` looks for the end of a head in what has arrived so far and may be
 * called again with more; `http_head_request` and `http_head_response` read a whole head into
 * slices of the caller's buffer, which must stay in place as long as the slices are used.
 *
 * What is not exactly right is refused: two Content-Lengths (even equal ones), lengths with signs,
 * blanks or commas, Content-Length beside Transfer-Encoding, any Transfer-Encoding but `chunked`,
 * a bare CR or LF, NUL and other controls, folded lines, blanks before the colon (in a response
 * they are removed, RFC 9112 5.1), empty names, no or several Hosts, a Host that is none, an absolute
 * form that disagrees with Host. A refused connection must be closed: where the next message would
 * begin is not known. */
#pragma once

#include "http_field.h"

enum {
    HTTP_HEAD_MAX = 32 * 1024, /* a whole head, with its empty line */
    HTTP_LINE_MAX = 16 * 1024, /* its first line, with CRLF */
    HTTP_METHOD_MAX = 32,
    HTTP_HOST_MAX = 255, /* with the port */
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_METHOD_OTHER, /* any other token: passed on, unsafe for what the cache knows */
};

enum http_form {
    HTTP_FORM_ORIGIN,   /* /path?query */
    HTTP_FORM_ABSOLUTE, /* http://host/path?query */
    HTTP_FORM_ASTERISK, /* *, with OPTIONS only */
};

/* How the body that follows is delimited (RFC 9112 6.3). */
enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH, /* `length` octets, which may be 0 */
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE, /* responses only: never known to be complete */
};

struct http_request_head {
    enum http_method method;
    enum http_form form;
    enum http_body body;
    bool is_http_10;   /* else 1.1; a higher minor version counts as 1.1 */
    bool keep_alive;   /* may the connection live on after this request? */
    bool wants_continue; /* Expect: 100-continue, 1.1 only */
    bool has_query;    /* a '?' was there, be the query empty or not */
    uint16_t port;     /* of the host; 0: none given */
    uint64_t length;   /* of the body: HTTP_BODY_LENGTH */
    struct http_text method_text;
    struct http_text target; /* as it was sent */
    struct http_text scheme; /* "http" or "https" of an absolute form, in any case; else empty */
    struct http_text host;   /* without port, in any case, [..] kept; empty: HTTP/1.0 without Host */
    struct http_text path;   /* begins with '/'; "*" in HTTP_FORM_ASTERISK; not normalised */
    struct http_text query;  /* without '?' */
    struct http_fields fields; /* all of them, Host and those of the framing too */
    const char *why;         /* when refused: what is wrong, for the log */
};

struct http_response_head {
    enum http_body body;
    bool is_http_10;
    bool keep_alive;
    uint16_t status; /* 100..999 */
    uint64_t length; /* Content-Length where has_length, even if there is no body (HEAD, 304) */
    bool has_length;
    struct http_text reason;
    struct http_fields fields;
    const char *why;
};

enum http_side { HTTP_REQUEST, HTTP_RESPONSE };

/* Is a whole head there? > 0: yes, it is so many octets long (an empty line before it included:
 * `at` is what to hand to http_head_request, with this length). 0: not yet, call again with the
 * same octets and more. < 0: it never will be, answer with the status -result (400, 414, 431; of a
 * response always 502). The answer depends on the octets alone, not on how they were split. */
int http_head_scan(enum http_side side, const char *at, size_t len);

/* 0, or the status to answer with: 400, 414, 431, 501, 505. Then `head->why` says why, and all else
 * in *head is undefined except method_text, which is empty or what was read of it. */
int http_head_request(const char *at, size_t len, struct http_request_head *head);

/* `to_head`: it answers a HEAD request, so no body follows whatever the fields say. 0, or 502 with
 * head->why. 1xx are heads like any other, with no body. */
int http_head_response(const char *at, size_t len, bool to_head, struct http_response_head *head);

/* Does a host stand there that may be asked for: a name of letters, digits, - _ and dots, an IPv4
 * address or [IPv6], and a port? `host` is without the port; `port` 0: none. */
bool http_host_parse(struct http_text text, struct http_text *host, uint16_t *port);

struct http_text http_method_name(enum http_method method);
bool http_method_is_safe(enum http_method method); /* RFC 9110 9.2.1 */
const char *http_status_text(unsigned status);     /* "Not Found"; "" for those unknown */
