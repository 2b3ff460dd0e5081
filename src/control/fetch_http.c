/* fetch_http.c - one GET with libcurl, of which only the head's fields and the times are kept. In a
 * client process; blocks, for FETCH_TOTAL_S at most. */
#include "fetch_http.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    { "Cache-Status", offsetof(struct fetch_answer, cache_status) },
    { "X-Cache", offsetof(struct fetch_answer, x_cache) },
    { "Age", offsetof(struct fetch_answer, age) },
    { "Cache-Control", offsetof(struct fetch_answer, cache_control) },
    { "Content-Type", offsetof(struct fetch_answer, content_type) },
    { "ETag", offsetof(struct fetch_answer, etag) },
    { "Via", offsetof(struct fetch_answer, via) },
    { "Location", offsetof(struct fetch_answer, location) },
};

static void keep_field(char *field, const char *value, size_t len)
{
    size_t used = strlen(field);

    while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
        len--;
    while (len > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        len--;
    }
    snprintf(field + used, FETCH_FIELD_LEN - used, "%s%.*s", used == 0 ? "" : ", ", (int)len,
             value);
}

/* One line of a head. An interim answer's fields are forgotten when the next head begins. */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct fetch_answer *answer = ctx;
    const char *colon = memchr(line, ':', size * n);
    size_t len = size * n;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        *answer = (struct fetch_answer){ 0 };
    for (size_t i = 0; colon != NULL && i < sizeof fields / sizeof *fields; i++) {
        size_t name_len = (size_t)(colon - line);
        if (name_len == strlen(fields[i].name) && strncasecmp(line, fields[i].name, name_len) == 0)
            keep_field((char *)answer + fields[i].offset, colon + 1, len - name_len - 1);
    }
    return len;
}

static size_t on_body(char *octets, size_t size, size_t n, void *ctx)
{
    int64_t *bytes = ctx;

    *bytes += (int64_t)(size * n);
    return size * n;
}

static void set_options(CURL *curl, const char *url, struct curl_slist *connect_to,
                        struct fetch_answer *out, int64_t *bytes, char *error)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* not even one of the environment */
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "waymark-fetch");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_TOTAL_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, out);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, bytes);
}

static int64_t time_of(CURL *curl, CURLINFO info)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(curl, info, &us) == CURLE_OK ? (int64_t)us : 0;
}

static void read_facts(CURL *curl, struct fetch_answer *out)
{
    char *address = NULL;
    long status = 0;

    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        out->status = (int)status;
    if (curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != NULL)
        snprintf(out->address, sizeof out->address, "%s", address);
    out->connect_us = time_of(curl, CURLINFO_CONNECT_TIME_T);
    out->tls_us = time_of(curl, CURLINFO_APPCONNECT_TIME_T);
    out->first_byte_us = time_of(curl, CURLINFO_STARTTRANSFER_TIME_T);
    out->total_us = time_of(curl, CURLINFO_TOTAL_TIME_T);
}

static int perform(CURL *curl, const char *url, struct curl_slist *connect_to,
                   struct fetch_answer *out, char why[static WHY_LEN])
{
    char error[CURL_ERROR_SIZE] = "";
    int64_t bytes = 0;

    *out = (struct fetch_answer){ 0 };
    set_options(curl, url, connect_to, out, &bytes, error);
    CURLcode code = curl_easy_perform(curl);
    read_facts(curl, out);
    out->bytes = bytes;
    if (code == CURLE_OK)
        return 0;
    return why_set(why, -EIO, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
}

int fetch_http(const char *url, const char *connect_to, struct fetch_answer *out,
               char why[static WHY_LEN])
{
    char text[400];
    int err = -ENOMEM;

    snprintf(text, sizeof text, "::%s", connect_to); /* in place of any host and port */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *list = curl_slist_append(NULL, text);
    CURL *curl = list == NULL ? NULL : curl_easy_init();
    if (curl == NULL)
        why_set(why, err, "out of memory");
    else
        err = perform(curl, url, list, out, why);
    curl_easy_cleanup(curl);
    curl_slist_free_all(list);
    curl_global_cleanup();
    return err;
}
