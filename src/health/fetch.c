/* fetch.c - one HTTP request and what is thought of its answer. Health thread. */
#include "fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "body.h"
#include "fetcher.h"

enum { HEADERS_MAX = 64 * 1024, CA_KEPT_S = 600 };

struct fetch {
    struct fetcher *fetcher;
    struct fetcher_ticket ticket;
    const struct conf_check *check;
    CURL *easy;
    struct curl_slist *peer, *headers;
    struct body body;
    size_t headers_seen;
    bool is_added;
    bool is_judged;   /* we have read enough and ended the transfer */
    bool is_too_long; /* the headers were */
    int socket_errno; /* no socket could be opened */
    char error[CURL_ERROR_SIZE];
    fetch_cb *cb;
    void *ctx;
};

static bool is_status_accepted(const struct conf_check *check, long status)
{
    if (check->n_status == 0)
        return status == 200;
    for (size_t i = 0; i < check->n_status; i++) {
        if (check->status[i] == status)
            return true;
    }
    return false;
}

static long status_of(const struct fetch *f)
{
    long status = 0;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;

    f->headers_seen += n;
    f->is_too_long = f->headers_seen > HEADERS_MAX;
    return f->is_too_long ? 0 : n;
}

/* Ends the transfer as soon as its answer can be judged. */
static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;

    if (is_status_accepted(f->check, status_of(f)) && body_feed(&f->body, data, n))
        return n;
    f->is_judged = true;
    return 0;
}

static curl_socket_t on_socket_wanted(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct fetch *f = ctx;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);

    f->socket_errno = fd < 0 ? errno : 0;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void say_expected(const struct conf_check *check, char *out, size_t size)
{
    size_t len = 0;

    if (check->n_status == 0)
        snprintf(out, size, "200");
    for (size_t i = 0; i < check->n_status && len < size; i++)
        len +=
            (size_t)snprintf(out + len, size - len, "%s%d", i == 0 ? "" : " or ", check->status[i]);
}

static void judge_answer(struct fetch *f, struct probe_result *result)
{
    long status = status_of(f);
    curl_off_t total_us = 0;
    char expected[64];

    if (!is_status_accepted(f->check, status)) {
        say_expected(f->check, expected, sizeof expected);
        result_miss(result, "status %ld, expected %s", status, expected);
        return;
    }
    if (!f->body.is_found) {
        result_miss(result, "body does not contain \"%.80s\"", f->check->body);
        return;
    }
    curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    *result = (struct probe_result){ .outcome = PROBE_OK, .rtt_us = (uint32_t)total_us };
}

/* Without libcurl's own preamble. */
static const char *error_text(const struct fetch *f, CURLcode code)
{
    static const char *const preambles[] = { "SSL certificate problem: ", "SSL: " };

    if (f->error[0] == '\0')
        return curl_easy_strerror(code);
    for (size_t i = 0; i < sizeof preambles / sizeof *preambles; i++) {
        if (strncmp(f->error, preambles[i], strlen(preambles[i])) == 0)
            return f->error + strlen(preambles[i]);
    }
    return f->error;
}

/* The connection could not be opened, or broke. */
static void judge_connection(struct fetch *f, CURLcode code, struct probe_result *result)
{
    long err = 0;

    curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &err);
    if (f->socket_errno != 0)
        err = f->socket_errno;
    if (err != 0)
        result_errno(result, (int)err);
    else if (code == CURLE_COULDNT_CONNECT)
        result_miss(result, "cannot connect");
    else
        result_miss(result, "the connection broke: %s", error_text(f, code));
}

/* To libcurl a header line that never ends is a lack of memory; once the target has begun to answer
 * it is the target's fault. */
