/* test_edge_head.c - heads of requests and responses: what is read, and all that is refused. */
#include "cm.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "http_heads.h"

static int request(const char *text, struct http_request_head *out)
{
    return http_head_request(text, strlen(text), out);
}

static void a_request_is_read_into_slices(void **state)
{
    static const char text[] = "GET /a/b?x=1&y HTTP/1.1\r\nHost: WWW.Example:8080\r\n"
                               "Accept:  */* \r\nX-Empty:\r\nCookie: a=b\r\n\r\n";
    struct http_request_head head;

    assert_int_equal(request(text, &head), 0);
    assert_int_equal(head.method, HTTP_GET);
    assert_int_equal(head.form, HTTP_FORM_ORIGIN);
    assert_text(head.method_text, "GET");
    assert_text(head.target, "/a/b?x=1&y");
    assert_text(head.path, "/a/b");
    assert_true(head.has_query);
    assert_text(head.query, "x=1&y");
    assert_text(head.host, "WWW.Example");
    assert_int_equal(head.port, 8080);
    assert_int_equal(head.body, HTTP_BODY_NONE);
    assert_false(head.is_http_10);
    assert_true(head.keep_alive);
    assert_int_equal(head.fields.n, 4);
    assert_text(head.fields.list[1].value, "*/*");
    assert_int_equal(head.fields.list[1].id, HTTP_OTHER);
    assert_int_equal(head.fields.list[2].value.len, 0);
    assert_text(http_field_value(&head.fields, HTTP_COOKIE), "a=b");
    assert_ptr_equal(head.path.at, text + 4);
}

struct refusal {
    const char *what, *text;
    int status;
};

#define OK "GET / HTTP/1.1\r\nHost: a\r\n"

