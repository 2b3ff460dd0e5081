/* rule_fresh.c - storing, lifetimes, age, use. Pure.
 */
#include "rule_fresh.h"

#include <string.h>

#include "http_date.h"
#include "http_list.h"
#include "rule_vary.h"

enum { MS = 1000 };

enum rule_lookup rule_look_up(const struct http_request_head *request,
                              const struct rule_control *control, const struct rule_options *options)
{
    bool has_body = request->body == HTTP_BODY_CHUNKED ||
                    (request->body == HTTP_BODY_LENGTH && request->length > 0);

    if ((request->method != HTTP_GET && request->method != HTTP_HEAD) || has_body ||
        control->no_store)
        return RULE_PASS;
    return control->no_cache && !options->ignore_request_no_cache ? RULE_BYPASS : RULE_LOOK_UP;
}

bool rule_understands(unsigned status)
{
    switch (status) {
    case 200: case 203: case 204: case 300: case 301: case 302: case 303: case 307: case 308:
    case 400: case 401: case 403: case 404: case 405: case 406: case 409: case 410: case 411:
    case 413: case 414: case 415: case 421: case 422: case 429: case 451:
    case 500: case 501: case 502: case 503: case 504:
        return true;
    default:
        return false;
    }
}

bool rule_is_heuristically_cacheable(unsigned status)
{
    switch (status) { /* RFC 9110 15.1, but 206: we keep no parts */
    case 200: case 203: case 204: case 300: case 301: case 308:
    case 404: case 405: case 410: case 414: case 501:
        return true;
    default:
        return false;
    }
}

bool rule_is_error(unsigned status)
{
    return status == 500 || status == 502 || status == 503 || status == 504; /* RFC 5861 4 */
}

static bool has_validator(const struct http_fields *fields)
{
    return http_field_has(fields, HTTP_ETAG) || http_field_has(fields, HTTP_LAST_MODIFIED);
}

/* Is a lifetime named, be it 0? */
static bool is_explicit(const struct http_fields *fields, const struct rule_control *control)
{
    return control->s_maxage_s != RULE_NOT_GIVEN || control->max_age_s != RULE_NOT_GIVEN ||
           (!control->is_targeted && http_field_has(fields, HTTP_EXPIRES));
}

/* The date a field has. false: absent or none. */
static bool date_of(const struct http_fields *fields, enum http_id id, int64_t now_s, int64_t *out)
{
    return http_date_parse(http_field_value(fields, id), now_s, out);
}

static int64_t at_least_0(int64_t n)
{
    return n < 0 ? 0 : n;
}

/* RFC 9111 4.2.1, in order; an Expires that is no date is in the past (5.3). */
static int64_t explicit_lifetime_s(const struct http_fields *fields,
                                   const struct rule_control *control, int64_t now_s)
{
    int64_t expires_s, date_s;

    if (control->s_maxage_s != RULE_NOT_GIVEN)
        return control->s_maxage_s;
    if (control->max_age_s != RULE_NOT_GIVEN)
        return control->max_age_s;
    if (!date_of(fields, HTTP_EXPIRES, now_s, &expires_s))
        return 0;
    if (!date_of(fields, HTTP_DATE, now_s, &date_s))
        date_s = now_s;
    return at_least_0(expires_s - date_s);
}

/* The operator's lifetimes for responses that name none; 0: none. */
static int64_t given_lifetime_s(const struct http_response_head *response,
                                const struct rule_control *control,
                                const struct rule_options *options, int64_t now_s)
{
    int64_t modified_s, date_s, s;

    if (!rule_is_heuristically_cacheable(response->status) && !control->is_public)
        return 0;
    if (options->heuristic_pct > 0 &&
        date_of(&response->fields, HTTP_LAST_MODIFIED, now_s, &modified_s)) {
        if (!date_of(&response->fields, HTTP_DATE, now_s, &date_s))
            date_s = now_s;
        s = at_least_0(date_s - modified_s) * options->heuristic_pct / 100;
        return s < options->heuristic_max_s ? s : options->heuristic_max_s;
    }
    if (response->status == 200)
        return options->default_ttl_s;
    return response->status == 404 || response->status == 410 ? options->negative_ttl_s : 0;
}

