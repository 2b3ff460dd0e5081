/* fetch_trouble.c - why a transfer failed: a word for programs (RFC 9209 2.3), a clause for people.
 * Edge thread. */
#include <errno.h>
#include <stdio.h>

#include "fetch_inside.h"

struct trouble {
    const char *word, *clause;
};

static const struct trouble refused = { "connection_refused", "connection refused" };
static const struct trouble unroutable = { "destination_ip_unroutable", "no route to it" };
static const struct trouble unavailable = { "destination_unavailable", "cannot be connected to" };
static const struct trouble no_connection = { "connection_timeout", "no connection in time" };
static const struct trouble no_answer = { "connection_read_timeout", "no answer in time" };
static const struct trouble hung_up = { "connection_terminated", "hung up without an answer" };
static const struct trouble no_name = { "dns_error", "its name cannot be resolved" };
static const struct trouble certificate = { "tls_certificate_error", "its certificate is not good" };
static const struct trouble no_authorities = {
    "proxy_configuration_error", "this machine has no certificate authorities: install ca-certificates"
};
static const struct trouble tls = { "tls_protocol_error", "TLS fails" };
static const struct trouble bad = { "http_protocol_error", "answers what is no proper HTTP" };
static const struct trouble cut = { "http_response_incomplete", "the answer breaks off" };
static const struct trouble inside = { "proxy_internal_error", "cannot be asked" };

static const struct trouble *connecting(CURL *easy)
{
    long number = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (number == ECONNREFUSED)
        return &refused;
    return number == ENETUNREACH || number == EHOSTUNREACH ? &unroutable : &unavailable;
}

static const struct trouble *late(CURL *easy)
{
    curl_off_t us = 0;

    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &us);
    return us > 0 ? &no_answer : &no_connection;
}

static const struct trouble *trouble_of(const struct fetch *f, CURLcode code)
{
    if (f->view.outcome == FETCH_BAD)
        return &bad;
    if (f->view.outcome == FETCH_CUT)
        return &cut;
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return connecting(f->easy);
    case CURLE_OPERATION_TIMEDOUT:
        return late(f->easy);
    case CURLE_COULDNT_RESOLVE_HOST:
        return &no_name;
    case CURLE_PEER_FAILED_VERIFICATION:
        return &certificate;
    case CURLE_SSL_CACERT_BADFILE:
        return &no_authorities;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return &tls;
    case CURLE_UNSUPPORTED_PROTOCOL: /* no head at all: HTTP/0.9, which is not allowed */
    case CURLE_WEIRD_SERVER_REPLY:
        return &bad;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_OK:
        return &hung_up;
    default:
        return &inside;
    }
}

/* libcurl has more to say of names and TLS than we. */
static bool has_details(const struct trouble *t)
{
    return t == &certificate || t == &tls || t == &no_name || t == &inside;
}

void edge_fetch_explain(struct fetch *f, CURLcode code)
{
    const struct trouble *t = f->is_file ? &cut : trouble_of(f, code);
    const char *url = NULL, *more = f->curl_error[0] != '\0' ? f->curl_error : "";

    if (f->easy != NULL)
        curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (!has_details(t))
        more = "";
    snprintf(f->error_text, sizeof f->error_text, "%.120s: %s%s%s", url == NULL ? "a file" : url,
             t->clause, more[0] != '\0' ? ": " : "", more);
    f->view.error = t->word;
    f->view.error_text = f->error_text;
}
