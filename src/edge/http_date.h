/* http_date.h - HTTP dates (RFC 9110 5.6.7). Pure: the clock is an argument.
 */
#pragma once

#include "http_text.h"

enum { HTTP_DATE_LEN = 29 };

/* All three forms: IMF-fixdate, RFC 850 and asctime, in any case (RFC 9111 4.2); "GMT" only; the
 * weekday is checked to be one, not to be the right one. `now_s` is for the RFC 850 form: a date more
 * than 50 years ahead is one of the past. false: it is no date. */
bool http_date_parse(struct http_text text, int64_t now_s, int64_t *out_s);

/* "Sun, 06 Nov 1994 08:49:37 GMT", with a NUL behind it. Seconds since 1970, cut to 0..9999-12-31. */
void http_date_write(int64_t at_s, char out[static HTTP_DATE_LEN + 1]);