/* What forbids storing, whatever the lifetime is. */
static const char *why_forbidden(const struct http_request_head *request,
                                 const struct rule_control *request_control,
                                 const struct http_response_head *response,
                                 const struct rule_control *control)
{
    char names[RULE_VARY_LIST_MAX];
    bool understood = rule_understands(response->status);

    if (request->method != HTTP_GET)
        return "method";
    if (request_control->no_store)
        return "request-no-store";
    if (response->status < 200 || response->status == 206 || response->status == 304)
        return "status";
    if (control->must_understand && !understood)
        return "must-understand";
    if (control->no_store && !control->must_understand) /* RFC 9111 5.2.2.3 */
        return "no-store";
    if (control->is_private)
        return "private";
    if (http_field_has(&request->fields, HTTP_AUTHORIZATION) && !control->is_public &&
        !control->must_revalidate && control->s_maxage_s == RULE_NOT_GIVEN)
        return "authorization";
    if (rule_vary_names(&response->fields, names) < 0)
        return "vary";
    return NULL;
}

const char *rule_why_not_stored(const struct http_request_head *request,
                                const struct rule_control *request_control,
                                const struct http_response_head *response,
                                const struct rule_control *control,
                                const struct rule_options *options, int64_t now_ms)
{
    const char *why = why_forbidden(request, request_control, response, control);
    struct rule_fresh f;

    if (why != NULL)
        return why;
    rule_fresh_make(response, control, options, now_ms, now_ms, &f);
    if (!is_explicit(&response->fields, control)) {
        /* Cookies are for one client, unless the origin asks for storage in so many words. */
        if (http_field_has(&response->fields, HTTP_SET_COOKIE) && !control->is_public)
            return "set-cookie";
        if (!control->is_public && !rule_is_heuristically_cacheable(response->status))
            return "no-lifetime";
        if (!f.can_validate && f.lifetime_ms == 0)
            return "no-lifetime";
    }
    /* Stale from the start, and nothing to validate it with: it would only take room. */
    bool is_of_use = f.can_validate || f.stale_while_ms > 0 || f.stale_if_error_ms > 0 ||
                     (f.lifetime_ms > 0 && !f.always_validate);
    return is_of_use ? NULL : "stale";
}

/* RFC 9111 5.1: the first member counts, and what is no number does not. */
static int64_t age_value_s(const struct http_fields *fields)
{
    struct http_list list;
    struct http_text first;
    uint64_t age;

    http_list_begin(&list, fields, HTTP_AGE);
    if (!http_list_next(&list, &first))
        return 0;
    for (size_t i = 0; i < first.len; i++)
        if (first.at[i] < '0' || first.at[i] > '9')
            return 0;
    return http_text_number(first, RULE_SECONDS_MAX, &age) ? (int64_t)age : RULE_SECONDS_MAX;
}

/* RFC 9111 4.2.3. */
static int64_t initial_age_ms(const struct http_fields *fields, int64_t request_ms,
                              int64_t response_ms)
{
    int64_t corrected_ms = age_value_s(fields) * MS + at_least_0(response_ms - request_ms);
    int64_t date_s, apparent_ms = 0;

    if (date_of(fields, HTTP_DATE, response_ms / MS, &date_s))
        apparent_ms = at_least_0((response_ms / MS - date_s) * MS);
    return apparent_ms > corrected_ms ? apparent_ms : corrected_ms;
}

/* How long after its lifetime: the response's word, else the operator's where nothing speaks
 * against it. */
static int64_t stale_ms(const struct rule_control *control, int64_t given_s, int64_t default_s)
{
    if (control->must_revalidate || control->proxy_revalidate || control->no_cache)
        return 0;
    if (given_s != RULE_NOT_GIVEN)
        return given_s * MS;
    return control->s_maxage_s != RULE_NOT_GIVEN ? 0 : default_s * MS; /* RFC 9111 5.2.2.10 */
}

