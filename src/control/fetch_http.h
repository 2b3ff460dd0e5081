/* fetch_http.h - one GET, from a given place, with its times. In a client process; blocks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/why.h>

enum { FETCH_FIELD_LEN = 512, FETCH_CONNECT_S = 5, FETCH_TOTAL_S = 60 };

struct fetch_answer {
    int status;
    char address[64];                                    /* that answered, without its port */
    int64_t connect_us, tls_us, first_byte_us, total_us; /* since the start; tls_us 0: none */
    int64_t bytes;                                       /* of the body */
    /* Fields of the answer; "" where it has none. Several of one name are joined by ", ". */
    char cache_status[FETCH_FIELD_LEN], x_cache[FETCH_FIELD_LEN], age[FETCH_FIELD_LEN],
        cache_control[FETCH_FIELD_LEN], content_type[FETCH_FIELD_LEN], etag[FETCH_FIELD_LEN],
        via[FETCH_FIELD_LEN], location[FETCH_FIELD_LEN];
};

/* `connect_to` is host:port, in place of the URL's; the Host field stays the URL's. Redirects are
 * not followed. 0, or -EIO with `why`. */
int fetch_http(const char *url, const char *connect_to, struct fetch_answer *out,
               char why[static WHY_LEN]);