static void judge_memory(struct fetch *f, struct probe_result *result)
{
    curl_off_t first_us = 0;

    curl_easy_getinfo(f->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    if (first_us > 0)
        result_miss(result, "the answer has a header line that is too long");
    else
        result_void(result, "out of memory");
}

static void judge_failure(struct fetch *f, CURLcode code, struct probe_result *result)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        judge_connection(f, code, result);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        result_miss(result, "certificate: %s", error_text(f, code));
        break;
    case CURLE_SSL_CACERT_BADFILE:
        if (f->check->ca_file != NULL)
            result_miss(result, "ca_file %s cannot be used", f->check->ca_file);
        else
            result_miss(result, "the system has no certificate authorities: install "
                                "ca-certificates, or name a ca_file");
        break;
    case CURLE_SSL_CONNECT_ERROR:
        result_miss(result, "TLS: %s", error_text(f, code));
        break;
    case CURLE_GOT_NOTHING:
        result_miss(result, "the connection was closed without an answer");
        break;
    case CURLE_PARTIAL_FILE:
        result_miss(result, "the connection was closed before the answer was complete");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        result_miss(result, "the answer is not HTTP");
        break;
    case CURLE_OUT_OF_MEMORY:
        judge_memory(f, result);
        break;
    case CURLE_FAILED_INIT:
        result_void(result, "%s", curl_easy_strerror(code));
        break;
    default:
        result_miss(result, "%s", error_text(f, code));
        break;
    }
}

static void on_done(void *ctx, CURLcode code)
{
    struct fetch *f = ctx;
    struct probe_result result;

    f->is_added = false;
    if (code == CURLE_OK || f->is_judged)
        judge_answer(f, &result);
    else if (f->is_too_long)
        result_miss(&result, "the answer's headers are longer than %d octets", HEADERS_MAX);
    else
        judge_failure(f, code, &result);
    f->cb(f->ctx, &result);
    fetch_cancel(f);
}

void fetch_cancel(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    if (fetch->is_added)
        fetcher_remove(fetch->fetcher, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    curl_slist_free_all(fetch->peer);
    curl_slist_free_all(fetch->headers);
    body_fini(&fetch->body);
    free(fetch);
}

/* Whom to ask, whatever the URL says. */
static bool set_peer(struct fetch *f, const struct check_url *url, const struct endpoint *peer)
{
    char peer_text[ENDPOINT_TEXT_LEN], rule[ENDPOINT_TEXT_LEN + 2];
    char header[CHECK_HOST_LEN + 8];

    snprintf(rule, sizeof rule, "::%s", endpoint_format(peer, peer_text));
    f->peer = curl_slist_append(NULL, rule);
    if (f->peer == NULL)
        return false;
    curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->peer);
    if (url->host[0] == '\0')
        return true;
    snprintf(header, sizeof header, "Host: %s", url->host);
    f->headers = curl_slist_append(NULL, header);
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
    return f->headers != NULL;
}

static void set_limits(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "waymark-health");
}

static void set_tls(CURL *easy, const struct conf_check *check)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (check->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, check->ca_file);
    /* With a folder of authorities besides the file, libcurl would keep neither parsed. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_KEPT_S);
}

static void set_callbacks(struct fetch *f)
{
    curl_easy_setopt(f->easy, CURLOPT_PRIVATE, &f->ticket);
    curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
    curl_easy_setopt(f->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
    curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f);
}

struct fetch *fetch_start(struct fetchers *fetchers, const struct conf_check *check,
                          const struct check_url *url, const struct endpoint *peer, fetch_cb *cb,
                          void *ctx, struct probe_result *result)
{
    struct fetch *f = calloc(1, sizeof *f);

    if (f == NULL)
        goto fail;
    f->check = check;
    f->cb = cb;
    f->ctx = ctx;
    f->ticket = (struct fetcher_ticket){ .cb = on_done, .ctx = f };
    f->easy = curl_easy_init();
    f->fetcher = fetchers_for(fetchers, url->kind == CONF_CHECK_HTTPS ? check->ca_file : NULL);
    if (f->easy == NULL || f->fetcher == NULL || body_init(&f->body, check->body) != 0)
        goto fail;
    if (curl_easy_setopt(f->easy, CURLOPT_URL, url->url) != CURLE_OK || !set_peer(f, url, peer))
        goto fail;
    set_limits(f->easy);
    set_callbacks(f);
    if (url->kind == CONF_CHECK_HTTPS)
        set_tls(f->easy, check);
    if (fetcher_add(f->fetcher, f->easy) != CURLM_OK)
        goto fail;
    f->is_added = true;
    return f;
fail:
    fetch_cancel(f);
    result_void(result, "out of memory");
    return NULL;
}