void rule_fresh_make(const struct http_response_head *response, const struct rule_control *control,
                     const struct rule_options *options, int64_t request_ms, int64_t response_ms,
                     struct rule_fresh *out)
{
    const struct http_fields *fields = &response->fields;
    int64_t now_s = response_ms / MS;
    bool named = is_explicit(fields, control);
    int64_t lifetime_s = named ? explicit_lifetime_s(fields, control, now_s)
                               : given_lifetime_s(response, control, options, now_s);

    *out = (struct rule_fresh){
        .response_ms = response_ms,
        .age_ms = initial_age_ms(fields, request_ms, response_ms),
        .lifetime_ms = lifetime_s * MS,
        .stale_while_ms = stale_ms(control, control->stale_while_s, options->stale_while_s),
        .stale_if_error_ms = stale_ms(control, control->stale_if_error_s,
                                      options->stale_if_error_s),
        .always_validate = control->no_cache,
        .must_revalidate = control->must_revalidate || control->proxy_revalidate ||
                           control->s_maxage_s != RULE_NOT_GIVEN,
        .can_validate = has_validator(fields),
        .immutable = control->immutable,
        .is_heuristic = !named && lifetime_s > 0,
    };
}

static int64_t age_ms(const struct rule_fresh *f, int64_t now_ms)
{
    return f->age_ms + at_least_0(now_ms - f->response_ms); /* a clock set back ages nothing */
}

int64_t rule_age_s(const struct rule_fresh *f, int64_t now_ms)
{
    int64_t s = age_ms(f, now_ms) / MS;

    return s < RULE_SECONDS_MAX ? s : RULE_SECONDS_MAX;
}

int64_t rule_ttl_ms(const struct rule_fresh *f, int64_t now_ms)
{
    return f->lifetime_ms - age_ms(f, now_ms);
}

void rule_fresh_expire(struct rule_fresh *f, int64_t now_ms)
{
    int64_t age = age_ms(f, now_ms);

    if (f->lifetime_ms > age)
        f->lifetime_ms = age;
}

/* Does the request ask for a fresher one than this? A reload's max-age=0 does not where the origin
 * said immutable and the response is fresh (RFC 8246 2). */
static bool is_too_old(const struct rule_fresh *f, const struct rule_control *request,
                       int64_t age, int64_t ttl)
{
    if (request->max_age_s != RULE_NOT_GIVEN && !(f->immutable && ttl > 0) &&
        (request->max_age_s == 0 || age > request->max_age_s * MS))
        return true;
    return request->min_fresh_s != RULE_NOT_GIVEN && ttl < request->min_fresh_s * MS;
}

static bool may_be_used(const struct rule_fresh *f, const struct rule_control *request, int64_t ttl)
{
    if (f->always_validate)
        return false;
    if (ttl > 0)
        return true;
    return !f->must_revalidate && request->max_stale_s != RULE_NOT_GIVEN &&
           -ttl <= request->max_stale_s * MS;
}

enum rule_use rule_use(const struct rule_fresh *f, const struct rule_control *request,
                       const struct rule_options *options, int64_t now_ms)
{
    int64_t age = age_ms(f, now_ms), ttl = f->lifetime_ms - age;
    bool unheard = options->ignore_request_no_cache;
    bool is_refused = !unheard && (request->no_cache || is_too_old(f, request, age, ttl));

    if (!is_refused && may_be_used(f, request, ttl))
        return RULE_USE;
    if (!is_refused && !f->always_validate && -ttl < f->stale_while_ms)
        return RULE_USE_AND_UPDATE;
    return request->only_if_cached ? RULE_GATEWAY_TIMEOUT : RULE_VALIDATE;
}

bool rule_use_on_error(const struct rule_fresh *f, const struct rule_control *request,
                       int64_t now_ms)
{
    int64_t stale = -rule_ttl_ms(f, now_ms);
    int64_t wish_ms = f->must_revalidate || f->always_validate || request->stale_if_error_s < 0
                          ? 0
                          : request->stale_if_error_s * MS;

    if (f->always_validate)
        return false;
    return stale < 0 || stale < f->stale_if_error_ms || stale < wish_ms;
}