static const struct refusal refusals[] = {
    /* framing */
    { "two lengths", OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400 },
    { "equal lengths", OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400 },
    { "a list of lengths", OK "Content-Length: 3, 3\r\n\r\n", 400 },
    { "a plus", OK "Content-Length: +3\r\n\r\n", 400 },
    { "a minus", OK "Content-Length: -3\r\n\r\n", 400 },
    { "hex", OK "Content-Length: 0x3\r\n\r\n", 400 },
    { "a blank within", OK "Content-Length: 1 2\r\n\r\n", 400 },
    { "no length", OK "Content-Length:\r\n\r\n", 400 },
    { "a huge length", OK "Content-Length: 9223372036854775808\r\n\r\n", 400 },
    { "an overflowing one", OK "Content-Length: 18446744073709551619\r\n\r\n", 400 },
    { "both", OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "both, the other way", OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400 },
    { "a coding before", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", 400 },
    { "a coding after", OK "Transfer-Encoding: chunked, gzip\r\n\r\n", 400 },
    { "chunked twice", OK "Transfer-Encoding: chunked, chunked\r\n\r\n", 400 },
    { "chunked on two lines",
      OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "chunked with a parameter", OK "Transfer-Encoding: chunked;q=1\r\n\r\n", 400 },
    { "identity", OK "Transfer-Encoding: identity\r\n\r\n", 501 },
    { "xchunked", OK "Transfer-Encoding: xchunked\r\n\r\n", 501 },
    { "an empty coding", OK "Transfer-Encoding:\r\n\r\n", 501 },
    { "chunked in 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    /* lines */
    { "a bare CR", OK "X: a\rb\r\n\r\n", 400 },
    { "a bare LF", OK "X: a\nY: b\r\n\r\n", 400 },
    { "LF only", "GET / HTTP/1.1\nHost: a\n\n", 400 },
    { "a folded line", OK "X: a\r\n b\r\n\r\n", 400 },
    { "a folded first line", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", 400 },
    { "a blank before the colon", OK "X : a\r\n\r\n", 400 },
    { "a tab before the colon", OK "Content-Length\t: 3\r\n\r\n", 400 },
    { "no name", OK ": a\r\n\r\n", 400 },
    { "no colon", OK "X\r\n\r\n", 400 },
    { "a name with a slash", OK "X/Y: a\r\n\r\n", 400 },
    { "a name with a high octet", OK "X\xe4: a\r\n\r\n", 400 },
    { "DEL in a value", OK "X: a\x7f\r\n\r\n", 400 },
    { "ESC in a value", OK "X: \x1b[31m\r\n\r\n", 400 },
    { "no end", OK, 400 },
    { "something behind the end", OK "\r\nX", 400 },
    /* the request line */
    { "no version", "GET /\r\nHost: a\r\n\r\n", 400 },
    { "no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a blank behind", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
    { "a blank before", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
    { "version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505 },
    { "the preface of version 2", "PRI * HTTP/2.0\r\n\r\n", 505 },
    { "a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a long version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400 },
    { "a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501 },
    { "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
    { "a long method", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
    /* targets */
    { "no slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a quote", "GET /a\"b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a high octet", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "a control", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "an escaped NUL", "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "half an escape", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "no hex", "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "userinfo", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "an absolute form without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "an absolute form that disagrees", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "one whose port disagrees", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "one whose scheme's port disagrees", "GET https://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n", 400 },
    { "one without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400 },
    /* Host */
    { "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
    { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
    { "the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
    { "two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
    { "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
    { "a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
    { "a Host with a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400 },
    { "a Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
    { "a Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
    { "a Host that begins with a dot", "GET / HTTP/1.1\r\nHost: .a\r\n\r\n", 400 },
    { "a Host with an empty label", "GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400 },
    { "a port that is none", "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400 },
    { "a port that is too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400 },
    { "port 0", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400 },
    { "an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400 },
    { "something behind the bracket", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400 },
    { "a name in brackets", "GET / HTTP/1.1\r\nHost: [a.b]\r\n\r\n", 400 },
    { "a bare IPv6 address", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400 },
};

static void what_is_not_exactly_right_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct http_request_head head;
        int status = request(r->text, &head);

        if (status != r->status)
            fail_msg("%s: %d", r->what, status);
        assert_non_null(head.why);
    }
}

static void nul_is_refused_wherever_it_stands(void **state)
{
    static const char good[] = "GET /a HTTP/1.1\r\nHost: a\r\nX-Y: abc\r\n\r\n";
    size_t len = strlen(good);

    for (size_t i = 0; i < len; i++) {
        char text[sizeof good];
        struct http_request_head head;

        memcpy(text, good, len);
        text[i] = '\0';
        if (http_head_request(text, len, &head) == 0)
            fail_msg("NUL at %zu went through", i);
    }
}

struct acceptance {
    const char *text;
    enum http_method method;
    const char *host, *path;
    int port;
    enum http_body body;
    bool keep_alive;
};

static const struct acceptance acceptances[] = {
    { "GET / HTTP/1.0\r\n\r\n", HTTP_GET, "", "/", 0, HTTP_BODY_NONE, false },
    { "GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", HTTP_GET, "a", "/", 0,
      HTTP_BODY_NONE, true },
    { "GET / HTTP/1.7\r\nHost: a\r\n\r\n", HTTP_GET, "a", "/", 0, HTTP_BODY_NONE, true },
    { "\r\n" OK "\r\n", HTTP_GET, "a", "/", 0, HTTP_BODY_NONE, true },
    { OK "Connection: foo, Close\r\n\r\n", HTTP_GET, "a", "/", 0, HTTP_BODY_NONE, false },
    { "HEAD http://A:80/x HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_HEAD, "a", "/x", 0, HTTP_BODY_NONE,
      true },
    { "GET HTTP://a HTTP/1.1\r\nHost: a:80\r\n\r\n", HTTP_GET, "a", "/", 80, HTTP_BODY_NONE, true },
    { "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_GET, "a", "/", 0, HTTP_BODY_NONE, true },
    { "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_OPTIONS, "a", "*", 0, HTTP_BODY_NONE,
      true },
    { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_OPTIONS, "a", "*", 0, HTTP_BODY_NONE, true },
    { "GET / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n", HTTP_GET, "[2001:db8::1]", "/", 81,
      HTTP_BODY_NONE, true },
    { "GET / HTTP/1.1\r\nHost: a.b.:\r\n\r\n", HTTP_GET, "a.b.", "/", 0, HTTP_BODY_NONE, true },
    { "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n", HTTP_PUT, "a", "/x", 0,
      HTTP_BODY_LENGTH, true },
    { "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", HTTP_POST, "a", "/x", 0,
      HTTP_BODY_CHUNKED, true },
    { "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_METHOD_OTHER, "a", "/x", 0, HTTP_BODY_NONE,
      true },
    { "get / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_METHOD_OTHER, "a", "/", 0, HTTP_BODY_NONE, true },
    { "GET /a|b^c{d}?%zz%00| HTTP/1.1\r\nHost: a_b-c\r\n\r\n", HTTP_GET, "a_b-c", "/a|b^c{d}", 0,
      HTTP_BODY_NONE, true },
};

static void what_is_right_is_read(void **state)
{
    for (size_t i = 0; i < COUNT_OF(acceptances); i++) {
        const struct acceptance *a = &acceptances[i];
        struct http_request_head head;

        if (request(a->text, &head) != 0)
            fail_msg("%s: %s", a->text, head.why);
        assert_int_equal(head.method, a->method);
        assert_text(head.host, a->host);
        assert_text(head.path, a->path);
        assert_int_equal(head.port, a->port);
        assert_int_equal(head.body, a->body);
        assert_int_equal(head.keep_alive, a->keep_alive);
    }
}

/* What the octet does in the middle of a path, and of a query. */
static void targets_hold_what_urls_hold(void **state)
{
    for (int octet = 1; octet < 256; octet++) {
        bool is_url = octet > 0x20 && octet < 0x7f && strchr("\"<>#", octet) == NULL;
        bool in_path = is_url && octet != '\\' && octet != '%';
        struct http_request_head head;
        char text[64];

        snprintf(text, sizeof text, "GET /a%cb HTTP/1.1\r\nHost: a\r\n\r\n", octet);
        if ((request(text, &head) == 0) != in_path)
            fail_msg("octet %02x in a path", octet);
        snprintf(text, sizeof text, "GET /?a%cb HTTP/1.1\r\nHost: a\r\n\r\n", octet);
        if ((request(text, &head) == 0) != is_url)
            fail_msg("octet %02x in a query", octet);
    }
}

static void escapes_are_of_two_digits(void **state)
{
    struct http_request_head head;
    char text[64];

    for (int octet = 0; octet < 256; octet++) {
        snprintf(text, sizeof text, "GET /a%%%02x HTTP/1.1\r\nHost: a\r\n\r\n", octet);
        if ((request(text, &head) == 0) != (octet != 0))
            fail_msg("%%%02x", octet);
    }
    assert_int_equal(request("GET /%g0 HTTP/1.1\r\nHost: a\r\n\r\n", &head), 400);
    assert_int_equal(request("GET /%0 HTTP/1.1\r\nHost: a\r\n\r\n", &head), 400);
}

static void names_of_fields_are_tokens(void **state)
{
    for (int octet = 1; octet < 256; octet++) {
        bool is_tchar = (octet < 0x80 && isalnum(octet)) || strchr("!#$%&'*+-.^_`|~", octet) != NULL;
        struct http_request_head head;
        char text[64];

        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nx%cy: b\r\n\r\n", octet);
        /* A colon ends the name, and the rest is a value. */
        if ((request(text, &head) == 0) != (is_tchar || octet == ':'))
            fail_msg("octet %02x", octet);
    }
}

static void hosts_are_names_or_addresses(void **state)
{
    static const struct {
        const char *text;
        int port; /* -1: it is none */
    } cases[] = {
        { "a", 0 },          { "z", 0 },           { "A-Z", 0 },         { "0", 0 },
        { "9.z", 0 },        { "a_b.c.", 0 },      { "192.0.2.1:1", 1 }, { "a:65535", 65535 },
        { "a:", 0 },         { "[::]", 0 },        { "[::1]:8", 8 },     { "[::ffff:192.0.2.1]", 0 },
        { "", -1 },          { ".", -1 },          { ".a", -1 },         { "a..b", -1 },
        { "a:65536", -1 },   { "a:0", -1 },        { "a:x", -1 },        { "a:1x", -1 },
        { "a:1:2", -1 },     { "[:]", -1 },        { "[::1", -1 },       { "[::1]x", -1 },
        { "[::1]:x", -1 },   { "[g::1]", -1 },     { "::1", -1 },        { "a/b", -1 },
        { "a@b", -1 },       { "a b", -1 },        { "a,b", -1 },        { "a%41", -1 },
        { "[fe80::1%25e]", -1 },
    };
    char longest[HTTP_HOST_MAX + 2];
    struct http_text host;
    uint16_t port;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_host = http_host_parse(heads_t(cases[i].text), &host, &port);

        if (is_host != (cases[i].port >= 0) || (is_host && port != cases[i].port))
            fail_msg("%s", cases[i].text);
    }
    memset(longest, 'a', sizeof longest);
    assert_true(http_host_parse((struct http_text){ longest, HTTP_HOST_MAX }, &host, &port));
    assert_false(http_host_parse((struct http_text){ longest, HTTP_HOST_MAX + 1 }, &host, &port));
}

static void a_client_may_wait_for_100(void **state)
{
    struct http_request_head head;

    assert_int_equal(request(OK "Expect: 100-Continue\r\n\r\n", &head), 0);
    assert_true(head.wants_continue);
    assert_int_equal(request("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", &head), 0);
    assert_false(head.wants_continue);
}

static void a_hundred_fields_are_enough(void **state)
{
    char text[HTTP_FIELDS_MAX * 8 + 64];
    struct http_request_head head;
    size_t n = (size_t)sprintf(text, OK);

    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        n += (size_t)sprintf(text + n, "X: y\r\n");
    strcpy(text + n, "\r\n");
    assert_int_equal(request(text, &head), 0);
    assert_int_equal(head.fields.n, HTTP_FIELDS_MAX);
    strcpy(text + n, "X: y\r\n\r\n");
    assert_int_equal(request(text, &head), 431);
}

/* ---- where a head ends ---- */

static char *filled(size_t len, const char *start, const char *end)
{
    char *text = malloc(len + 1);

    memset(text, 'a', len);
    memcpy(text, start, strlen(start));
    memcpy(text + len - strlen(end), end, strlen(end));
    text[len] = '\0';
    return text;
}

static void a_head_has_a_largest_size(void **state)
{
    char *fits = filled(HTTP_HEAD_MAX, OK "X: ", "\r\n\r\n");
    char *over = filled(HTTP_HEAD_MAX + 1, OK "X: ", "\r\n\r\n");
    char *endless = filled(HTTP_HEAD_MAX, OK "X: ", "");
    struct http_request_head head;

    assert_int_equal(http_head_scan(HTTP_REQUEST, fits, HTTP_HEAD_MAX), HTTP_HEAD_MAX);
    assert_int_equal(http_head_request(fits, HTTP_HEAD_MAX, &head), 0);
    assert_int_equal(http_head_scan(HTTP_REQUEST, over, HTTP_HEAD_MAX + 1), -431);
    assert_int_equal(http_head_request(over, HTTP_HEAD_MAX + 1, &head), 431);
    assert_int_equal(http_head_scan(HTTP_REQUEST, endless, HTTP_HEAD_MAX - 1), 0);
    assert_int_equal(http_head_scan(HTTP_REQUEST, endless, HTTP_HEAD_MAX), -431);
    assert_int_equal(http_head_scan(HTTP_RESPONSE, endless, HTTP_HEAD_MAX), -502);
    free(fits);
    free(over);
    free(endless);
}

static void a_first_line_has_a_largest_size(void **state)
{
    char *fits = filled(HTTP_LINE_MAX, "GET /", " HTTP/1.1\r\n");
    char *over = filled(HTTP_LINE_MAX + 1, "GET /", " HTTP/1.1\r\n");

    assert_int_equal(http_head_scan(HTTP_REQUEST, fits, HTTP_LINE_MAX), 0);
    assert_int_equal(http_head_scan(HTTP_REQUEST, over, HTTP_LINE_MAX - 1), 0);
    assert_int_equal(http_head_scan(HTTP_REQUEST, over, HTTP_LINE_MAX), -414);
    assert_int_equal(http_head_scan(HTTP_REQUEST, over, HTTP_LINE_MAX + 1), -414);
    free(fits);
    free(over);
}

static void the_end_is_found_whatever_follows(void **state)
{
    static const char two[] = OK "\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";

    assert_int_equal(http_head_scan(HTTP_REQUEST, two, strlen(two)), (int)strlen(OK) + 2);
}

static void any_split_gives_the_same_end(void **state)
{
    static const char *const texts[] = { OK "X: abc\r\n\r\nrest", "\r\n" OK "\r\n", OK "X: a\rb",
                                         "GET / HTTP/1.1\nHost", "\r\n\r\nGET", OK "\n",
                                         OK "X: y\r\n\n" };

    for (size_t t = 0; t < COUNT_OF(texts); t++) {
        size_t len = strlen(texts[t]);
        int whole = http_head_scan(HTTP_REQUEST, texts[t], len), last = 0;

        assert_int_not_equal(whole, 0);
        for (size_t i = 0; i <= len && last == 0; i++)
            last = http_head_scan(HTTP_REQUEST, texts[t], i);
        assert_int_equal(last, whole);
    }
}

/* ---- responses ---- */

static void a_response_is_read(void **state)
{
    static const char text[] = "HTTP/1.1 404 Not  Found\r\nContent-Length : 3\r\nAge:1\r\n\r\n";
    struct http_response_head head;

    assert_int_equal(http_head_response(text, strlen(text), false, &head), 0);
    assert_int_equal(head.status, 404);
    assert_text(head.reason, "Not  Found");
    assert_int_equal(head.body, HTTP_BODY_LENGTH); /* blanks before a colon are taken out */
    assert_int_equal(head.length, 3);
    assert_true(head.keep_alive);
}

struct response_case {
    const char *text;
    bool to_head;
    int body; /* -1: refused */
    bool keep_alive;
};

static const struct response_case responses[] = {
    { "HTTP/1.1 200 OK\r\n\r\n", false, HTTP_BODY_UNTIL_CLOSE, false },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, HTTP_BODY_LENGTH, true },
    { "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", false, HTTP_BODY_CHUNKED, true },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, HTTP_BODY_NONE, true },
    { "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", false, HTTP_BODY_NONE, true },
    { "HTTP/1.1 204 x\r\n\r\n", false, HTTP_BODY_NONE, true },
    { "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", false, HTTP_BODY_NONE, true },
    { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, HTTP_BODY_LENGTH, false },
    { "HTTP/1.1 599 What\xe4ver\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", false,
      HTTP_BODY_LENGTH, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", false, -1, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, -1,
      false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, -1, false },
    { "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", false, -1, false },
    { "HTTP/1.1 200 OK\nX: a\n\n", false, -1, false },
    { "HTTP/1.1 2000 OK\r\n\r\n", false, -1, false },
    { "HTTP/1.1 20 OK\r\n\r\n", false, -1, false },
    { "HTTP/1.1 099 OK\r\n\r\n", false, -1, false },
    { "HTTP/1.1 +20 OK\r\n\r\n", false, -1, false },
    { "HTTP/1.1  200 OK\r\n\r\n", false, -1, false },
    { "HTTP/2.0 200 OK\r\n\r\n", false, -1, false },
    { "ICY 200 OK\r\n\r\n", false, -1, false },
    { "HTTP/1.1 200 \x01\r\n\r\n", false, -1, false },
    { "\r\nHTTP/1.1 200 OK\r\n\r\n", false, -1, false },
    { "hello", false, -1, false },
    { "", false, -1, false },
};

static void responses_say_how_their_body_ends(void **state)
{
    for (size_t i = 0; i < COUNT_OF(responses); i++) {
        const struct response_case *c = &responses[i];
        struct http_response_head head;
        int status = http_head_response(c->text, strlen(c->text), c->to_head, &head);

        if ((status == 0) != (c->body >= 0))
            fail_msg("%s: %d", c->text, status);
        if (status != 0) {
            assert_int_equal(status, 502);
            assert_non_null(head.why);
            continue;
        }
        assert_int_equal(head.body, c->body);
        assert_int_equal(head.keep_alive, c->keep_alive);
    }
}

static void every_known_name_is_found_again(void **state)
{
    for (enum http_id id = HTTP_OTHER + 1; id < HTTP_N_IDS; id++) {
        struct http_text name = http_id_name(id);
        char upper[64];

        assert_true(name.len > 0 && name.len < sizeof upper);
        for (size_t i = 0; i < name.len; i++)
            upper[i] = name.at[i] >= 'a' && name.at[i] <= 'z' ? (char)(name.at[i] - 32) : name.at[i];
        assert_int_equal(http_id_of(name), id);
        assert_int_equal(http_id_of((struct http_text){ upper, name.len }), id);
    }
    assert_int_equal(http_id_of(heads_t("X-Unknown")), HTTP_OTHER);
    assert_int_equal(http_id_of(heads_t("")), HTTP_OTHER);
}

static void fields_of_one_name_follow_each_other(void **state)
{
    struct http_fields f;
    const struct http_field *at;

    http_fields_init(&f);
    assert_true(http_fields_add(&f, heads_t("Vary"), heads_t("a")));
    assert_true(http_fields_add(&f, heads_t("X-A"), heads_t("1")));
    assert_true(http_fields_add(&f, heads_t("vary"), heads_t("b")));
    assert_true(http_fields_add(&f, heads_t("x-b"), heads_t("2")));
    assert_true(http_fields_add(&f, heads_t("x-a"), heads_t("3")));
    assert_int_equal(http_field_count(&f, HTTP_VARY), 2);
    assert_null(http_field_value(&f, HTTP_AGE).at);
    at = http_field_first(&f, HTTP_VARY);
    assert_text(http_field_next(&f, at)->value, "b");
    at = http_field_named(&f, heads_t("X-a"));
    assert_text(at->value, "1");
    at = http_field_next(&f, at);
    assert_text(at->value, "3");
    assert_null(http_field_next(&f, at));
    assert_null(http_field_named(&f, heads_t("x-c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_into_slices),
        cmocka_unit_test(what_is_not_exactly_right_is_refused),
        cmocka_unit_test(nul_is_refused_wherever_it_stands),
        cmocka_unit_test(what_is_right_is_read),
        cmocka_unit_test(targets_hold_what_urls_hold),
        cmocka_unit_test(escapes_are_of_two_digits),
        cmocka_unit_test(names_of_fields_are_tokens),
        cmocka_unit_test(hosts_are_names_or_addresses),
        cmocka_unit_test(a_client_may_wait_for_100),
        cmocka_unit_test(a_hundred_fields_are_enough),
        cmocka_unit_test(a_head_has_a_largest_size),
        cmocka_unit_test(a_first_line_has_a_largest_size),
        cmocka_unit_test(the_end_is_found_whatever_follows),
        cmocka_unit_test(any_split_gives_the_same_end),
        cmocka_unit_test(a_response_is_read),
        cmocka_unit_test(responses_say_how_their_body_ends),
        cmocka_unit_test(every_known_name_is_found_again),
        cmocka_unit_test(fields_of_one_name_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
